/** Ends a roll-out that is under way and sends the group back to what it served before. */
import type { InstanceRefresh } from "@aws-sdk/client-auto-scaling";
import { calling, errorName } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { isRunning, reasonOf } from "./decide.ts";
import type { RolloutOptions } from "./rollout.ts";
import { refreshEnd, type Watch } from "./watch.ts";

export interface CancelRequest {
  readonly group: string;
  readonly wait: boolean;
  readonly timeoutSeconds: number;
}

export interface CancelResult {
  /** `cancelled`: ended where it was, since it could not go back; `started`: not awaited. */
  readonly outcome: "rolledBack" | "cancelled" | "started";
  readonly group: string;
  readonly refreshId: string;
}

/** What a refresh that names no earlier configuration answers to a roll-back. */
const irreversible = "IrreversibleInstanceRefresh";

/** @throws OpsError `notExactlyOne` when nothing is under way, `failed` when it ended otherwise */
export async function cancelRollout(request: CancelRequest, options: Omit<RolloutOptions, "retry">): Promise<CancelResult> {
  const { calls, waiting, say } = options;
  const { group, timeoutSeconds } = request;
  const all = await calling(`DescribeInstanceRefreshes of ${group}`, () => calls.refreshes(group));
  const current = all.find(isRunning);
  if (current === undefined) {
    throw new OpsError(
      exitCodes.notExactlyOne,
      `Group ${group} has no roll-out under way (the last one: ${all[0]?.Status ?? "none in six weeks"}). To go back to a version, give --to.`,
    );
  }
  const refreshId = current.InstanceRefreshId ?? "";
  await end(group, current, options);
  if (!request.wait) return { outcome: "started", group, refreshId };
  const watch: Watch = { calls, waiting, say, group, timeoutSeconds, deadline: waiting.now() + timeoutSeconds * 1000 };
  const last = await refreshEnd(watch, refreshId);
  const outcome = outcomeOf(group, last);
  say(
    outcome === "rolledBack" ? `group ${group} serves what it served before` : `ended where it was: group ${group} may run both versions`,
  );
  return { outcome, group, refreshId };
}

async function end(group: string, current: InstanceRefresh, { calls, say }: Pick<RolloutOptions, "calls" | "say">): Promise<void> {
  const id = current.InstanceRefreshId ?? "";
  if (current.Status === "RollbackInProgress" || current.Status === "Cancelling") {
    say(`instance refresh ${id} of group ${group} is ending already (${current.Status})`);
    return;
  }
  try {
    await calls.rollBack(group);
    say(`instance refresh ${id} of group ${group} goes back`);
  } catch (error) {
    if (!errorName(error).startsWith(irreversible)) {
      await calling(`RollbackInstanceRefresh of group ${group}`, () => Promise.reject(error as Error));
    }
    await calling(`CancelInstanceRefresh of group ${group}`, () => calls.cancel(group));
    say(`instance refresh ${id} of group ${group} names nothing to go back to; it is ended where it is`);
  }
}

function outcomeOf(group: string, { Status: status, ...refresh }: InstanceRefresh): "rolledBack" | "cancelled" {
  if (status === "RollbackSuccessful") return "rolledBack";
  if (status === "Cancelled") return "cancelled";
  throw new OpsError(
    exitCodes.failed,
    `Instance refresh ${refresh.InstanceRefreshId ?? ""} of group ${group} ended as ${status ?? "unknown"} (${reasonOf(refresh) || "no reason given"}): ` +
      "look at the group now, instances of both versions may be running.",
  );
}
