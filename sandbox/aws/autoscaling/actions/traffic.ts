/** Target groups, under their old name and as traffic sources. */
import { DescribeTargetGroupsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { errorCode, messageOf } from "../effects/clients.ts";
import { callQuotas } from "../../../../scaling/checks/quotas.ts";
import { ApiError, requireBatch } from "../protocol/errors.ts";
import { page } from "../protocol/paging.ts";
import { groupNamed, type ActionContext, type Actions } from "./context.ts";

interface SourceMembers {
  readonly Identifier: string;
  readonly Type?: string | undefined;
}

/** The only kind of traffic source here. */
const targetGroupType = "elbv2";

function arnsOf(sources: readonly SourceMembers[]): string[] {
  return sources.map(({ Identifier, Type }) => {
    if ((Type ?? targetGroupType) !== targetGroupType || !Identifier.includes(":targetgroup/")) {
      throw new ApiError(
        "ValidationError",
        `The traffic source ${Identifier} is not a target group (type ${targetGroupType}); others are not supported`,
      );
    }
    return Identifier;
  });
}

/** TargetGroupARNs and TrafficSources of a creation, each once. */
export const targetGroupArns = (arns: readonly string[] = [], sources: readonly SourceMembers[] = []): string[] => [
  ...new Set([...arns, ...arnsOf(sources)]),
];

/** What does not exist cannot be attached. */
export async function requireTargetGroups({ elb }: ActionContext, arns: readonly string[]): Promise<void> {
  if (arns.length === 0) return;
  try {
    await elb.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [...arns] }));
  } catch (error) {
    if (errorCode(error) === undefined) {
      throw new ApiError("InternalFailure", `Elastic Load Balancing gave no answer: ${messageOf(error)}`, { cause: error });
    }
    const list = arns.join(", ");
    throw new ApiError("ValidationError", `Provided Target Groups may not be valid: ${list}. Please ensure they exist and try again.`);
  }
}

type Names =
  | "AttachLoadBalancerTargetGroups"
  | "DetachLoadBalancerTargetGroups"
  | "DescribeLoadBalancerTargetGroups"
  | "AttachTrafficSources"
  | "DetachTrafficSources"
  | "DescribeTrafficSources";

export const trafficActions: Actions<Names> = {
  AttachLoadBalancerTargetGroups: async ({ AutoScalingGroupName, TargetGroupARNs }, context) => {
    requireBatch("targetGroupARNs", TargetGroupARNs, callQuotas.targetGroups);
    await requireTargetGroups(context, TargetGroupARNs);
    context.host.run("attachTargetGroups", { group: AutoScalingGroupName, targetGroupArns: TargetGroupARNs });
    return {};
  },
  DetachLoadBalancerTargetGroups: ({ AutoScalingGroupName, TargetGroupARNs }, { host }) => {
    requireBatch("targetGroupARNs", TargetGroupARNs, callQuotas.targetGroups);
    host.run("detachTargetGroups", { group: AutoScalingGroupName, targetGroupArns: TargetGroupARNs });
    return {};
  },
  DescribeLoadBalancerTargetGroups: (input, context) => {
    groupNamed(context, input.AutoScalingGroupName);
    const views = [...context.host.model.targetGroups(input.AutoScalingGroupName)].sort(byArn);
    const { items, NextToken } = page("target groups", views, ({ targetGroupArn }) => targetGroupArn, input, { usual: 100, most: 100 });
    const groups = items.map(({ targetGroupArn, state }) => ({ LoadBalancerTargetGroupARN: targetGroupArn, State: state }));
    return { LoadBalancerTargetGroups: groups, NextToken };
  },
  AttachTrafficSources: async ({ AutoScalingGroupName, TrafficSources }, context) => {
    requireBatch("trafficSources", TrafficSources, callQuotas.targetGroups);
    const arns = arnsOf(TrafficSources);
    await requireTargetGroups(context, arns);
    context.host.run("attachTargetGroups", { group: AutoScalingGroupName, targetGroupArns: arns });
    return {};
  },
  DetachTrafficSources: ({ AutoScalingGroupName, TrafficSources }, { host }) => {
    requireBatch("trafficSources", TrafficSources, callQuotas.targetGroups);
    host.run("detachTargetGroups", { group: AutoScalingGroupName, targetGroupArns: arnsOf(TrafficSources) });
    return {};
  },
  DescribeTrafficSources: (input, context) => {
    groupNamed(context, input.AutoScalingGroupName);
    const of = input.TrafficSourceType ?? targetGroupType;
    const views = of === targetGroupType ? [...context.host.model.targetGroups(input.AutoScalingGroupName)].sort(byArn) : [];
    const { items, NextToken } = page("traffic sources", views, ({ targetGroupArn }) => targetGroupArn, input, { usual: 50, most: 50 });
    const sources = items.map(({ targetGroupArn, state }) => ({
      TrafficSource: targetGroupArn,
      Identifier: targetGroupArn,
      Type: targetGroupType,
      State: state,
    }));
    return { TrafficSources: sources, NextToken };
  },
};

const byArn = (one: { readonly targetGroupArn: string }, other: { readonly targetGroupArn: string }) =>
  one.targetGroupArn < other.targetGroupArn ? -1 : 1;
