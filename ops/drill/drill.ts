/**
 * Tests a live group the way one does by hand: raises its metric, watches it grow, takes the load away, watches it shrink,
 * and looks whether anything of the departed stays behind.
 */
import type { AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { isRunning } from "../rollout/decide.ts";
import type { DrillEvent } from "./events.ts";
import { DrillLog } from "./log.ts";
import type { DrillPlan } from "./plan.ts";
import type { DrillPorts } from "./ports.ts";
import { awaitNothingLeft } from "./remains.ts";
import { verdict, verdictText, type Verdict } from "./verdict.ts";

export interface DrillResult {
  readonly plan: DrillPlan;
  readonly startMs: number;
  readonly endMs: number;
  readonly events: readonly DrillEvent[];
  readonly log: DrillLog;
  readonly verdicts: readonly Verdict[];
  /** Why it ended early. */
  readonly aborted?: string;
}

/** @throws OpsError `refused` when the group is not at rest; nothing was changed then */
export async function runDrill(plan: DrillPlan, ports: DrillPorts): Promise<DrillResult> {
  const start = await checkReady(plan, ports);
  const startMs = await ports.now();
  const log = new DrillLog(startMs, ports);
  const verdicts: Verdict[] = [];
  let aborted: string | undefined;
  try {
    await loadPhases(plan, ports, { log, startSize: inService(start).length, verdicts });
  } catch (error) {
    aborted = error instanceof Error ? error.message : String(error);
    log.add({ kind: "drill", text: `ends early: ${aborted}` });
  } finally {
    await restore(ports, log);
  }
  const endMs = await ports.now().catch(() => log.lastMs);
  return { plan, startMs, endMs, events: log.events, log, verdicts, ...(aborted === undefined ? {} : { aborted }) };
}

interface Course {
  readonly log: DrillLog;
  readonly startSize: number;
  readonly verdicts: Verdict[];
}

/** The way up, the way down, and what is left; a way that takes too long ends the drill. */
async function loadPhases(plan: DrillPlan, ports: DrillPorts, { log, startSize, verdicts }: Course): Promise<void> {
  const { upWithinSeconds, downWithinSeconds, leftWithinSeconds } = plan.expectations;
  const deadBefore = (await ports.remains?.())?.deadLetters ?? 0;
  const group = await ports.group();
  const ids = inService(group).map(({ InstanceId: id = "" }) => id);
  await ports.load.raise(ids, plan.cpuPercent);
  const raisedMs = await log.now();
  log.add({ kind: "load", text: `${plan.cpuPercent} % CPU on ${ids.length} instances (${ports.load.what})`, atMs: raisedMs });

  const up = await watch(ports, log, { fromMs: raisedMs, withinSeconds: upWithinSeconds, raising: true }, () =>
    log.events.find(({ kind, atMs }) => kind === "inService" && atMs >= raisedMs),
  );
  verdicts.push(verdict("up", upWithinSeconds, up && up.atMs - raisedMs, `no instance came into service`));
  await ports.load.calm();
  const calmMs = await log.now();
  log.add({ kind: "load", text: "taken away", atMs: calmMs });
  if (up === undefined) return;

  const down = await watch(ports, log, { fromMs: calmMs, withinSeconds: downWithinSeconds, raising: false }, () => {
    const last = log.samples.at(-1);
    const ends = log.events.filter(({ kind, atMs }) => kind === "terminated" && atMs >= raisedMs);
    return last !== undefined && last.desired <= startSize && last.inService <= startSize && ends.length > 0 ? ends.at(-1) : undefined;
  });
  const size = log.samples.at(-1)?.inService ?? 0;
  verdicts.push(
    verdict("down", downWithinSeconds, down && Math.max(0, down.atMs - calmMs), `${size} instances in service, ${startSize} before`),
  );
  if (down === undefined || ports.remains === undefined) return;
  verdicts.push(await awaitNothingLeft(ports.remains, ports, log, { fromMs: down.atMs, withinSeconds: leftWithinSeconds, deadBefore }));
}

interface Phase {
  readonly fromMs: number;
  readonly withinSeconds: number;
  readonly raising: boolean;
}

/** Looks until `found` gives something, or until time is up. */
async function watch(
  ports: DrillPorts,
  log: DrillLog,
  { fromMs, withinSeconds, raising }: Phase,
  found: () => DrillEvent | undefined,
): Promise<DrillEvent | undefined> {
  for (;;) {
    await log.look();
    const event = found();
    if (event !== undefined) return event;
    const trouble = raising ? await ports.load.trouble() : undefined;
    if (trouble !== undefined) throw new OpsError(exitCodes.failed, trouble);
    if ((await log.now()) - fromMs > withinSeconds * 1000) return undefined;
    await ports.sleep();
  }
}

/** Says what was put back; a failure of that is told with the rest and does not hide it. */
async function restore(ports: DrillPorts, log: DrillLog): Promise<void> {
  try {
    await ports.load.restore();
    log.add({ kind: "load", text: "everything that the drill set is as it was" });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.add({ kind: "load", text: `the load could not be taken away: ${why} It ends by itself.` });
  }
}

const inService = (group: AutoScalingGroup | undefined) => (group?.Instances ?? []).filter((one) => one.LifecycleState === "InService");

/** The group must be at rest, with room to grow, so that what happens next is the drill's. */
async function checkReady({ group: name, size }: DrillPlan, ports: DrillPorts): Promise<AutoScalingGroup> {
  const group = await ports.group();
  if (group === undefined) throw new OpsError(exitCodes.usage, `Group ${name} does not exist: run "pulumi refresh".`);
  const { DesiredCapacity: desired = 0, SuspendedProcesses: suspended = [] } = group;
  const serving = inService(group).length;
  const running = (await ports.refreshes()).find(isRunning);
  const busy = (group.Instances ?? []).filter((one) => one.LifecycleState !== "InService").length;
  const alarms = (await ports.alarms()).filter(({ state, name: alarm }) => state === "ALARM" && !alarm.includes("-down-"));
  const faults = [
    ...(running ? [`a roll-out is under way (${running.Status ?? "unknown"})`] : []),
    ...(serving !== desired || busy > 0 ? [`${serving} of ${desired} instances are in service, ${busy} are on their way`] : []),
    ...(serving === 0 ? ["no instance is in service, so that there is none to load"] : []),
    ...(desired >= size.max ? [`its size is ${desired} of at most ${size.max}, so that it cannot grow`] : []),
    ...(suspended.length > 0 ? [`processes are suspended: ${suspended.map((one) => one.ProcessName).join(", ")}`] : []),
    ...alarms.map(({ name: alarm }) => `alarm ${alarm} is on`),
  ];
  if (faults.length === 0) return group;
  throw new OpsError(
    exitCodes.refused,
    `Group ${name} is not at rest; nothing was changed:\n${faults.map((one) => `- ${one}`).join("\n")}`,
  );
}

/** @throws OpsError `failed` when an expectation was not met or the drill ended early */
export function judge({ verdicts, aborted }: DrillResult): void {
  if (aborted !== undefined) throw new OpsError(exitCodes.failed, `The drill ended early: ${aborted}`);
  const missed = verdicts.filter(({ met }) => !met);
  if (missed.length === 0) return;
  throw new OpsError(exitCodes.failed, `The drill failed:\n${missed.map((one) => `- ${verdictText(one)}`).join("\n")}`);
}
