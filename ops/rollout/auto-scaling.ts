/** The few calls of Auto Scaling that a roll-out makes, and their use of the SDK. */
import {
  AutoScalingClient,
  CancelInstanceRefreshCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  DescribeScalingActivitiesCommand,
  RollbackInstanceRefreshCommand,
  StartInstanceRefreshCommand,
  type Activity,
  type AutoScalingGroup,
  type InstanceRefresh,
} from "@aws-sdk/client-auto-scaling";
import { DescribeLaunchTemplateVersionsCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { RolloutRequest } from "../../contract/state-commands.ts";
import type { AwsSession } from "../account.ts";
import { desiredConfiguration, requestedConfiguration } from "./configuration.ts";

/** Rejects with the SDK's errors. */
export interface RolloutCalls {
  /** `undefined` when there is none of that name. */
  group(name: string): Promise<AutoScalingGroup | undefined>;
  /** Newest first; the service keeps six weeks. */
  refreshes(group: string): Promise<readonly InstanceRefresh[]>;
  refresh(group: string, id: string): Promise<InstanceRefresh | undefined>;
  /** Returns the refresh's id. */
  start(request: RolloutRequest): Promise<string>;
  /** Sends a running refresh back; returns its id. */
  rollBack(group: string): Promise<string>;
  /** Ends a running refresh where it is; returns its id. */
  cancel(group: string): Promise<string>;
  /** Numbers of the versions that the launch template has, ascending. */
  versions(launchTemplateId: string): Promise<readonly number[]>;
  /** Newest first, one page. */
  activities(group: string): Promise<readonly Activity[]>;
}

export function rolloutCalls(session: AwsSession): RolloutCalls {
  const client = new AutoScalingClient(session.clientArguments);
  return {
    async group(name) {
      const page = await client.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }));
      return page.AutoScalingGroups?.[0];
    },
    async refreshes(group) {
      const all: InstanceRefresh[] = [];
      let token: string | undefined;
      do {
        const page = await client.send(
          new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: group, MaxRecords: 100, NextToken: token }),
        );
        all.push(...(page.InstanceRefreshes ?? []));
        token = page.NextToken;
      } while (token !== undefined && token !== "");
      return all;
    },
    async refresh(group, id) {
      const page = await client.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: group, InstanceRefreshIds: [id] }));
      return page.InstanceRefreshes?.[0];
    },
    async start(request) {
      const answer = await client.send(new StartInstanceRefreshCommand(startParameters(request)));
      return answer.InstanceRefreshId ?? "";
    },
    async rollBack(group) {
      const answer = await client.send(new RollbackInstanceRefreshCommand({ AutoScalingGroupName: group }));
      return answer.InstanceRefreshId ?? "";
    },
    async cancel(group) {
      const answer = await client.send(new CancelInstanceRefreshCommand({ AutoScalingGroupName: group }));
      return answer.InstanceRefreshId ?? "";
    },
    versions: (launchTemplateId) => templateVersions(new EC2Client(session.clientArguments), launchTemplateId),
    async activities(group) {
      const page = await client.send(new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group, MaxRecords: 100 }));
      return page.Activities ?? [];
    },
  };
}

async function templateVersions(client: EC2Client, LaunchTemplateId: string): Promise<readonly number[]> {
  const all: number[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, MaxResults: 200, NextToken }));
    all.push(...(page.LaunchTemplateVersions ?? []).flatMap(({ VersionNumber: version }) => version ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined && NextToken !== "");
  return all.sort((one, other) => one - other);
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StartInstanceRefresh.html */
export function startParameters(request: RolloutRequest) {
  const { minHealthyPercent, maxHealthyPercent, warmupSeconds, alarms, checkpoints, bakeSeconds } = request.preferences;
  return {
    AutoScalingGroupName: request.group,
    Strategy: "Rolling" as const,
    DesiredConfiguration: desiredConfiguration(requestedConfiguration(request)),
    Preferences: {
      MinHealthyPercentage: minHealthyPercent,
      MaxHealthyPercentage: maxHealthyPercent,
      InstanceWarmup: warmupSeconds,
      AutoRollback: true,
      // A second try after an interruption leaves alone what already runs the version.
      SkipMatching: true,
      // The default of both waits an hour and then fails. Protection from scale-in says which instances may go when the group
      // shrinks, not that they keep an old version; one in standby was set aside by a person, who decides about it.
      ScaleInProtectedInstances: "Refresh" as const,
      StandbyInstances: "Ignore" as const,
      ...(checkpoints === undefined ? {} : checkpointParameters(checkpoints)),
      ...(bakeSeconds === undefined ? {} : { BakeTime: bakeSeconds }),
      ...(alarms.length > 0 ? { AlarmSpecification: { Alarms: [...alarms] } } : {}),
    },
  };
}

/** A refresh ends at its last checkpoint, so that 100 has to be one. */
function checkpointParameters({ percentages, delaySeconds }: NonNullable<RolloutRequest["preferences"]["checkpoints"]>) {
  const all = percentages.at(-1) === 100 ? percentages : [...percentages, 100];
  return { CheckpointPercentages: [...all], CheckpointDelay: delaySeconds };
}
