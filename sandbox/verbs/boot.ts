/** `up --boot`: from now on the instances of the local AWS really boot. */
import type { LocalAws } from "../aws/lifetime.ts";
import { whyNoBoot } from "../boot/ability.ts";
import { UsageError } from "./usage-error.ts";

/** A process of Node on a busy machine. */
const timeoutMs = 40_000;

/** Refuses, before anything is started, on a machine that cannot. */
export function checkBoot(): void {
  const why = whyNoBoot();
  if (why !== undefined) throw new UsageError(why);
}

export async function bootInstances(aws: LocalAws): Promise<void> {
  const answer = await fetch(`${aws.endpoint}/_fleet/boot`, { method: "POST", signal: AbortSignal.timeout(timeoutMs) });
  if (!answer.ok) throw new UsageError(`The instances cannot be booted: ${await answer.text()}`);
}
