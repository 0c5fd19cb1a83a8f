import * as pulumi from "@pulumi/pulumi";
import type { ScalingOutput, StepPolicyOutput, TargetPolicyOutput } from "../contract/fleets-output.ts";
import type { MetricScaling, ScalingDirection, ScalingPolicies } from "../contract/scaling-policies.ts";
import { typeTokens } from "../contract/type-tokens.ts";
import { checkPolicies } from "../scaling/checks/policies.ts";
import { createCompositeAlarm } from "./composite-alarms.ts";
import { createScheduled } from "./scheduled-scaling.ts";
import { createStepScaling } from "./step-scaling.ts";
import type { StepParts } from "./step-scaling.ts";
import type { Tags } from "./tags.ts";
import { createPredictive, createTargetTracking } from "./target-scaling.ts";

export interface ScalingAlarmsArgs extends ScalingPolicies {
  readonly groupName: pulumi.Input<string>;
  readonly size: { readonly min: number; readonly max: number };
  /** Seconds that a new instance's metrics are left out, the group's default warm-up. */
  readonly warmupSeconds: number;
  /** Topic that hears of composite alarms. */
  readonly alertTopicArn: pulumi.Input<string>;
  readonly tags: Tags;
}

/**
 * When one group changes its size: step and simple policies, each with the alarm that triggers it, target tracking,
 * predictive scaling, scheduled actions, and the alarms that operators get. Stands after the group.
 */
export class ScalingAlarms extends pulumi.ComponentResource {
  /** What the policies are, for operators and the simulator. */
  readonly scaling: pulumi.Output<ScalingOutput>;
  /** Names of the composite alarms that stop a roll-out. */
  readonly rolloutAlarms: readonly pulumi.Output<string>[];

  constructor(name: string, args: ScalingAlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super(typeTokens.scalingAlarms, name, args, opts);
    const nowMs = Date.now();
    refuseFaults(name, args, nowMs, this);
    const { metrics = [], predictive, schedules = [], composites = [] } = args;
    const steps = createPairs(name, [{ up: args.up, down: args.down }, ...metrics], args, this);
    const targets = args.targets.map((target) => createTargetTracking(name, target, args.groupName, this));
    if (predictive) createPredictive(name, predictive, args.groupName, this);
    for (const action of schedules) createScheduled(name, action, args.groupName, nowMs, this);

    const own = (direction: ScalingDirection) => steps.find((one) => one.of === undefined && one.direction === direction)?.alarm.name;
    const [up, down] = [own("up"), own("down")];
    const alarms = composites.map((composite) => ({
      composite,
      alarm: createCompositeAlarm(
        name,
        { composite, own: { ...(up && { up }), ...(down && { down }) }, alertTopicArn: args.alertTopicArn, tags: args.tags },
        this,
      ),
    }));
    this.rolloutAlarms = alarms.flatMap(({ composite, alarm }) => (composite.stopsRollout ? [alarm.alarmName] : []));
    const names = pulumi.all(Object.fromEntries(alarms.map(({ composite, alarm }) => [composite.name, alarm.alarmName])));
    this.scaling = scalingOutput(args, [...steps.map(({ output }) => output), ...targets], names);
    this.registerOutputs({ scaling: this.scaling, rolloutAlarms: this.rolloutAlarms });
  }
}

type PolicyOutput = StepPolicyOutput | TargetPolicyOutput;

function scalingOutput(
  { predictive, schedules = [], composites = [] }: ScalingPolicies,
  policies: pulumi.Output<PolicyOutput>[],
  names: pulumi.Output<Record<string, string>>,
): pulumi.Output<ScalingOutput> {
  return pulumi.all([pulumi.all(policies), names]).apply(([all, alarmNames]): ScalingOutput => ({
    policies: all,
    ...(predictive === undefined ? {} : { predictive }),
    ...(schedules.length === 0 ? {} : { schedules }),
    ...(composites.length === 0 ? {} : { composites: alarmNames }),
  }));
}

type Pair = Omit<MetricScaling, "name"> & { readonly name?: string };

function createPairs(
  name: string,
  pairs: readonly Pair[],
  { groupName, tags }: ScalingAlarmsArgs,
  parent: ScalingAlarms,
): (StepParts & { readonly direction: ScalingDirection; readonly of: string | undefined })[] {
  return pairs.flatMap((pair) =>
    (["up", "down"] as const).flatMap((direction) => {
      const { [direction]: step, name: of } = pair;
      return step === undefined ? [] : [{ direction, of, ...createStepScaling(name, { direction, step, of, groupName, tags }, parent) }];
    }),
  );
}

function refuseFaults(name: string, args: ScalingAlarmsArgs, nowMs: number, parent: ScalingAlarms): void {
  const faults = checkPolicies(args, { size: args.size, nowMs });
  if (faults.length === 0) return;
  throw new pulumi.ResourceError(`Scaling ${name} cannot be built:\n${faults.map((one) => `- ${one.message}`).join("\n")}`, parent, true);
}
