/** A group in the local AWS around instances that a test launched itself, so that they are in service. */
import {
  AttachInstancesCommand,
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  SuspendProcessesCommand,
  type CreateAutoScalingGroupCommandInput,
} from "@aws-sdk/client-auto-scaling";
import { CreateLaunchTemplateCommand, DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { TestAws } from "../sandbox/aws/local-aws.ts";

/** It replaces none of them when they go. */
export async function groupOf(
  aws: TestAws,
  ids: readonly string[],
  input: Partial<CreateAutoScalingGroupCommandInput> = {},
): Promise<string> {
  const ec2 = new EC2Client(aws.client);
  const autoScaling = new AutoScalingClient(aws.client);
  const AutoScalingGroupName = "of-the-test";
  const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
  const LaunchTemplateData = { ImageId: "ami-12c6146b", InstanceType: "t3.micro" as const };
  const { LaunchTemplate } = await ec2.send(
    new CreateLaunchTemplateCommand({ LaunchTemplateName: AutoScalingGroupName, LaunchTemplateData }),
  );
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName,
      MinSize: 0,
      MaxSize: 10,
      VPCZoneIdentifier: Subnets!.map(({ SubnetId }) => SubnetId).join(","),
      LaunchTemplate: { LaunchTemplateId: LaunchTemplate!.LaunchTemplateId!, Version: "1" },
      ...input,
    }),
  );
  const suspend = (process: string) => autoScaling.send(new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: [process] }));
  await suspend("AZRebalance"); // a test launches where it likes
  await autoScaling.send(new AttachInstancesCommand({ AutoScalingGroupName, InstanceIds: [...ids] }));
  await suspend("Launch"); // not before, or nothing can be attached
  await aws.advance(1);
  ec2.destroy();
  autoScaling.destroy();
  return AutoScalingGroupName;
}
