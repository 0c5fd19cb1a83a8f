/** Keeps the file systems of a volume still while a snapshot of it is begun, through Systems Manager. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { GetCommandInvocationCommand, SendCommandCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { AwsSession } from "../account.ts";
import { calling, errorName } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { poll } from "../polling.ts";
import type { Waiting } from "../waiting.ts";

export interface FrozenVolume {
  readonly volumeId: string;
  readonly instanceId: string;
  readonly device: string;
}

export interface FreezeOptions {
  readonly session: AwsSession;
  readonly waiting: Waiting;
  /** Not ended by a signal: what was frozen is thawed whatever happens. */
  readonly undoWaiting: Waiting;
  readonly say: (line: string) => void;
}

/**
 * Longest that writes are held up. Freezing, CreateSnapshot and thawing take some five seconds together; a minute leaves room for
 * the SDK's own tries and is what most programs bear.
 */
export const holdSeconds = 60;
/** The shortest that the API takes for the delivery: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html */
const deliverySeconds = 30;
const executionSeconds = 30;

const script = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");
const stateDirectory = (volumeId: string) => `/run/fleet-freeze-${volumeId}`;

/** The lines that `freeze.sh` and `thaw.sh` want before them; nothing in them may end a quotation. */
export function scriptSettings({ volumeId, device }: FrozenVolume, token: string): string {
  const values = { volume_id: volumeId, device, hold_seconds: String(holdSeconds), state_directory: stateDirectory(volumeId), token };
  return Object.entries(values)
    .map(([name, value]) => `${name}='${value.replaceAll(/[^\w/.-]/g, "")}'\n`)
    .join("");
}

/** What CreateSnapshot gave, and whether it surely was while nothing was written. */
export interface Still<T> {
  readonly result: T;
  /** Mount points that were frozen; empty when nothing of the volume is mounted. */
  readonly frozen: readonly string[];
  readonly withinHold: boolean;
  /** Why thawing could not be confirmed; the instance thaws by itself then, after `holdSeconds`. */
  readonly thawFailure?: OpsError;
}

/** Runs `work` while the volume is frozen; thaws also when freezing is not confirmed, when `work` fails, and after a signal. */
export async function whileFrozen<T>(volume: FrozenVolume, options: FreezeOptions, work: () => Promise<T>): Promise<Still<T>> {
  const { waiting, undoWaiting, say } = options;
  const begun = waiting.now();
  const header = scriptSettings(volume, randomUUID());
  const thaw = () => runOnInstance(volume, `${header}${script("thaw.sh")}`, "thaw", { ...options, waiting: undoWaiting });
  try {
    const printed = await runOnInstance(volume, `${header}${script("freeze.sh")}`, "freeze", options);
    const frozen = [...printed.matchAll(/^frozen (.+)$/gm)].map(([, path = ""]) => path);
    say(frozen.length === 0 ? `nothing of ${volume.volumeId} is mounted` : `frozen on ${volume.instanceId}: ${frozen.join(", ")}`);
    const result = await work();
    const withinHold = waiting.now() - begun < holdSeconds * 1_000;
    const thawFailure = frozen.length === 0 ? undefined : await thaw().then(() => undefined, asFailure);
    if (frozen.length > 0 && thawFailure === undefined) say(`thawed on ${volume.instanceId}`);
    return { result, frozen, withinHold: frozen.length === 0 || withinHold, ...(thawFailure === undefined ? {} : { thawFailure }) };
  } catch (error) {
    const failed = await thaw().then(() => undefined, asFailure);
    if (failed !== undefined)
      say(`thawing could not be confirmed (${failed.message}); ${volume.instanceId} thaws by itself in ${holdSeconds} s`);
    throw error;
  }
}

const asFailure = (error: unknown): OpsError =>
  error instanceof OpsError ? error : new OpsError(exitCodes.failed, error instanceof Error ? error.message : String(error));

/** What the script printed; its failure is an error with its own last words. */
async function runOnInstance(volume: FrozenVolume, text: string, purpose: "freeze" | "thaw", options: FreezeOptions): Promise<string> {
  const { instanceId } = volume;
  const client = new SSMClient(options.session.clientArguments);
  // A thaw may be sent as often as it takes; a freeze that was delivered twice would stand in its own way.
  const sender = purpose === "thaw" ? client : new SSMClient({ ...options.session.clientArguments, maxAttempts: 1 });
  const sent = await calling(`SendCommand (${purpose}) to ${instanceId}, which has to be running and managed by Systems Manager,`, () =>
    sender.send(
      new SendCommandCommand({
        DocumentName: "AWS-RunShellScript",
        InstanceIds: [instanceId],
        Comment: `fleet ops snapshot: ${purpose} ${volume.volumeId}`,
        TimeoutSeconds: deliverySeconds,
        Parameters: { commands: [text], executionTimeout: [String(executionSeconds)] },
      }),
    ),
  );
  const CommandId = sent.Command?.CommandId ?? "";
  const what = `The command that should ${purpose} ${volume.volumeId} on ${instanceId} (${CommandId})`;
  const look = async () => {
    const run = await client.send(new GetCommandInvocationCommand({ CommandId, InstanceId: instanceId })).catch((error: unknown) => {
      if (errorName(error) === "InvocationDoesNotExist") return undefined; // not there yet
      throw error;
    });
    if (run?.Status === "Success") return run.StandardOutputContent ?? "";
    if (run === undefined || ["Pending", "InProgress", "Delayed"].includes(run.Status ?? "")) return undefined;
    const words = (run.StandardErrorContent ?? "").trim() || run.StatusDetails || "no reason given";
    throw new OpsError(exitCodes.failed, `${what} ended as ${run.Status ?? "unknown"}: ${words}`);
  };
  const polling = { ...options, deadline: options.waiting.now() + (deliverySeconds + executionSeconds) * 1_000 };
  const late = () =>
    Promise.resolve(new OpsError(exitCodes.failed, `${what} has no result after ${deliverySeconds + executionSeconds} s.`));
  return poll(polling, what, look, late);
}
