import * as pulumi from "@pulumi/pulumi";
import type { FleetOutput } from "../contract/fleets-output.ts";
import type { FleetArgs } from "./fleet-args.ts";
import type { Fleet } from "./fleet.ts";
import type { NodeCleanup } from "./node-cleanup.ts";
import type { NoticePath } from "./notice-path.ts";
import type { Rollout } from "./rollout.ts";
import type { ScalingAlarms } from "./scaling-alarms.ts";

export interface FleetParts {
  readonly fleet: Fleet;
  readonly scaling: ScalingAlarms;
  readonly rollout: Rollout;
  readonly notices: NoticePath;
  readonly cleanup?: NodeCleanup | undefined;
}

export type FleetSettings = Pick<FleetArgs, "identity" | "account" | "image" | "instanceType" | "provisioning" | "size" | "bootSeconds">;

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
        scaling: policies,
        rollout: { ...healthy, healthAlarms: [...healthy.healthAlarms, ...composites] },
      })),
    );
}

const functionsOf = ({ functionName, reconcilerName }: NodeCleanup) =>
  functionName === undefined || reconcilerName === undefined ? {} : { functionName, reconcilerName };
