/** Failed boots of a real stack raise its alarm: metric, alarm, topic, and the queue of the operators, who hear of the fifth, not of the fourth. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { FleetOutput, FleetsOutput } from "../../contract/fleets-output.ts";
import { ensureAws, type LocalAws } from "../../sandbox/aws/lifetime.ts";
import { whyNoBoot } from "../../sandbox/boot/ability.ts";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import { Checkout } from "../helpers/checkout.ts";
import { clientOptions } from "../helpers/inventory.ts";

const managedNode = {
  source: { type: "GitHub", info: { owner: "example", repository: "cookbooks", path: "app" } },
  runList: ["recipe[storefront]"],
};

describe("the alarm on failed boots", function () {
  let checkout: Checkout;
  let aws: LocalAws;
  before(async () => {
    assert.equal(whyNoBoot(), undefined);
    checkout = new Checkout();
    // Alarms are evaluated every fifteen seconds; half an hour is still longer than all of this takes.
    aws = await ensureAws({ root: checkout.path, region: "eu-central-1", speed: 4, log: () => undefined });
  });
  after(() => checkout.remove());

  /** Waits for a condition; two minutes are a hang on any machine. */
  const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
    for (const deadline = performance.now() + 120_000; performance.now() < deadline;) {
      const found = await look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return assert.fail(`waited in vain for ${what}`);
  };

  it("tells operators of the fifth within half an hour", async () => {
    const options = clientOptions(aws.endpoint, aws.region);
    const [sns, sqs, cloudWatch, scaling] = [
      new SNSClient(options),
      new SQSClient(options),
      new CloudWatchClient(options),
      new AutoScalingClient(options),
    ];
    const { TopicArn: topicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "operators" }));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "operators" }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
    const queueArn = Attributes?.["QueueArn"] ?? "";
    const policy = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: queueArn }],
    };
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: JSON.stringify(policy) } }));
    await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: "sqs", Endpoint: queueArn }));

    const { home } = (await (await fetch(`${aws.endpoint}/_fleet/boot`, { method: "POST" })).json()) as { home: string };
    const fail = (instances: readonly number[]) =>
      writeFileSync(join(home, "told/hostnamectl.json"), JSON.stringify({ failures: 99, status: 1, instances }));
    fail([1, 2, 3, 4]);
    const app = await up(topicArn);
    const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNamePrefix: app.prefix }));
    const alarm = MetricAlarms.find(({ MetricName }) => MetricName === "BootFailures");
    const alarmName = alarm?.AlarmName;
    assert.ok(alarmName);
    const stateOf = async (name: string) => {
      const { MetricAlarms: [alarm] = [] } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
      return alarm?.StateValue;
    };
    const alarming = (name: string) => until(`${name} to be on`, async () => ((await stateOf(name)) === "ALARM" ? true : undefined));
    const told = async () => {
      const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
      if (message === undefined) return undefined;
      const { Message: text } = JSON.parse(message.Body ?? "") as { readonly Message: string };
      const change = JSON.parse(text) as { readonly AlarmName: string; readonly NewStateValue: string; readonly NewStateReason: string };
      return change.AlarmName === alarmName && change.NewStateValue === "ALARM" ? change : undefined;
    };

    // Evaluated in the same minute as the fleet's own, which the fourth must leave off.
    const { Dimensions, Namespace, MetricName, Period } = alarm;
    const probe = { Namespace, MetricName, Dimensions, Period, Statistic: "Sum", EvaluationPeriods: 1, Threshold: 4 } as const;
    const comparison = { ComparisonOperator: "GreaterThanOrEqualToThreshold" } as const;
    await cloudWatch.send(new PutMetricAlarmCommand({ AlarmName: "four", ...probe, ...comparison }));
    await alarming("four");
    assert.equal(await stateOf(alarmName), "OK");

    fail([7]);
    const [first] = await membersInService(scaling, app.group.name);
    await scaling.send(new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: first, ShouldDecrementDesiredCapacity: false }));
    await alarming(alarmName);
    const { NewStateReason } = await until("the message", told);
    assert.match(NewStateReason, /datapoint \[5\.0 .*was greater than or equal to the threshold \(5\.0\)/);
  });

  async function up(topicArn: string): Promise<FleetOutput> {
    const settings = [
      "fleet:consumer.kind=none",
      `fleet:alerts=${JSON.stringify({ topicArn })}`,
      "fleet:fleets.app.size.min=2",
      "fleet:fleets.app.provisioning=managed-node",
      `fleet:fleets.app.managedNode=${JSON.stringify(managedNode)}`,
    ];
    const args = ["up", "--stack", "staging", "--json", "--keep", "--boot", ...settings.flatMap((one) => ["--set", one])];
    const { stdout, stderr } = await checkout.run("sandbox/cli.ts", args, { timeoutMs: 240_000 });
    assert.match(stdout, /^\{/, stderr.slice(-3_000));
    const result = JSON.parse(stdout) as DeployResult;
    assert.ok(result.ok, JSON.stringify(result.diagnostics) + stderr);
    return (result.outputs["fleets"] as FleetsOutput)["app"]!;
  }

  async function membersInService(scaling: AutoScalingClient, group: string): Promise<string[]> {
    const { AutoScalingGroups: [found] = [] } = await scaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
    );
    return (found?.Instances ?? []).filter((one) => one.LifecycleState === "InService").map(({ InstanceId: id = "" }) => id);
  }
});
