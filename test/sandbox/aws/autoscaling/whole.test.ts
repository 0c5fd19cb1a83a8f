/** The service inside the whole local AWS: load makes an alarm, the alarm a policy, the policy instances, and notices reach their queue. */
import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { CreateLaunchTemplateCommand, DescribeSubnetsCommand, EC2Client, RegisterImageCommand } from "@aws-sdk/client-ec2";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { startTestAws, type TestAws } from "../local-aws.ts";

describe("Auto Scaling in the local AWS", function () {
  let aws: TestAws;
  let autoscaling: sdk.AutoScalingClient;
  let cloudWatch: CloudWatchClient;
  let sqs: SQSClient;
  let queueUrl: string;

  const group = async () =>
    (await autoscaling.send(new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ["web"] }))).AutoScalingGroups?.[0];
  const notices = async () => {
    const found: Record<string, string>[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }));
      if (Messages.length === 0) return found;
      found.push(...Messages.map(({ Body }) => JSON.parse((JSON.parse(Body!) as { Message: string }).Message) as Record<string, string>));
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    }
  };

  before(async () => {
    aws = await startTestAws();
    const options = aws.client;
    autoscaling = new sdk.AutoScalingClient(options);
    cloudWatch = new CloudWatchClient(options);
    sqs = new SQSClient(options);
    const ec2 = new EC2Client(options);
    const sns = new SNSClient(options);
    const { ImageId } = await ec2.send(new RegisterImageCommand({ Name: "baked", RootDeviceName: "/dev/xvda" }));
    const LaunchTemplateData = { ImageId, InstanceType: "t3.micro" as const };
    await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: "web", LaunchTemplateData }));
    const { Subnets } = await ec2.send(new DescribeSubnetsCommand({}));
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "notices" }));
    queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: "notices" }))).QueueUrl!;
    const queueArn = "arn:aws:sqs:eu-west-1:123456789012:notices";
    const Statement = [{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: queueArn }];
    await sqs.send(
      new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { Policy: JSON.stringify({ Version: "2012-10-17", Statement }) } }),
    );
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: queueArn }));
    await autoscaling.send(
      new sdk.CreateAutoScalingGroupCommand({
        AutoScalingGroupName: "web",
        MinSize: 1,
        MaxSize: 4,
        DefaultInstanceWarmup: 0,
        LaunchTemplate: { LaunchTemplateName: "web" },
        VPCZoneIdentifier: Subnets!
          .slice(0, 2)
          .map(({ SubnetId }) => SubnetId)
          .join(","),
      }),
    );
    const NotificationTypes = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"];
    await autoscaling.send(
      new sdk.PutNotificationConfigurationCommand({ AutoScalingGroupName: "web", TopicARN: TopicArn, NotificationTypes }),
    );
    await aws.advance(1);
    for (const client of [ec2, sns]) client.destroy();
  });
  after(async () => {
    for (const client of [autoscaling, cloudWatch, sqs]) client.destroy();
    await aws.stop();
  });

  it("grows and shrinks with the load, and tells of it", async () => {
    const policy = async (PolicyName: string, ScalingAdjustment: number, bound: object, threshold: object) => {
      const { PolicyARN } = await autoscaling.send(
        new sdk.PutScalingPolicyCommand({
          AutoScalingGroupName: "web",
          PolicyName,
          PolicyType: "StepScaling",
          AdjustmentType: "ChangeInCapacity",
          StepAdjustments: [{ ScalingAdjustment, ...bound }],
        }),
      );
      await cloudWatch.send(
        new PutMetricAlarmCommand({
          AlarmName: `web-${PolicyName}`,
          AlarmActions: [PolicyARN!],
          Namespace: "AWS/EC2",
          MetricName: "CPUUtilization",
          Dimensions: [{ Name: "AutoScalingGroupName", Value: "web" }],
          Statistic: "Average",
          Period: 60,
          EvaluationPeriods: 2,
          TreatMissingData: "ignore",
          ComparisonOperator: "GreaterThanThreshold",
          Threshold: 60,
          ...threshold,
        }),
      );
    };
    await policy("up", 1, { MetricIntervalLowerBound: 0 }, {});
    await policy("down", -1, { MetricIntervalUpperBound: 0 }, { ComparisonOperator: "LessThanThreshold", Threshold: 20 });
    const launched = (await notices()).map(({ Event }) => Event);
    assert.deepEqual(
      launched.sort(),
      ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:TEST_NOTIFICATION"].slice(launched.length === 1 ? 1 : 0),
    );
    await aws.admin("POST", "autoscaling/load", { group: "web", cpuPercent: 150, shared: true });
    await aws.advance(600);
    // 150 % over one instance, then two (75 %), then three (50 %), which is below the threshold.
    assert.deepEqual([(await group())?.DesiredCapacity, (await group())?.Instances?.length], [3, 3]);
    assert.deepEqual(
      (await notices()).map(({ Event }) => Event),
      ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH"],
    );
    await aws.admin("POST", "autoscaling/load", { group: "web", cpuPercent: 0 });
    await aws.advance(600);
    assert.deepEqual([(await group())?.DesiredCapacity, (await group())?.Instances?.length], [1, 1]);
    assert.deepEqual(
      (await notices()).map(({ Event }) => Event),
      ["autoscaling:EC2_INSTANCE_TERMINATE", "autoscaling:EC2_INSTANCE_TERMINATE"],
    );
  });

  it("puts group metrics and the alarms of target tracking into CloudWatch", async () => {
    await autoscaling.send(new sdk.EnableMetricsCollectionCommand({ AutoScalingGroupName: "web", Granularity: "1Minute" }));
    await aws.advance(180);
    const now = new Date(((await aws.admin("GET", "clock")) as { now: string }).now);
    const { Datapoints } = await cloudWatch.send(
      new GetMetricStatisticsCommand({
        Namespace: "AWS/AutoScaling",
        MetricName: "GroupInServiceInstances",
        Dimensions: [{ Name: "AutoScalingGroupName", Value: "web" }],
        StartTime: new Date(now.getTime() - 180_000),
        EndTime: now,
        Period: 60,
        Statistics: ["Maximum"],
      }),
    );
    assert.deepEqual(new Set(Datapoints?.map(({ Maximum }) => Maximum)), new Set([1]));
    const TargetTrackingConfiguration = {
      PredefinedMetricSpecification: { PredefinedMetricType: "ASGAverageCPUUtilization" as const },
      TargetValue: 50,
    };
    const { Alarms } = await autoscaling.send(
      new sdk.PutScalingPolicyCommand({
        AutoScalingGroupName: "web",
        PolicyName: "track",
        PolicyType: "TargetTrackingScaling",
        TargetTrackingConfiguration,
      }),
    );
    await aws.advance(1);
    const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: Alarms!.map(({ AlarmName }) => AlarmName!) }));
    assert.deepEqual(MetricAlarms?.map(({ Threshold }) => Threshold).sort(), [35, 50]);
    const { ScalingPolicies } = await autoscaling.send(
      new sdk.DescribePoliciesCommand({ AutoScalingGroupName: "web", PolicyNames: ["up"] }),
    );
    assert.deepEqual(
      ScalingPolicies?.[0]?.Alarms?.map(({ AlarmName }) => AlarmName),
      ["web-up"],
    );
  });

  it("refuses an injection that makes no sense with the reason", async () => {
    await assert.rejects(aws.admin("POST", "autoscaling/load", { group: "nobody", cpuPercent: 1 }), /there is no group nobody/);
  });
});
