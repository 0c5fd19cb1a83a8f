/** Registers instances with target groups and takes them out. */
import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  RegisterTargetsCommand,
  type ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { TargetHealthChanged } from "../../../../scaling/types/facts.ts";
import type { Fact } from "../host/host.ts";
import { chunks, errorCode, orAway } from "./clients.ts";
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

/** An answer stays a few dozen kilobytes. */
const targetsPerCall = 100;

/** One refused target refuses the whole call, so after a refusal each is asked for by itself. @returns the refusals. */
async function each(
  instanceIds: readonly string[],
  call: (Targets: { Id: string }[]) => Promise<unknown>,
  accepted: (instanceIds: readonly string[]) => Promise<void> | void,
): Promise<unknown[]> {
  try {
    await orAway(call(instanceIds.map((Id) => ({ Id }))));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    if (instanceIds.length === 1) return [error];
    const refusals: unknown[] = [];
    for (const id of instanceIds) refusals.push(...(await each([id], call, accepted)));
    return refusals;
  }
  await accepted(instanceIds);
  return [];
}

export function targetPerformers(elb: ElasticLoadBalancingV2Client): Pick<Performers, "registerTargets" | "deregisterTargets"> {
  return {
    registerTargets: async ({ targetGroupArn, instanceIds }, { report }) => {
      const register = (Targets: { Id: string }[]) => elb.send(new RegisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets }));
      const refusals: unknown[] = [];
      for (const portion of chunks(instanceIds, targetsPerCall)) {
        refusals.push(...(await each(portion, register, async (ids) => report(await targetHealth(elb, targetGroupArn, ids)))));
      }
      if (refusals.length > 0) throw refusals[0];
      return [];
    },
    // No connection is ever open here, and a target without one leaves at once, whatever the deregistration delay.
    deregisterTargets: async ({ targetGroupArn, instanceIds }, { report }) => {
      const take = (Targets: { Id: string }[]) => elb.send(new DeregisterTargetsCommand({ TargetGroupArn: targetGroupArn, Targets }));
      for (const portion of chunks(instanceIds, targetsPerCall)) {
        // Refused: not registered any more, or the target group itself is gone. That is what was wanted.
        await each(portion, take, () => undefined);
        report(facts(portion, targetGroupArn, "unused"));
      }
      return [];
    },
  };
}
