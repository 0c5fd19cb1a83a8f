/** Registers instances with target groups and takes them out. */
import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
  type ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { TargetHealthChanged } from "../../../../scaling/types/facts.ts";
import type { Fact } from "../host/host.ts";
import { errorCode, orAway } from "./clients.ts";
import type { Performers } from "./performer.ts";

type Health = TargetHealthChanged["state"];
const healths: readonly string[] = ["initial", "healthy", "unhealthy", "draining", "unused"] satisfies Health[];

const facts = (instanceIds: readonly string[], targetGroupArn: string, state: Health): Fact[] =>
  instanceIds.map((instanceId) => ["targetHealthChanged", { instanceId, targetGroupArn, state }]);

/** What the target group says of these instances now. */
export async function targetHealth(
  elb: ElasticLoadBalancingV2Client,
  targetGroupArn: string,
  instanceIds: readonly string[],
): Promise<Fact[]> {
  const Targets = instanceIds.map((Id) => ({ Id }));
  const answer = await orAway(elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn, Targets })));
  return (answer.TargetHealthDescriptions ?? []).flatMap(({ Target, TargetHealth }) => {
    const state = healths.includes(TargetHealth?.State ?? "") ? (TargetHealth?.State as Health) : "unused";
    return Target?.Id === undefined ? [] : facts([Target.Id], targetGroupArn, state);
  });
}

export function targetPerformers(elb: ElasticLoadBalancingV2Client): Pick<Performers, "registerTargets" | "deregisterTargets"> {
  return {
    registerTargets: async ({ targetGroupArn, instanceIds }) => {
      const Targets = instanceIds.map((Id) => ({ Id }));
      await orAway(elb.send(new RegisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets })));
      return targetHealth(elb, targetGroupArn, instanceIds);
    },
    // No connection is ever open here, and a target without one leaves at once, whatever the deregistration delay.
    deregisterTargets: async ({ targetGroupArn, instanceIds }) => {
      for (const Id of instanceIds) {
        try {
          await orAway(elb.send(new DeregisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets: [{ Id }] })));
        } catch (error) {
          // Not registered any more, or the target group itself is gone: that is what was wanted.
          if (errorCode(error) === undefined) throw error;
        }
      }
      return facts(instanceIds, targetGroupArn, "unused");
    },
  };
}
