import * as pulumi from "@pulumi/pulumi";
import type { FleetOutput } from "../contract/fleets-output.ts";
import type { FleetArgs } from "./fleet-args.ts";
import type { Fleet } from "./fleet.ts";
import type { NodeCleanup } from "./node-cleanup.ts";
import type { NoticePath } from "./notice-path.ts";
import { plain } from "./plain.ts";
import type { Rollout } from "./rollout.ts";
import type { ScalingAlarms } from "./scaling-alarms.ts";

export interface FleetParts {
  readonly fleet: Fleet;
  readonly scaling: ScalingAlarms;
  readonly rollout: Rollout;
  readonly notices: NoticePath;
  readonly cleanup?: NodeCleanup | undefined;
}

export type FleetSettings = Pick<
  FleetArgs,
  | "identity"
  | "account"
  | "image"
  | "instanceType"
  | "provisioning"
  | "size"
  | "bootSeconds"
  | "launchHook"
  | "terminateHook"
  | "warmPool"
  | "mixedInstances"
  | "group"
>;

/** One entry of the stack output `fleets`. */
export function fleetOutput(
  prefix: string,
  { identity, account, ...args }: FleetSettings,
  healthy: FleetOutput["rollout"],
  { fleet, scaling, rollout, notices, cleanup }: FleetParts,
): pulumi.Output<FleetOutput> {
  const { fleet: name, ...who } = identity;
  const { id, bakeType, architecture, bakedAt } = args.image;
  return pulumi
    .output({
      accountId: account.accountId,
      image: { id, bakeType, architecture, bakedAt },
      group: { name: fleet.groupName, arn: fleet.groupArn },
      launchTemplate: { id: fleet.launchTemplateId, name: fleet.launchTemplateName, version: rollout.launchTemplateVersion },
      notices: {
        topicArn: notices.topicArn,
        queueUrl: notices.queueUrl,
        queueArn: notices.queueArn,
        deadLetterQueueUrl: notices.deadLetterQueueUrl,
      },
      ...(cleanup === undefined ? {} : { cleanup: functionsOf(cleanup) }),
    })
    .apply((resolved) =>
      pulumi.all([scaling.scaling, pulumi.all([...scaling.rolloutAlarms])]).apply(([policies, composites]): FleetOutput => ({
        prefix,
        name,
        ...who,
        region: account.region,
        ...resolved,
        instanceType: args.instanceType,
        provisioning: args.provisioning,
        size: args.size,
        bootSeconds: args.bootSeconds,
        ...hooksOf(args),
        ...capacityOf(args),
        scaling: policies,
        rollout: { ...healthy, healthAlarms: [...healthy.healthAlarms, ...composites] },
      })),
    );
}

const functionsOf = ({ functionName, reconcilerName }: NodeCleanup) =>
  functionName === undefined || reconcilerName === undefined ? {} : { functionName, reconcilerName };

function hooksOf({
  launchHook,
  terminateHook,
}: Pick<FleetSettings, "launchHook" | "terminateHook">): Pick<FleetOutput, "launchHook" | "terminateHook"> {
  const { heartbeatSeconds, onAbandon } = terminateHook ?? {};
  return {
    ...(launchHook === undefined ? {} : { launchHook: { heartbeatSeconds: launchHook.heartbeatSeconds } }),
    ...(heartbeatSeconds === undefined ? {} : { terminateHook: { heartbeatSeconds, ...(onAbandon === undefined ? {} : { onAbandon }) } }),
  };
}

function capacityOf({
  warmPool,
  mixedInstances,
  group = {},
}: Pick<FleetSettings, "warmPool" | "mixedInstances" | "group">): Pick<FleetOutput, "warmPool" | "mixedInstances" | "groupOptions"> {
  const lifetime = plain(group.maxInstanceLifetime);
  const protectFromScaleIn = plain(group.protectFromScaleIn);
  const terminationPolicies = plain(group.terminationPolicies)?.map((policy) => plain(policy) ?? "");
  const groupOptions = {
    ...(lifetime === undefined ? {} : { maxInstanceLifetimeSeconds: lifetime }),
    ...(protectFromScaleIn === undefined ? {} : { protectFromScaleIn }),
    ...(terminationPolicies === undefined ? {} : { terminationPolicies }),
  };
  return {
    ...(warmPool === undefined ? {} : { warmPool }),
    ...(mixedInstances === undefined ? {} : { mixedInstances }),
    ...(Object.keys(groupOptions).length === 0 ? {} : { groupOptions }),
  };
}
