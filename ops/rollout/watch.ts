/** Waits for a refresh, and for instances in service, with progress; bad answers in between do not end the wait, expired credentials do. */
import type { Activity, AutoScalingGroup, Instance, InstanceRefresh } from "@aws-sdk/client-auto-scaling";
import { errorName } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { poll, type Polling } from "../polling.ts";
import { seconds } from "../waiting.ts";
import type { RolloutCalls } from "./auto-scaling.ts";
import { isRunning, opsRollout } from "./decide.ts";

export interface Watch extends Polling {
  readonly calls: RolloutCalls;
  readonly group: string;
  readonly timeoutSeconds: number;
}

export const instancesLeft = ({ InstancesToUpdate: left = 0 }: InstanceRefresh): string => `${left} instance${left === 1 ? "" : "s"} left`;

const progressLine = (refresh: InstanceRefresh) =>
  `${refresh.Status ?? "unknown"}, ${refresh.PercentageComplete ?? 0} %, ${instancesLeft(refresh)}` +
  (refresh.StatusReason ? `: ${refresh.StatusReason.replace(/\.$/, "")}` : "");

/** How long the rest takes when it goes on as fast as since the first look; empty until there is something to go by. */
function timeLeft(first: Progress, now: Progress): string {
  if (now.percent <= first.percent || now.percent >= 100) return "";
  const leftMs = ((now.atMs - first.atMs) / (now.percent - first.percent)) * (100 - now.percent);
  return leftMs < 1000 ? "" : `, about ${seconds(leftMs)} left`;
}

interface Progress {
  readonly atMs: number;
  readonly percent: number;
}

/** The refresh in its last state, whatever that is. */
export async function refreshEnd(watch: Watch, refreshId: string): Promise<InstanceRefresh> {
  let shown = "";
  let first: Progress | undefined;
  let last: InstanceRefresh | undefined;
  const look = async () => {
    last = await watch.calls.refresh(watch.group, refreshId);
    if (last === undefined) throw new OpsError(exitCodes.aws, `Instance refresh ${refreshId} of group ${watch.group} is unknown to AWS.`);
    const line = progressLine(last);
    const progress = { atMs: watch.waiting.now(), percent: last.PercentageComplete ?? 0 };
    first ??= progress;
    // The estimate changes with every look; it is said with what else is new.
    // At a checkpoint the pace says nothing, and AWS says until when it waits.
    const left = /checkpoint/i.test(line) ? "" : timeLeft(first, progress);
    if (line !== shown) watch.say(`${(shown = line)}${left}`);
    return isRunning(last) ? undefined : last;
  };
  const atDeadline = () =>
    Promise.resolve(
      new OpsError(
        exitCodes.waitEnded,
        `Instance refresh ${refreshId} of group ${watch.group} was not done within ${watch.timeoutSeconds} s (${last ? progressLine(last) : "no answer"}). ` +
          `It goes on: run the same command again to wait on, or send it back with "${opsRollout} --cancel".`,
      ),
    );
  return poll(watch, `instance refresh ${refreshId} goes on`, look, atDeadline);
}

/** With weights a size counts units, and an instance is worth its own. */
const worth = (instances: readonly Instance[]) => instances.reduce((sum, { WeightedCapacity: weight = "1" }) => sum + Number(weight), 0);

const inService = (group: AutoScalingGroup) =>
  (group.Instances ?? []).filter(
    (instance) => instance.LifecycleState === "InService" && instance.HealthStatus?.toLowerCase() === "healthy",
  );

/** The group once at least `minSize` of its instances are in service and healthy. */
export async function instancesInService(watch: Watch, minSize: number): Promise<AutoScalingGroup> {
  let shown = "";
  let count = 0;
  const look = async () => {
    const group = await watch.calls.group(watch.group);
    if (group === undefined) throw new OpsError(exitCodes.aws, `Group ${watch.group} vanished during the wait.`);
    count = worth(inService(group));
    if (count >= minSize) return group;
    const line = `${count} of ${minSize} instances in service.${await lastFailure(watch)}`;
    if (line !== shown) watch.say((shown = line));
    return undefined;
  };
  const atDeadline = async () =>
    new OpsError(
      exitCodes.failed,
      `Group ${watch.group} has ${count} of ${minSize} instances in service after ${watch.timeoutSeconds} s.${await lastFailure(watch)} ` +
        `Correct the cause and run the same command again.`,
    );
  return poll(watch, `group ${watch.group} goes on launching`, look, atDeadline);
}

/** AWS repeats the reason in the description of some activities. */
function activityText({ Description: what = "", StatusMessage, Cause }: Activity): string {
  const why = StatusMessage ?? Cause ?? "no reason given";
  return (what.includes(why) ? what : `${what}: ${why}`).replace(/\.$/, "");
}

/** What the newest unsuccessful activity of the group says, as a sentence with a space before it; empty when there is none. */
export async function lastFailure(watch: Pick<Watch, "calls" | "group">): Promise<string> {
  try {
    const activities = await watch.calls.activities(watch.group);
    const failed = activities.find((activity) => activity.StatusCode === "Failed" || activity.StatusCode === "Cancelled");
    return failed ? ` Its last failed activity: ${activityText(failed)}.` : "";
  } catch (error) {
    return ` (Its activities cannot be read: ${errorName(error)}.)`;
  }
}

export const durationSince = (watch: Pick<Watch, "waiting">, start: number): string => seconds(watch.waiting.now() - start);
