/** What a drill of a fleet does and expects, from what the stack tells of it. Pure. */
import type { FleetOutput, StepPolicyOutput, TargetPolicyOutput } from "../../contract/fleets-output.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";

export interface DrillPlan {
  readonly fleet: string;
  readonly group: string;
  readonly region: string;
  readonly size: { readonly min: number; readonly max: number };
  /** Alarms to watch: those of the step policies. */
  readonly alarms: readonly string[];
  /** Values that the chart draws as lines. */
  readonly thresholds: readonly { readonly name: string; readonly value: number }[];
  /** Load put on each instance, percent of its CPU. */
  readonly cpuPercent: number;
  readonly expectations: Expectations;
}

export interface Expectations {
  /** Seconds from the load to one more instance in service. */
  readonly upWithinSeconds: number;
  /** Seconds from the end of the load to the size before it. */
  readonly downWithinSeconds: number;
  /** Seconds from the last termination to nothing left in the queue and in Chef. */
  readonly leftWithinSeconds: number;
}

/** Above every threshold that leaves room for a group. */
const loadPercent = 95;
/** EC2's metrics come a period late, and launches and polls take their time. */
const marginSeconds = 180;
/** Alarms of target tracking: three minutes above, fifteen below. https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html */
const trackingSeconds = { up: 180, down: 900 };
/** A consumer works within seconds; the counts of SQS lag by up to a minute. */
const leftSeconds = 300;
/** From the decision to the end of an instance, beside the time that a hook holds it. */
const terminationSeconds = 300;

type Policy = StepPolicyOutput | TargetPolicyOutput;

const isCpu = (policy: Policy): boolean =>
  policy.kind === "step"
    ? policy.metric.namespace === "AWS/EC2" && policy.metric.name === "CPUUtilization" && policy.metric.dimensions === undefined
    : "predefined" in policy.metric && policy.metric.predefined === "ASGAverageCPUUtilization";

/** @throws OpsError `usage` when the fleet does not grow on the CPU, which is all that a drill can raise */
export function planDrill(fleet: FleetOutput, given: Partial<Expectations>): DrillPlan {
  const policies = fleet.scaling.policies.filter(isCpu);
  const steps = policies.filter((policy) => policy.kind === "step");
  const target = policies.find((policy) => policy.kind === "target");
  const way = (direction: "up" | "down") => steps.find((step) => step.direction === direction);
  const [up, down] = [way("up"), way("down")];
  const upSeconds = secondsOf(up, target, "up");
  const downSeconds = secondsOf(down, target?.scaleIn === true ? target : undefined, "down");
  if (upSeconds === undefined || downSeconds === undefined) {
    const missing = upSeconds === undefined ? "grow" : "shrink";
    throw new OpsError(
      exitCodes.usage,
      `Fleet ${fleet.name} does not ${missing} on its CPU utilization, which is what a drill raises; its policies: ` +
        `${fleet.scaling.policies.map(policyText).join(", ") || "none"}.`,
    );
  }
  const departureSeconds = terminationSeconds + (fleet.terminateHook?.heartbeatSeconds ?? 0);
  return {
    fleet: fleet.name,
    group: fleet.group.name,
    region: fleet.region,
    size: fleet.size,
    alarms: steps.map(({ alarmName }) => alarmName),
    thresholds: [
      ...steps.map(({ direction, threshold }) => ({ name: direction, value: threshold })),
      ...(target === undefined ? [] : [{ name: "target", value: target.target }]),
    ],
    cpuPercent: loadPercent,
    expectations: {
      upWithinSeconds: given.upWithinSeconds ?? upSeconds + fleet.bootSeconds + marginSeconds,
      downWithinSeconds: given.downWithinSeconds ?? downSeconds + fleet.bootSeconds + departureSeconds + marginSeconds,
      leftWithinSeconds: given.leftWithinSeconds ?? leftSeconds,
    },
  };
}

const policyText = (policy: Policy) => (policy.kind === "step" ? `${policy.direction} on ${policy.metric.name}` : `target ${policy.name}`);

function secondsOf(step: StepPolicyOutput | undefined, target: TargetPolicyOutput | undefined, way: "up" | "down"): number | undefined {
  if (step !== undefined) return step.periodSeconds * (step.evaluationPeriods + 1);
  return target === undefined ? undefined : trackingSeconds[way];
}
