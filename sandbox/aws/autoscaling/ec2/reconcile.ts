/** After a restart: what happened to the instances and targets meanwhile. */
import { DescribeInstancesCommand, type EC2Client } from "@aws-sdk/client-ec2";
import type { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { ScalingModelViews } from "../../../../scaling/model-types.ts";
import type { InstanceStateChanged } from "../../../../scaling/types/facts.ts";
import { targetHealth } from "../effects/targets.ts";
import type { Fact } from "../host/host.ts";

/** Facts about every instance the model knows; one that EC2 does not know is gone. */
export async function reconcile(views: ScalingModelViews, ec2: EC2Client, elb: ElasticLoadBalancingV2Client): Promise<Fact[]> {
  const instances = views.instances();
  if (instances.length === 0) return [];
  const states = await instanceStates(ec2);
  const facts = instances.map(({ instanceId }): Fact => [
    "instanceStateChanged",
    { instanceId, state: states.get(instanceId) ?? "terminated" },
  ]);
  for (const group of views.groupNames()) facts.push(...(await healthOfGroup(views, elb, group)));
  return facts;
}

async function instanceStates(ec2: EC2Client): Promise<Map<string, InstanceStateChanged["state"]>> {
  const states = new Map<string, InstanceStateChanged["state"]>();
  let NextToken: string | undefined;
  do {
    const page = await ec2.send(new DescribeInstancesCommand({ NextToken }));
    for (const { InstanceId, State } of (page.Reservations ?? []).flatMap(({ Instances }) => Instances ?? [])) {
      if (InstanceId !== undefined && State?.Name !== undefined) states.set(InstanceId, State.Name);
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return states;
}

async function healthOfGroup(views: ScalingModelViews, elb: ElasticLoadBalancingV2Client, group: string): Promise<Fact[]> {
  const ids =
    views
      .group(group)
      ?.instances.filter(({ lifecycleState }) => lifecycleState === "InService")
      .map(({ instanceId }) => instanceId) ?? [];
  const facts: Fact[] = [];
  for (const { targetGroupArn } of views.targetGroups(group)) {
    // A target group that is gone has nothing to say about its targets.
    if (ids.length > 0) facts.push(...(await targetHealth(elb, targetGroupArn, ids).catch(() => [])));
  }
  return facts;
}
