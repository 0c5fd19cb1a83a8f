/**
 * A roll-out that is awaited and really goes back: the refresh is given the new version as its desired configuration, so that the
 * group still holds the old one until all instances are replaced, and a roll-back returns to it.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html
 */
import type { AutoScalingGroup, InstanceRefresh } from "@aws-sdk/client-auto-scaling";
import type { RolloutRequest } from "../../contract/state-commands.ts";
import { calling, errorName } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import type { Waiting } from "../waiting.ts";
import type { RolloutCalls } from "./auto-scaling.ts";
import { describeConfiguration, requestedConfiguration } from "./configuration.ts";
import { decide, opsRollout, reasonOf, retryAdvice, type Decision } from "./decide.ts";
import { durationSince, instancesInService, lastFailure, refreshEnd, type Watch } from "./watch.ts";

export interface RolloutResult {
  /** `unchanged`: every instance ran the version already; `started`: not awaited. */
  readonly outcome: "unchanged" | "rolledOut" | "started";
  readonly group: string;
  readonly launchTemplateId: string;
  readonly launchTemplateVersion: string;
  /** Absent when nothing was to be done. */
  readonly refreshId?: string;
}

export interface RolloutOptions {
  readonly calls: RolloutCalls;
  readonly waiting: Waiting;
  /** Whether a version whose roll-out failed may be tried again. */
  readonly retry: boolean;
  readonly say: (line: string) => void;
}

/** @throws OpsError with the exit code of the table in `../exit-codes.ts` */
export async function rollOut(request: RolloutRequest, options: RolloutOptions): Promise<RolloutResult> {
  const start = options.waiting.now();
  const { calls, waiting, say } = options;
  const watch: Watch = {
    calls,
    waiting,
    say,
    group: request.group,
    timeoutSeconds: request.timeoutSeconds,
    deadline: start + request.timeoutSeconds * 1000,
  };
  const target = describeConfiguration(requestedConfiguration(request));
  const { launchTemplateId, launchTemplateVersion } = request;
  const done = { group: request.group, launchTemplateId, launchTemplateVersion };
  const refreshId = await begin(request, options);
  if (refreshId === undefined) {
    if (request.wait) await instancesInService(watch, request.minSize);
    say(`group ${request.group} runs ${target} already`);
    return { outcome: "unchanged", ...done };
  }
  if (!request.wait) {
    say(`it is not awaited: "${opsRollout}" without --no-wait, or "npm run ops -- status --stack …", tells how far it is`);
    return { outcome: "started", ...done, refreshId };
  }
  await checkEnd(watch, await refreshEnd(watch, refreshId), { target, version: launchTemplateVersion });
  await instancesInService(watch, request.minSize);
  say(`group ${request.group} runs ${target} after ${durationSince(watch, start)}`);
  return { outcome: "rolledOut", ...done, refreshId };
}

/** The id of the refresh that was started or found, `undefined` when there is nothing to do. */
async function begin(request: RolloutRequest, options: RolloutOptions): Promise<string | undefined> {
  const { say, calls } = options;
  const target = describeConfiguration(requestedConfiguration(request));
  const follow = (decision: Exclude<Decision, { kind: "start" }>): string | undefined => {
    if (decision.kind === "unchanged") return undefined;
    if (decision.kind === "refuse") throw new OpsError(exitCodes.refused, decision.reason);
    say(`instance refresh ${decision.refreshId} to ${target} is under way already`);
    return decision.refreshId;
  };
  const decision = await look(request, options);
  if (decision.kind !== "start") return follow(decision);
  try {
    const id = await calls.start(request);
    say(`instance refresh ${id} of group ${request.group} to ${target} started`);
    return id;
  } catch (error) {
    // Another run, or a first try of this call whose answer was lost, was quicker.
    if (errorName(error).startsWith("InstanceRefreshInProgress")) {
      const second = await look(request, options);
      if (second.kind !== "start") return follow(second);
    }
    return await calling(`StartInstanceRefresh of group ${request.group}`, () => Promise.reject(error as Error));
  }
}

async function look(request: RolloutRequest, { calls, retry, say }: RolloutOptions): Promise<Decision> {
  const group = await calling(`DescribeAutoScalingGroups of ${request.group}`, () => calls.group(request.group));
  // A status stands only on a group that is being deleted.
  if (!group || group.Status) {
    throw new OpsError(
      exitCodes.usage,
      `Group ${request.group} ${group ? "is being deleted" : "does not exist"} in ${request.region}, account ${request.accountId}: ` +
        `run "pulumi refresh", or check the stack and its region.`,
    );
  }
  warnOfStandby(group, say);
  const refreshes = await calling(`DescribeInstanceRefreshes of ${request.group}`, () => calls.refreshes(request.group));
  return decide(group, refreshes, requestedConfiguration(request), retry);
}

function warnOfStandby(group: AutoScalingGroup, say: (line: string) => void): void {
  const ids = (group.Instances ?? [])
    .filter((instance) => instance.LifecycleState === "Standby")
    .map((instance) => instance.InstanceId ?? "");
  if (ids.length > 0) say(`in standby, left as they are: ${ids.join(", ")}`);
}

async function checkEnd(
  watch: Watch,
  refresh: InstanceRefresh,
  { target, version }: { readonly target: string; readonly version: string },
): Promise<void> {
  if (refresh.Status === "Successful") return;
  const ends: Readonly<Record<string, string>> = {
    RollbackSuccessful: "failed and was rolled back: the group serves what it served before",
    RollbackFailed: "failed, and so did its roll-back: look at the group now, instances of both versions may be running",
    Cancelled: "was cancelled: instances of both versions may be running",
  };
  throw new OpsError(
    exitCodes.failed,
    `The roll-out of ${target} to group ${watch.group} ${ends[refresh.Status ?? ""] ?? "failed"}. ` +
      `Reason: ${reasonOf(refresh) || "none given"} (refresh ${refresh.InstanceRefreshId ?? ""}).` +
      `${await lastFailure(watch)} The next run does not try this version again by itself: deploy one without the fault, or ${retryAdvice(version)}.`,
  );
}
