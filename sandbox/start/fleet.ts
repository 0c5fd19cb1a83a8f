/** What the story sees and does of a fleet through AWS's own API. */
import { AutoScalingClient, DescribeAutoScalingGroupsCommand, type Instance } from "@aws-sdk/client-auto-scaling";
import { EC2Client, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import type { LocalAws } from "../aws/lifetime.ts";
import { awsEnvironment } from "../verbs/environment.ts";

export interface FleetView {
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  readonly inService: readonly Instance[];
  readonly all: readonly Instance[];
}

/** Arguments for any client of the local AWS; nothing is read from the environment. */
export function localClient(aws: LocalAws) {
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = awsEnvironment(aws, "");
  return {
    endpoint: aws.endpoint,
    region: aws.region,
    credentials: { accessKeyId, secretAccessKey },
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  };
}

export class FleetEyes {
  readonly #group: string;
  readonly #autoScaling: AutoScalingClient;
  readonly #ec2: EC2Client;

  constructor(aws: LocalAws, group: string) {
    this.#group = group;
    this.#autoScaling = new AutoScalingClient(localClient(aws));
    this.#ec2 = new EC2Client(localClient(aws));
  }

  async look(): Promise<FleetView> {
    const { AutoScalingGroups } = await this.#autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [this.#group] }),
    );
    const group = AutoScalingGroups?.[0];
    const all = group?.Instances ?? [];
    const inService = all.filter(({ LifecycleState, HealthStatus }) => LifecycleState === "InService" && HealthStatus === "Healthy");
    return { desired: group?.DesiredCapacity ?? 0, min: group?.MinSize ?? 0, max: group?.MaxSize ?? 0, inService, all };
  }

  /** As a person or a fault would: behind the group's back. */
  async terminate(instanceId: string): Promise<void> {
    await this.#ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
  }
}

export const idsOf = (instances: readonly Instance[]): string => instances.map(({ InstanceId }) => InstanceId).join(", ");
