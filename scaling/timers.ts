/** What is done when a timer falls due; a timer whose reason has gone does nothing. */
import type { Core } from "./core.ts";
import { isoSeconds } from "./iso-time.ts";
import { putGroupMetrics } from "./group-metrics.ts";
import { judge } from "./health.ts";
import { hookTimer } from "./hook-commands.ts";
import { retryTermination } from "./lifecycle.ts";
import { lifetimeTimer } from "./lifetime.ts";
import { beginRefresh } from "./refresh.ts";
import { runScheduledAction } from "./schedules.ts";
import type { GroupState, Timer, TimerKind } from "./state.ts";

type Handler = (core: Core, group: GroupState, ref: string) => void;

const judgeInstance: Handler = (core, group, ref) => {
  const instances = ref === "" ? [...group.instances.values()] : [group.instances.get(ref)];
  for (const instance of instances) if (instance !== undefined) judge(core, group, instance);
};

const lookAgain: Handler = (core, group) => {
  core.touch(group);
};

const handlers: Readonly<Record<TimerKind, Handler>> = {
  hook: hookTimer,
  grace: judgeInstance,
  "status-check": judgeInstance,
  lifetime: lifetimeTimer,
  "launch-retry": lookAgain,
  replacement: lookAgain,
  refresh: (core, group, ref) => {
    beginRefresh(core, group, ref);
    core.touch(group);
  },
  "terminate-retry": (core, group, ref) => {
    const instance = group.instances.get(ref);
    if (instance !== undefined) retryTermination(core, group, instance);
  },
  schedule: runScheduledAction,
  metrics: putGroupMetrics,
  "administrative-suspension": (_core, group, ref) => {
    if (group.failingSinceMs !== Number(ref)) return;
    group.suspended.set("Launch", `AdministrativeSuspension: no instance could be launched since ${isoSeconds(group.failingSinceMs)}`);
  },
};

export function runTimer(core: Core, timer: Timer): void {
  const group = core.state.groups.get(timer.group);
  if (group !== undefined) handlers[timer.kind](core, group, timer.ref);
}
