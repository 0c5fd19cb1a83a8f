/** The scaling policies of one fleet together, with faults under the names that settings and components give them. */
import type {
  MetricScaling,
  ScalingDirection,
  ScalingPolicies,
  ScheduledScaling,
  StepScaling,
  TargetTracking,
} from "../../contract/scaling-policies.ts";
import { checkAlarm, checkThresholds } from "./alarms.ts";
import { checkComposites } from "./composites.ts";
import { checkWhole, fault, within } from "./fault.ts";
import type { Fault } from "./fault.ts";
import { checkMath } from "./math.ts";
import { checkCount, groupQuotas } from "./quotas.ts";
import { checkPredictive } from "./predictive.ts";
import { checkSchedule } from "./schedule.ts";
import { checkDirection, checkStepPolicy } from "./steps.ts";
import { checkTargetTracking } from "./tracking.ts";

/** What policies are checked against, where it is known. */
export interface PolicyContext {
  readonly size?: { readonly min: number; readonly max: number } | undefined;
  /** Time by which an action that is over is told from one that is to come. */
  readonly nowMs?: number | undefined;
}

/** Paths: `up.…`, `down.…`, `targets[n].…`, `metrics[n].…`, `predictive.…`, `schedules[n].…`, `composites[n].…`. */
export function checkPolicies(policies: ScalingPolicies, context: PolicyContext = {}): Fault[] {
  const { up, down, targets, metrics = [], predictive, schedules = [] } = policies;
  return [
    ...checkPair({ up, down }),
    ...metrics.flatMap((one, index) => within(`metrics[${index}]`, checkMetric(one))),
    ...targets.flatMap((target, index) => within(`targets[${index}]`, checkTarget(target))),
    ...(predictive ? within("predictive", checkPredictive(predictive)) : []),
    ...schedules.flatMap((one, index) => within(`schedules[${index}]`, checkScheduled(one, context))),
    ...checkNames(policies),
    ...checkBothWays(policies),
    ...checkComposites(policies),
    ...checkQuotas(policies),
  ];
}

/** Every direction of a metric and every target is a policy of the group. */
function checkQuotas({ up, down, targets, metrics = [], predictive, schedules = [] }: ScalingPolicies): Fault[] {
  const directions = [{ up, down }, ...metrics].flatMap((pair) => [pair.up, pair.down]);
  const count = [...directions, ...targets, predictive].filter((one) => one !== undefined).length;
  const path = targets.length > metrics.length ? "targets" : "metrics";
  return [
    ...checkCount(path, count, groupQuotas.policies, "policies in all"),
    ...checkCount("schedules", schedules.length, groupQuotas.scheduledActions, "scheduled actions"),
  ];
}

function checkPair({ up, down }: Pick<MetricScaling, "up" | "down">): Fault[] {
  return [
    ...(up ? within("up", checkStepScaling(up, "up")) : []),
    ...(down ? within("down", checkStepScaling(down, "down")) : []),
    ...(up && down && sameMetric(up, down) ? checkThresholds(up.threshold, down.threshold) : []),
  ];
}

function checkMetric(one: MetricScaling): Fault[] {
  const nothing = one.up === undefined && one.down === undefined;
  return [...checkPair(one), ...(nothing ? [fault("up", undefined, "up, down or both")] : [])];
}

/** Policies of a fleet have one namespace, in which the first metric's are `up` and `down`. */
function checkNames({ up, down, targets, metrics = [], schedules = [] }: ScalingPolicies): Fault[] {
  const names = [
    ...(up ? [{ path: "up", value: "up", name: "up" }] : []),
    ...(down ? [{ path: "down", value: "down", name: "down" }] : []),
    ...metrics.flatMap(({ name, ...both }, index) =>
      (["up", "down"] as const).flatMap((way) =>
        both[way] === undefined ? [] : [{ path: `metrics[${index}].name`, value: name, name: `${name}-${way}` }],
      ),
    ),
    ...targets.map(({ name }, index) => ({ path: `targets[${index}].name`, value: name, name })),
  ];
  const actions = schedules.map(({ name }, index) => ({ path: `schedules[${index}].name`, value: name, name }));
  return [...repeated(names), ...repeated(actions)];
}

function repeated(names: readonly { readonly path: string; readonly value: string; readonly name: string }[]): Fault[] {
  const seen = new Set<string>();
  const paths = new Set<string>();
  return names.flatMap(({ path, value, name }) => {
    const twice = seen.has(name) && !paths.has(path);
    seen.add(name);
    if (!twice) return [];
    paths.add(path);
    return [fault(path, value, "each name once")];
  });
}

/** A fleet that scales can do so in both directions. */
function checkBothWays({ up, down, targets, metrics = [] }: ScalingPolicies): Fault[] {
  const goes = (way: ScalingDirection) => (way === "up" ? up : down) !== undefined || metrics.some((one) => one[way] !== undefined);
  if (targets.length > 0 || goes("up") === goes("down")) return [];
  const missing = goes("up") ? "down" : "up";
  return [fault(missing, undefined, "a policy in each direction, or target tracking", "the group would only move one way")];
}

