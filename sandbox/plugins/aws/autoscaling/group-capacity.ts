/** Waiting for instances, as the real provider does: it takes the group for made when they serve. */
import type { AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import type { Context } from "../context.ts";
import { durationSeconds } from "../wait.ts";
import type { Properties } from "../../protocol/values.ts";
import { findGroup, unlessNotFound } from "./find-group.ts";

const numberOf = (inputs: Properties, key: string): number => (typeof inputs[key] === "number" ? inputs[key] : 0);

interface Counted {
  readonly inGroup: number;
  readonly inLoadBalancers: number;
}

/** Instances by target group, with the state that the load balancer sees. */
async function targetStates(group: AutoScalingGroup, context: Context): Promise<Map<string, string>[]> {
  return Promise.all(
    (group.TargetGroupARNs ?? []).map(async (TargetGroupArn) => {
      const found = await context.aws("elbv2", "DescribeTargetHealth", { TargetGroupArn });
      return new Map((found.TargetHealthDescriptions ?? []).map((one) => [one.Target?.Id ?? "", one.TargetHealth?.State ?? ""]));
    }),
  );
}

async function count(group: AutoScalingGroup, context: Context): Promise<Counted> {
  const serving = (group.Instances ?? []).filter((one) => one.HealthStatus === "Healthy" && one.LifecycleState === "InService");
  const weight = (one: (typeof serving)[number]) => Number(one.WeightedCapacity ?? 1);
  const sum = (some: typeof serving) => some.reduce((total, one) => total + weight(one), 0);
  const states = await targetStates(group, context);
  const healthy = serving.filter((one) => states.every((state) => (state.get(one.InstanceId ?? "") ?? "healthy") === "healthy"));
  return { inGroup: sum(serving), inLoadBalancers: sum(healthy) };
}

/** Launches that failed since `start`; with one of them, waiting is in vain. */
async function failures(name: string, start: Date, context: Context): Promise<string[]> {
  const page = await unlessNotFound(context.aws("autoscaling", "DescribeScalingActivities", { AutoScalingGroupName: name }));
  return (page?.Activities ?? [])
    .filter((one) => one.StatusCode === "Failed" && one.Progress === 100 && one.StartTime !== undefined && one.StartTime >= start)
    .map((one) => `scaling activity ${one.ActivityId ?? ""} failed: ${one.StatusMessage ?? one.Description ?? ""}`);
}

/** What is still missing, in words; undefined when nothing is. */
export function missing(inputs: Properties, { inGroup, inLoadBalancers }: Counted, step: "create" | "update"): string | undefined {
  const wanted = Math.max(numberOf(inputs, "minSize"), numberOf(inputs, "desiredCapacity"));
  const ofUpdate = numberOf(inputs, "waitForElbCapacity");
  const inElb = ofUpdate || (step === "create" ? numberOf(inputs, "minElbCapacity") : 0);
  const enough = (have: number, want: number) => (step === "create" ? have >= want : have === want);
  const words = step === "create" ? "at least" : "exactly";
  if (!enough(inGroup, wanted)) return `want ${words} ${wanted} healthy instance(s) in service, have ${inGroup}`;
  if (inElb > 0 && !enough(inLoadBalancers, inElb))
    return `want ${words} ${inElb} healthy instance(s) in the load balancer, have ${inLoadBalancers}`;
  return undefined;
}

/** Waits as long as `waitForCapacityTimeout` says, and not at all when it is `0`. `start` = when the step began. */
export async function waitForCapacity(
  name: string,
  inputs: Properties,
  step: "create" | "update",
  start: Date,
  context: Context,
): Promise<void> {
  const seconds = durationSeconds(inputs["waitForCapacityTimeout"] as string) ?? 0;
  if (seconds === 0) return;
  let seen = "nothing yet";
  await context.waitFor(
    `the group ${name} has its instances`,
    async () => {
      if (inputs["ignoreFailedScalingActivities"] !== true) {
        const failed = await failures(name, start, context);
        if (failed.length > 0) throw new Error(failed.join("\n"));
      }
      const group = await findGroup(name, context);
      if (group === undefined) throw new Error(`the group ${name} went away while its instances were awaited`);
      const left = missing(inputs, await count(group, context), step);
      seen = left ?? "";
      return left === undefined ? true : undefined;
    },
    () => seen,
    seconds,
  );
}
