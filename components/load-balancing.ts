import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { fitName } from "../contract/naming.ts";
import type { FleetArgs, OwnListenerTarget, RuleTarget, TargetArgs } from "./fleet-args.ts";
import { fleetTags } from "./tags.ts";

/** Target groups of a fleet, and what must stand before the group registers instances in them. */
export interface Targets {
  readonly arns: pulumi.Input<string>[];
  readonly resources: readonly pulumi.Resource[];
}

export function createTargets(name: string, args: FleetArgs, parent: pulumi.Resource): Targets {
  const { loadBalancing } = args;
  if (loadBalancing === undefined) return { arns: [], resources: [] };
  if ("targetGroupArns" in loadBalancing) return { arns: [...loadBalancing.targetGroupArns], resources: [] };
  const group = createTargetGroup(name, args, loadBalancing, parent);
  const way =
    "listener" in loadBalancing
      ? createListener(name, args, loadBalancing, group, parent)
      : createListenerRule(name, args, loadBalancing, group, parent);
  return { arns: [group.arn], resources: [group, way] };
}

function createTargetGroup(name: string, args: FleetArgs, target: TargetArgs, parent: pulumi.Resource): aws.lb.TargetGroup {
  return new aws.lb.TargetGroup(
    fitName(`${name}-targets`, "targetGroup"),
    {
      port: target.port,
      protocol: target.protocol,
      targetType: "instance",
      vpcId: args.network.vpcId,
      deregistrationDelay: target.drainSeconds,
      healthCheck: { path: target.healthPath, matcher: target.healthMatcher, protocol: target.protocol },
      tags: fleetTags(args.identity),
    },
    { parent },
  );
}

function createListenerRule(
  name: string,
  args: FleetArgs,
  target: RuleTarget,
  group: aws.lb.TargetGroup,
  parent: pulumi.Resource,
): aws.lb.ListenerRule {
  return new aws.lb.ListenerRule(
    `${name}-listener-rule`,
    {
      listenerArn: target.listenerArn,
      priority: target.priority,
      actions: [{ type: "forward", targetGroupArn: group.arn }],
      conditions: [
        ...(target.hosts.length > 0 ? [{ hostHeader: { values: [...target.hosts] } }] : []),
        ...(target.paths.length > 0 ? [{ pathPattern: { values: [...target.paths] } }] : []),
      ],
      tags: fleetTags(args.identity),
    },
    { parent },
  );
}

function createListener(
  name: string,
  args: FleetArgs,
  { listener }: OwnListenerTarget,
  group: aws.lb.TargetGroup,
  parent: pulumi.Resource,
): aws.lb.Listener {
  return new aws.lb.Listener(
    `${name}-listener`,
    {
      loadBalancerArn: listener.loadBalancerArn,
      port: listener.port,
      protocol: "HTTPS",
      certificateArn: listener.certificateArn,
      sslPolicy: listener.tlsPolicy,
      defaultActions: [{ type: "forward", targetGroupArn: group.arn }],
      tags: fleetTags(args.identity),
    },
    { parent },
  );
}
