import type { ScalingPolicies, StepScaling, TargetMetric, TargetTracking } from "../contract/scaling-policies.ts";
import { checkPolicies } from "../scaling/checks/policies.ts";
import type { PolicyContext } from "../scaling/checks/policies.ts";
import { fault, within } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
import type { DirectionSettings, ScalingSettings, TargetSettings } from "./scaling-schema.ts";

/** Settings of a fleet's scaling as the policies that they stand for. */
export function resolveScaling(
  { metrics, targets, predictive, schedules, composites, ...first }: ScalingSettings,
  bootSeconds: number,
): ScalingPolicies {
  return {
    ...resolvePair(first),
    targets: targets.map(resolveTarget),
    ...(metrics.length === 0 ? {} : { metrics: metrics.map(({ name, ...pair }) => ({ name, ...resolvePair(pair) })) }),
    ...(predictive === undefined ? {} : { predictive: { bufferSeconds: Math.min(bootSeconds, longestBufferSeconds), ...predictive } }),
    ...(schedules.length === 0 ? {} : { schedules }),
    ...(composites.length === 0 ? {} : { composites }),
  };
}

/** An instance may be launched an hour ahead of the forecast at most. */
const longestBufferSeconds = 3600;

type PairSettings = Pick<ScalingSettings, "up" | "down">;

const resolvePair = ({ up, down }: PairSettings): Pick<ScalingPolicies, "up" | "down"> => ({
  ...(up === undefined ? {} : { up: resolveDirection(up, { lower: 0, adjustment: up.adjustment ?? 1 }) }),
  ...(down === undefined ? {} : { down: resolveDirection(down, { upper: 0, adjustment: down.adjustment ?? -1 }) }),
});

/** @param single the one step that stands for everything beyond the threshold when no steps are given. */
function resolveDirection(given: DirectionSettings, single: StepScaling["steps"][number]): StepScaling {
  const { steps = [single], datapointsToAlarm = given.evaluationPeriods, ...same } = given;
  delete same.adjustment;
  return { ...same, datapointsToAlarm, steps };
}

function resolveTarget({ name, target, scaleIn, ...given }: TargetSettings): TargetTracking {
  const named = given.custom?.name ?? given.predefined ?? Object.keys(given.math?.metrics ?? {}).join("-");
  return { name: name ?? nameOf(named), target, scaleIn, metric: metricOf(given) };
}

function metricOf({ predefined, resourceLabel, custom, math }: Omit<TargetSettings, "name" | "target" | "scaleIn">): TargetMetric {
  if (math !== undefined) return { math };
  return custom === undefined ? { predefined: predefined ?? "ASGAverageCPUUtilization", resourceLabel } : { custom };
}

/** `ASGAverageCPUUtilization` = `average-cpu-utilization`. */
function nameOf(metric: string): string {
  return metric
    .replace(/^(?:ASG|ALB)(?=[A-Z])/, "")
    .replace(/([a-z\d])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$1$2-")
    .replace(/[^A-Za-z\d]+/g, "-")
    .toLowerCase();
}

/** Everything wrong with a fleet's scaling, under the names of the settings. */
export function scalingFaults(scaling: ScalingSettings, context: PolicyContext): Fault[] {
  const pairs = [
    { path: "", pair: scaling as PairSettings },
    ...scaling.metrics.map((pair, index) => ({ path: `metrics[${index}]`, pair })),
  ];
  const choices = [
    ...pairs.flatMap(({ path, pair }) => under(path, [...directionChoice("up", pair.up), ...directionChoice("down", pair.down)])),
    ...scaling.targets.flatMap((target, index) => within(`targets[${index}]`, targetChoice(target))),
  ];
  // Boot time only fills in a default, which is right.
  return choices.length > 0 ? choices : checkPolicies(resolveScaling(scaling, 0), context).map((one) => underSettingsName(one, scaling));
}

const under = (path: string, faults: readonly Fault[]): Fault[] => (path === "" ? [...faults] : within(path, faults));

function directionChoice(name: "up" | "down", given: DirectionSettings | undefined): Fault[] {
  if (given?.adjustment === undefined || given.steps === undefined) return [];
  return [fault(`${name}.adjustment`, given.adjustment, "absent, since steps are given")];
}

function targetChoice({ predefined, custom, math }: TargetSettings): Fault[] {
  if ([predefined, custom, math].filter((one) => one !== undefined).length === 1) return [];
  return [fault("predefined", predefined, "exactly one of predefined, custom and math")];
}

/** The policies have a step where the settings have `adjustment`, and a level that the settings lack. */
function underSettingsName(one: Fault, scaling: ScalingSettings): Fault {
  const [, index, direction] = /^(?:metrics\[(\d+)\]\.)?(up|down)\./.exec(one.path) ?? [];
  const pair: PairSettings | undefined = index === undefined ? scaling : scaling.metrics[Number(index)];
  const single = direction !== undefined && pair?.[direction as "up" | "down"]?.steps === undefined;
  const path = (single ? one.path.replace(/steps\[0\]\./, "") : one.path).replace(/^(targets\[\d+\])\.metric\./, "$1.");
  return { ...one, path, message: path + one.message.slice(one.path.length) };
}
