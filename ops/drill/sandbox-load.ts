/** A load that the local AWS reports as the group's CPU utilization, and its clock. */
import { exitCodes, OpsError } from "../exit-codes.ts";
import type { LoadSource } from "./ports.ts";

/** The local AWS answers in milliseconds. */
const answerTimeoutMs = 10_000;
/** What an idle instance uses: low enough for every alarm that shrinks a group. */
const idlePercent = 1;

async function ask(endpoint: string, path: string, body?: object): Promise<unknown> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  try {
    const answer = await fetch(`${endpoint}/_fleet/${path}`, { ...init, signal: AbortSignal.timeout(answerTimeoutMs) });
    const value: unknown = await answer.json();
    if (!answer.ok) throw new Error(JSON.stringify(value));
    return value;
  } catch (error) {
    throw new OpsError(exitCodes.aws, `The local AWS at ${endpoint} did not do ${path}: ${(error as Error).message}.`, { cause: error });
  }
}

export function sandboxLoad(endpoint: string, group: string): LoadSource {
  const set = async (cpuPercent: number | null) => {
    await ask(endpoint, "autoscaling/load", { group, cpuPercent });
  };
  return {
    what: "metric feed of the sandbox",
    raise: (_ids, cpuPercent) => set(cpuPercent),
    trouble: () => Promise.resolve(undefined),
    calm: () => set(idlePercent),
    restore: () => set(null),
  };
}

export interface SandboxClock {
  /** Milliseconds since 1970, the local AWS's. */
  readonly nowMs: number;
  /** Its seconds per second. */
  readonly speed: number;
}

export async function sandboxClock(endpoint: string): Promise<SandboxClock> {
  const { now, speed } = (await ask(endpoint, "clock")) as { readonly now: string; readonly speed: unknown };
  return { nowMs: Date.parse(now), speed: typeof speed === "number" ? speed : 1 };
}