function sameMetric({ metric: one }: StepScaling, { metric: other }: StepScaling): boolean {
  const key = ({ namespace, name, statistic, dimensions }: StepScaling["metric"]) =>
    JSON.stringify([namespace, name, statistic, Object.entries(dimensions ?? {}).sort()]);
  return key(one) === key(other);
}

export function checkStepScaling(scaling: StepScaling, direction: ScalingDirection): Fault[] {
  const { adjustmentType, minAdjustmentMagnitude } = scaling;
  const stepAdjustments = scaling.steps.map(({ lower, upper, adjustment }) => ({
    ...(lower === undefined ? {} : { metricIntervalLowerBound: lower }),
    ...(upper === undefined ? {} : { metricIntervalUpperBound: upper }),
    scalingAdjustment: adjustment,
  }));
  const policy = { adjustmentType, minAdjustmentMagnitude, stepAdjustments };
  const faults = checkStepPolicy(policy);
  return [
    ...checkAlarm(scaling),
    ...renamed(faults.length > 0 ? faults : checkDirection(policy, direction), stepNames),
    ...checkSimple(scaling),
  ];
}

/** A simple policy has one adjustment for everything beyond its threshold. */
function checkSimple({ simple, steps }: StepScaling): Fault[] {
  if (simple === undefined) return [];
  return [
    ...checkWhole("simple.cooldownSeconds", simple.cooldownSeconds, 0),
    ...(steps.length > 1 ? [fault("steps", steps, "one step, since the policy is simple", `there are ${steps.length}`)] : []),
  ];
}

const stepNames = {
  stepAdjustments: "steps",
  metricIntervalLowerBound: "lower",
  metricIntervalUpperBound: "upper",
  scalingAdjustment: "adjustment",
} as const;

function checkTarget({ target, metric }: TargetTracking): Fault[] {
  if ("math" in metric) {
    const wrong = Number.isFinite(target) && target > 0 ? [] : [fault("target", target, "a number greater than 0")];
    return [...wrong, ...within("metric.math", checkMath(metric.math))];
  }
  const faults =
    "predefined" in metric
      ? checkTargetTracking({
          targetValue: target,
          predefinedMetric: {
            predefinedMetricType: metric.predefined,
            ...(metric.resourceLabel === undefined ? {} : { resourceLabel: metric.resourceLabel }),
          },
        })
      : checkTargetTracking({
          targetValue: target,
          customizedMetric: { metricName: metric.custom.name, namespace: metric.custom.namespace, statistic: metric.custom.statistic },
        });
  return renamed(faults, { targetValue: "target", predefinedMetric: "metric", predefinedMetricType: "predefined" });
}

/**
 * An action that runs once and is over would be made again, and refused. The start of a recurring one may pass: its
 * recurrence goes on, and the start is no longer sent.
 */
function checkScheduled(action: ScheduledScaling, { size, nowMs }: PolicyContext): Fault[] {
  const { recurrence, timeZone, min: minSize, max: maxSize, desired: desiredCapacity } = action;
  const at = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
  const startAtMs = at(action.startTime);
  const begun = recurrence !== undefined && startAtMs !== undefined && nowMs !== undefined && startAtMs <= nowMs;
  const times = { startAtMs: begun ? undefined : startAtMs, endAtMs: at(action.endTime) };
  const faults = checkSchedule({ recurrence, timeZone, minSize, maxSize, desiredCapacity, ...times }, nowMs);
  const names = { minSize: "min", maxSize: "max", desiredCapacity: "desired", startAt: "startTime", endAt: "endTime" };
  return [...renamed(faults, names), ...(size === undefined ? [] : checkAgainst(action, size))];
}

/** Auto Scaling refuses at the time of the action what does not fit then; nobody looks at that time. */
function checkAgainst({ min, max, desired }: ScheduledScaling, size: { readonly min: number; readonly max: number }): Fault[] {
  const faults: Fault[] = [];
  if (max === undefined && min !== undefined && min > size.max)
    faults.push(fault("min", min, `at most the fleet's size.max (${size.max}), or max given too`));
  if (min === undefined && max !== undefined && max < size.min)
    faults.push(fault("max", max, `at least the fleet's size.min (${size.min}), or min given too`));
  if (desired === undefined) return faults;
  if (max === undefined && desired > size.max)
    faults.push(fault("desired", desired, `at most the fleet's size.max (${size.max}), or max given too`));
  if (min === undefined && desired < size.min)
    faults.push(fault("desired", desired, `at least the fleet's size.min (${size.min}), or min given too`));
  return faults;
}

/** Faults under other property names; each name of the path is looked up by itself, and so is each one in the sentence. */
export function renamed(faults: readonly Fault[], names: Readonly<Record<string, string>>): Fault[] {
  const rename = (text: string) => text.replace(/[A-Za-z]+/g, (word) => (Object.hasOwn(names, word) ? String(names[word]) : word));
  return faults.map((one) => ({ ...one, path: rename(one.path), message: rename(one.message), allowed: rename(one.allowed) }));
}
