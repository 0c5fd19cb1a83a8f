import type { ScalingPolicies, StepScaling, TargetTracking } from "../contract/scaling-policies.ts";
import { checkPolicies } from "../scaling/checks/policies.ts";
import { fault, within } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
import type { DirectionSettings, ScalingSettings, TargetSettings } from "./scaling-schema.ts";

/** Settings of a fleet's scaling as the policies that they stand for. */
export function resolveScaling({ up, down, targets }: ScalingSettings): ScalingPolicies {
  return {
    ...(up === undefined ? {} : { up: resolveDirection(up, { lower: 0, adjustment: up.adjustment ?? 1 }) }),
    ...(down === undefined ? {} : { down: resolveDirection(down, { upper: 0, adjustment: down.adjustment ?? -1 }) }),
    targets: targets.map(resolveTarget),
  };
}

/** @param single the one step that stands for everything beyond the threshold when no steps are given. */
function resolveDirection(given: DirectionSettings, single: StepScaling["steps"][number]): StepScaling {
  const { steps = [single], datapointsToAlarm = given.evaluationPeriods, ...same } = given;
  delete same.adjustment;
  return { ...same, datapointsToAlarm, steps };
}

function resolveTarget({ name, predefined, resourceLabel, custom, target, scaleIn }: TargetSettings): TargetTracking {
  const metric = custom === undefined ? { predefined: predefined ?? "ASGAverageCPUUtilization", resourceLabel } : { custom };
  return { name: name ?? nameOf(custom?.name ?? predefined ?? ""), target, scaleIn, metric };
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
export function scalingFaults(scaling: ScalingSettings): Fault[] {
  const choices = [
    ...directionChoice("up", scaling.up),
    ...directionChoice("down", scaling.down),
    ...scaling.targets.flatMap((target, index) => within(`targets[${index}]`, targetChoice(target))),
  ];
  return choices.length > 0 ? choices : checkPolicies(resolveScaling(scaling)).map((one) => underSettingsName(one, scaling));
}

function directionChoice(name: "up" | "down", given: DirectionSettings | undefined): Fault[] {
  if (given?.adjustment === undefined || given.steps === undefined) return [];
  return [fault(`${name}.adjustment`, given.adjustment, "absent, since steps are given")];
}

function targetChoice({ predefined, custom }: TargetSettings): Fault[] {
  if ((predefined === undefined) !== (custom === undefined)) return [];
  return [fault("predefined", predefined, "either predefined or custom, not both and not neither")];
}

/** The policies have a step where the settings have `adjustment`, and a level that the settings lack. */
function underSettingsName(one: Fault, { up, down }: ScalingSettings): Fault {
  const single = one.path.startsWith("up.") ? up?.steps === undefined : one.path.startsWith("down.") && down?.steps === undefined;
  const path = (single ? one.path.replace(/steps\[0\]\./, "") : one.path).replace(/^(targets\[\d+\])\.metric\./, "$1.");
  return { ...one, path, message: path + one.message.slice(one.path.length) };
}
