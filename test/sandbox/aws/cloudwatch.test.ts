/** CloudWatch with the official SDK, and the two protocols the SDK for JavaScript does not speak. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DeleteDashboardsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  DescribeAlarmsForMetricCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  GetDashboardCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListDashboardsCommand,
  ListMetricsCommand,
  ListTagsForResourceCommand,
  PutCompositeAlarmCommand,
  PutDashboardCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cloudwatch";
import type { PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { cbor, dateToTag } from "@smithy/core/cbor";
import { startTestAws } from "./local-aws.ts";
import type { TestAws } from "./local-aws.ts";

let aws: TestAws;
let cloudWatch: CloudWatchClient;

before(async () => {
  aws = await startTestAws();
  cloudWatch = new CloudWatchClient(aws.client);
});

after(async () => {
  cloudWatch.destroy();
  await aws.stop();
});

const now = async () => Date.parse(((await aws.admin("GET", "clock")) as { readonly now: string }).now);

/** Moves the clock to the next full minute. */
const toFullMinute = async () => aws.advance((60_000 - ((await now()) % 60_000)) / 1000);

async function put(namespace: string, value: number, name = "m"): Promise<void> {
  await cloudWatch.send(new PutMetricDataCommand({ Namespace: namespace, MetricData: [{ MetricName: name, Value: value }] }));
}

const alarm = (AlarmName: string, Namespace: string, more: Partial<PutMetricAlarmCommandInput> = {}): PutMetricAlarmCommandInput => ({
  ...{ AlarmName, Namespace, MetricName: "m", Statistic: "Average", Period: 60, EvaluationPeriods: 2 },
  ...{ Threshold: 80, ComparisonOperator: "GreaterThanThreshold", ...more },
});

async function stateOf(name: string): Promise<string | undefined> {
  const { MetricAlarms = [], CompositeAlarms = [] } = await cloudWatch.send(
    new DescribeAlarmsCommand({ AlarmNames: [name], AlarmTypes: ["MetricAlarm", "CompositeAlarm"] }),
  );
  return [...MetricAlarms, ...CompositeAlarms][0]?.StateValue;
}

const refusal = async (work: Promise<unknown>) =>
  work.then(
    () => ["accepted", ""],
    (error: unknown) => [(error as Error).name, (error as Error).message],
  );

describe("metrics", () => {
  it("gives statistics by period, with percentiles", async () => {
    await toFullMinute();
    const start = await now();
    for (const Value of [1, 2, 3, 10]) await put("Statistics", Value);
    await aws.advance(60);
    await put("Statistics", 7);
    const { Datapoints, Label } = await cloudWatch.send(
      new GetMetricStatisticsCommand({
        ...{ Namespace: "Statistics", MetricName: "m", Period: 60, StartTime: new Date(start), EndTime: new Date(start + 120_000) },
        ...{ Statistics: ["Sum", "Average", "Minimum", "Maximum", "SampleCount"], ExtendedStatistics: ["p50"] },
      }),
    );
    assert.equal(Label, "m");
    assert.deepEqual(Datapoints, [
      {
        Timestamp: new Date(start),
        Sum: 16,
        Average: 4,
        Minimum: 1,
        Maximum: 10,
        SampleCount: 4,
        ExtendedStatistics: { p50: 2 },
        Unit: "None",
      },
      {
        Timestamp: new Date(start + 60_000),
        Sum: 7,
        Average: 7,
        Minimum: 7,
        Maximum: 7,
        SampleCount: 1,
        ExtendedStatistics: { p50: 7 },
        Unit: "None",
      },
    ]);
  });

  it("takes values with counts and statistic sets, and large compressed calls", async () => {
    await toFullMinute();
    const StartTime = new Date(await now());
    const MetricData = [
      { MetricName: "values", Values: [1, 5], Counts: [3, 1] },
      { MetricName: "sets", StatisticValues: { SampleCount: 4, Sum: 20, Minimum: 2, Maximum: 9 } },
      ...Array.from({ length: 500 }, (_, Value) => ({
        MetricName: "many",
        Value,
        Dimensions: [{ Name: "Reason", Value: "long enough to be compressed" }],
      })),
    ];
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: "Forms", MetricData }));
    const query = (Id: string, MetricName: string, Stat: string, Dimensions: { Name: string; Value: string }[] = []) => ({
      Id,
      MetricStat: { Metric: { Namespace: "Forms", MetricName, Dimensions }, Period: 60, Stat },
    });
    const { MetricDataResults } = await cloudWatch.send(
      new GetMetricDataCommand({
        ...{ StartTime, EndTime: new Date(StartTime.getTime() + 60_000) },
        MetricDataQueries: [
          query("a", "values", "Average"),
          query("b", "sets", "Maximum"),
          query("c", "many", "SampleCount", [{ Name: "Reason", Value: "long enough to be compressed" }]),
          { Id: "d", Expression: "a + b / 2", Label: "both" },
        ],
      }),
    );
    assert.deepEqual(
      MetricDataResults?.map(({ Id, Label, Values, StatusCode }) => [Id, Label, Values, StatusCode]),
      [
        ["a", "values", [2], "Complete"],
        ["b", "sets", [9], "Complete"],
        ["c", "many", [500], "Complete"],
        ["d", "both", [6.5], "Complete"],
      ],
    );
  });

  it("pages results", async () => {
    await toFullMinute();
    const start = await now();
    for (const value of [1, 2, 3]) {
      await put("Pages", value);
      await aws.advance(60);
    }
    const input = {
      ...{ StartTime: new Date(start), EndTime: new Date(start + 180_000), MaxDatapoints: 2, ScanBy: "TimestampAscending" as const },
      MetricDataQueries: [{ Id: "a", MetricStat: { Metric: { Namespace: "Pages", MetricName: "m" }, Period: 60, Stat: "Sum" } }],
    };
    const first = await cloudWatch.send(new GetMetricDataCommand(input));
    assert.deepEqual([first.MetricDataResults?.[0]?.Values, first.MetricDataResults?.[0]?.StatusCode], [[1, 2], "PartialData"]);
    const second = await cloudWatch.send(new GetMetricDataCommand({ ...input, NextToken: first.NextToken! }));
    assert.deepEqual([second.MetricDataResults?.[0]?.Values, second.NextToken], [[3], undefined]);
  });

  it("lists metrics by namespace, name and dimension, for two weeks", async () => {
    const Dimensions = [{ Name: "Group", Value: "web" }];
    const MetricData = [
      { MetricName: "one", Dimensions, Value: 1 },
      { MetricName: "one", Value: 1 },
      { MetricName: "two", Value: 1 },
    ];
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: "Listed", MetricData }));
    const list = async (more = {}) => (await cloudWatch.send(new ListMetricsCommand({ Namespace: "Listed", ...more }))).Metrics;
    assert.equal((await list())?.length, 3);
    assert.deepEqual(await list({ Dimensions: [{ Name: "Group" }] }), [{ Namespace: "Listed", MetricName: "one", Dimensions }]);
    assert.equal((await list({ MetricName: "one" }))?.length, 2);
  });

  it("refuses what CloudWatch refuses, all faults of a call together", async () => {
    const MetricData = [
      { MetricName: "", Value: 1 },
      { MetricName: "x", Value: 1, Timestamp: new Date(0) },
    ];
    const [name, message] = await refusal(cloudWatch.send(new PutMetricDataCommand({ Namespace: "Own", MetricData })));
    assert.equal(name, "ValidationException");
    assert.match(message!, /^2 validation errors detected: .*metricData\.1\.member\.metricName.*; .*two weeks in the past/);
    const [vendor] = await refusal(put("AWS/EC2", 1));
    assert.equal(vendor, "InvalidParameterValueException");
    const range = { StartTime: new Date(0), EndTime: new Date(86_400_000 * 10) };
    const [tooMany, text] = await refusal(
      cloudWatch.send(new GetMetricStatisticsCommand({ Namespace: "Own", MetricName: "m", Period: 60, Statistics: ["Sum"], ...range })),
    );
    assert.equal(tooMany, "InvalidParameterCombinationException");
    assert.match(text!, /exceeds the limit of 1440/);
    const [math, why] = await refusal(
      cloudWatch.send(new GetMetricDataCommand({ ...range, MetricDataQueries: [{ Id: "a", Expression: "SEARCH('x', 'Sum')" }] })),
    );
    assert.equal(math, "ValidationException");
    assert.match(why!, /The function SEARCH is not part of the metric math/);
  });
});

describe("alarms", () => {
  it("go from INSUFFICIENT_DATA to OK to ALARM and back on their metric, with reasons and history", async () => {
    await toFullMinute();
    await cloudWatch.send(new PutMetricAlarmCommand(alarm("course", "Course")));
    assert.equal(await stateOf("course"), "INSUFFICIENT_DATA");
    const seen: (string | undefined)[] = [];
    for (const value of [50, 90, 90, 50]) {
      await put("Course", value);
      await aws.advance(60);
      seen.push(await stateOf("course"));
    }
    assert.deepEqual(seen, ["OK", "OK", "ALARM", "OK"]);
    const { AlarmHistoryItems = [] } = await cloudWatch.send(
      new DescribeAlarmHistoryCommand({ AlarmName: "course", HistoryItemType: "StateUpdate", ScanBy: "TimestampAscending" }),
    );
    assert.deepEqual(
      AlarmHistoryItems.map(({ HistorySummary }) => HistorySummary),
      ["Alarm updated from INSUFFICIENT_DATA to OK", "Alarm updated from OK to ALARM", "Alarm updated from ALARM to OK"],
    );
    const { newState } = JSON.parse(AlarmHistoryItems[1]!.HistoryData!) as { readonly newState: { readonly stateReason: string } };
    assert.match(
      newState.stateReason,
      /^Threshold Crossed: 2 out of the last 2 datapoints \[90\.0 \(\d\d\/\d\d\/\d\d \d\d:\d\d:00\), 90\.0 \(.*\)\] were greater than the threshold \(80\.0\) \(minimum 2 datapoints for OK -> ALARM transition\)\.$/,
    );
  });

  it("publish the documented message once for a change", async () => {
    const sns = new SNSClient(aws.client);
    const sqs = new SQSClient(aws.client);
    const TopicArn = (await sns.send(new CreateTopicCommand({ Name: "operators" }))).TopicArn!;
    const queueArn = "arn:aws:sqs:eu-west-1:123456789012:operators";
    const Policy = JSON.stringify({
      Statement: [{ Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: queueArn }],
    });
    const QueueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: "operators", Attributes: { Policy } }))).QueueUrl!;
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: queueArn, Attributes: { RawMessageDelivery: "true" } }));
    await toFullMinute();
    await cloudWatch.send(
      new PutMetricAlarmCommand(
        alarm("told", "Told", {
          EvaluationPeriods: 1,
          AlarmActions: [TopicArn],
          AlarmDescription: "too much",
          Dimensions: [{ Name: "Group", Value: "web" }],
        }),
      ),
    );
    for (let minute = 0; minute < 3; minute++) {
      const MetricData = [{ MetricName: "m", Value: 99, Dimensions: [{ Name: "Group", Value: "web" }] }];
      await cloudWatch.send(new PutMetricDataCommand({ Namespace: "Told", MetricData }));
      await aws.advance(60);
    }
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    assert.equal(Messages.length, 1);
    const message = JSON.parse(Messages[0]!.Body!) as Record<string, unknown>;
    assert.deepEqual(
      [
        message["AlarmName"],
        message["AWSAccountId"],
        message["NewStateValue"],
        message["OldStateValue"],
        message["Region"],
        message["AlarmArn"],
      ],
      ["told", "123456789012", "ALARM", "INSUFFICIENT_DATA", "EU (Ireland)", "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:told"],
    );
    assert.deepEqual(message["Trigger"], {
      ...{ MetricName: "m", Namespace: "Told", StatisticType: "Statistic", Statistic: "AVERAGE", Unit: null },
      Dimensions: [{ value: "web", name: "Group" }],
      ...{ Period: 60, EvaluationPeriods: 1, DatapointsToAlarm: 1, ComparisonOperator: "GreaterThanThreshold", Threshold: 80 },
      ...{ TreatMissingData: "missing", EvaluateLowSampleCountPercentile: "" },
    });
    sns.destroy();
    sqs.destroy();
  });

  it("tell EventBridge of every change", async () => {
    const sqs = new SQSClient(aws.client);
    const events = new EventBridgeClient(aws.client);
    const QueueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: "alarm-events" }))).QueueUrl!;
    await events.send(
      new PutRuleCommand({ Name: "alarms", EventPattern: '{"source":["aws.cloudwatch"],"detail":{"alarmName":["evented"]}}' }),
    );
    const Arn = "arn:aws:sqs:eu-west-1:123456789012:alarm-events";
    await events.send(new PutTargetsCommand({ Rule: "alarms", Targets: [{ Id: "q", Arn }] }));
    await cloudWatch.send(new PutMetricAlarmCommand(alarm("evented", "Evented", { TreatMissingData: "breaching" })));
    await aws.advance(60);
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5 }));
    assert.equal(Messages.length, 1);
    const event = JSON.parse(Messages[0]!.Body!) as {
      readonly "detail-type": string;
      readonly resources: readonly string[];
      readonly detail: {
        readonly state: { readonly value: string; readonly reason: string };
        readonly previousState: { readonly value: string };
        readonly configuration: {
          readonly metrics: readonly { readonly metricStat: { readonly stat: string; readonly period: number } }[];
        };
      };
    };
    assert.equal(event["detail-type"], "CloudWatch Alarm State Change");
    assert.deepEqual(event.resources, ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:evented"]);
    const { state, previousState, configuration } = event.detail;
    assert.deepEqual([state.value, previousState.value], ["ALARM", "INSUFFICIENT_DATA"]);
    assert.equal(
      state.reason,
      "Threshold Crossed: no datapoints were received for 2 periods and 2 datapoints were treated as [Breaching].",
    );
    assert.deepEqual([configuration.metrics[0]!.metricStat.stat, configuration.metrics[0]!.metricStat.period], ["Average", 60]);
    // Nobody else may speak for AWS.
    const forged = await events.send(new PutEventsCommand({ Entries: [{ Source: "aws.cloudwatch", DetailType: "x", Detail: "{}" }] }));
    assert.deepEqual([forged.FailedEntryCount, forged.Entries?.[0]?.ErrorCode], [1, "NotAuthorizedForSourceException"]);
    sqs.destroy();
    events.destroy();
  });

  it("treat missing data as they are told", async () => {
    await toFullMinute();
    for (const TreatMissingData of ["breaching", "notBreaching", "ignore", "missing"]) {
      await cloudWatch.send(new PutMetricAlarmCommand(alarm(`gap-${TreatMissingData}`, "Gap", { TreatMissingData })));
    }
    await aws.advance(60);
    const states = await Promise.all(["breaching", "notBreaching", "ignore", "missing"].map((treatment) => stateOf(`gap-${treatment}`)));
    assert.deepEqual(states, ["ALARM", "OK", "INSUFFICIENT_DATA", "INSUFFICIENT_DATA"]);
  });

  it("watch metric math", async () => {
    await toFullMinute();
    const metric = (Id: string, MetricName: string) => ({
      Id,
      ReturnData: false,
      MetricStat: { Metric: { Namespace: "Math", MetricName }, Period: 60, Stat: "Sum" },
    });
    const Metrics = [
      metric("errors", "errors"),
      metric("all", "all"),
      { Id: "rate", Expression: "100 * FILL(errors, 0) / all", Label: "%" },
    ];
    await cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName: "math",
        Metrics,
        EvaluationPeriods: 1,
        Threshold: 5,
        ComparisonOperator: "GreaterThanThreshold",
      }),
    );
    await put("Math", 100, "all");
    await aws.advance(60);
    assert.equal(await stateOf("math"), "OK");
    await put("Math", 100, "all");
    await put("Math", 6, "errors");
    await aws.advance(60);
    assert.equal(await stateOf("math"), "ALARM");
    const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: ["math"] }));
    assert.deepEqual(
      MetricAlarms?.[0]?.Metrics?.map(({ Id, ReturnData }) => [Id, ReturnData]),
      [
        ["errors", false],
        ["all", false],
        ["rate", true],
      ],
    );
  });

  it("fall back from a state that was set by hand at the next evaluation", async () => {
    await toFullMinute();
    await cloudWatch.send(new PutMetricAlarmCommand(alarm("by-hand", "ByHand", { TreatMissingData: "notBreaching" })));
    await aws.advance(60);
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName: "by-hand", StateValue: "ALARM", StateReason: "drill" }));
    assert.equal(await stateOf("by-hand"), "ALARM");
    await aws.advance(60);
    assert.equal(await stateOf("by-hand"), "OK");
  });

  it("are described as they were put, and keep their state when changed", async () => {
    const input = alarm("as-put", "AsPut", {
      ...{ DatapointsToAlarm: 1, TreatMissingData: "breaching", Unit: "Percent", AlarmDescription: "d", ActionsEnabled: false },
      Dimensions: [{ Name: "Group", Value: "web" }],
    });
    await cloudWatch.send(new PutMetricAlarmCommand({ ...input, Tags: [{ Key: "a", Value: "b" }] }));
    await cloudWatch.send(new SetAlarmStateCommand({ AlarmName: "as-put", StateValue: "OK", StateReason: "r" }));
    await cloudWatch.send(new PutMetricAlarmCommand({ ...input, Threshold: 90 }));
    const [described] = (await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNamePrefix: "as-" }))).MetricAlarms!;
    for (const [name, value] of Object.entries({ ...input, Threshold: 90 }))
      assert.deepEqual(described![name as keyof typeof described], value, name);
    assert.equal(described!.StateValue, "OK");
    const ResourceARN = described!.AlarmArn!;
    await cloudWatch.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: "c", Value: "d" }] }));
    await cloudWatch.send(new UntagResourceCommand({ ResourceARN, TagKeys: ["a"] }));
    assert.deepEqual((await cloudWatch.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags, [{ Key: "c", Value: "d" }]);
    await cloudWatch.send(new EnableAlarmActionsCommand({ AlarmNames: ["as-put"] }));
    const { MetricAlarms } = await cloudWatch.send(
      new DescribeAlarmsForMetricCommand({ Namespace: "AsPut", MetricName: "m", Dimensions: [{ Name: "Group", Value: "web" }] }),
    );
    assert.deepEqual(
      MetricAlarms?.map(({ AlarmName, ActionsEnabled }) => [AlarmName, ActionsEnabled]),
      [["as-put", true]],
    );
    await cloudWatch.send(new DisableAlarmActionsCommand({ AlarmNames: ["as-put"] }));
    await cloudWatch.send(new DeleteAlarmsCommand({ AlarmNames: ["as-put"] }));
    assert.equal(await stateOf("as-put"), undefined);
  });

  it("are refused with every fault named", async () => {
    const faulty = { AlarmName: "x", Period: 45, EvaluationPeriods: 0, Statistic: "Mean" } as unknown as PutMetricAlarmCommandInput;
    const [name, message] = await refusal(cloudWatch.send(new PutMetricAlarmCommand(faulty)));
    assert.equal(name, "ValidationException");
    for (const fault of [
      /^\d validation errors detected/,
      /evaluationPeriods/,
      /comparisonOperator/,
      /threshold/,
      /period/,
      /statistic/,
      /namespace/,
      /metricName/,
    ]) {
      assert.match(message!, fault);
    }
    const [, long] = await refusal(cloudWatch.send(new PutMetricAlarmCommand(alarm("x", "X", { Period: 300, EvaluationPeriods: 300 }))));
    assert.match(long!, /EvaluationPeriods \* Period must be <= 86400/);
    const [, more] = await refusal(cloudWatch.send(new PutMetricAlarmCommand(alarm("x", "X", { DatapointsToAlarm: 3 }))));
    assert.match(more!, /'DatapointsToAlarm' must be less than or equal/);
    const [missing] = await refusal(cloudWatch.send(new DeleteAlarmsCommand({ AlarmNames: ["never"] })));
    assert.equal(missing, "ResourceNotFound");
    const [unset] = await refusal(cloudWatch.send(new SetAlarmStateCommand({ AlarmName: "never", StateValue: "OK", StateReason: "r" })));
    assert.equal(unset, "ResourceNotFound");
  });
});

describe("composite alarms", () => {
  it("follow their children at once and are protected from losing them", async () => {
    for (const name of ["child-a", "child-b"])
      await cloudWatch.send(new PutMetricAlarmCommand(alarm(name, "Children", { TreatMissingData: "ignore" })));
    const AlarmRule = 'ALARM("child-a") AND NOT ALARM("child-b")';
    await cloudWatch.send(new PutCompositeAlarmCommand({ AlarmName: "parent", AlarmRule }));
    assert.equal(await stateOf("parent"), "OK");
    const set = (AlarmName: string, StateValue: "ALARM" | "OK") =>
      cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: "r" }));
    await set("child-a", "ALARM");
    assert.equal(await stateOf("parent"), "ALARM");
    await set("child-b", "ALARM");
    assert.equal(await stateOf("parent"), "OK");
    const [code, why] = await refusal(cloudWatch.send(new DeleteAlarmsCommand({ AlarmNames: ["child-a"] })));
    assert.equal(code, "ValidationException");
    assert.match(why!, /composite alarm\(s\) depending on it/);
    const [unknown] = await refusal(cloudWatch.send(new PutCompositeAlarmCommand({ AlarmName: "orphan", AlarmRule: "ALARM(nobody)" })));
    assert.equal(unknown, "ValidationException");
    const [syntax, text] = await refusal(
      cloudWatch.send(new PutCompositeAlarmCommand({ AlarmName: "orphan", AlarmRule: "ALARM(child-a) ODER TRUE" })),
    );
    assert.equal(syntax, "ValidationException");
    assert.match(text!, /unexpected "ODER"/);
  });

  it("hold their actions back while the suppressor is in ALARM", async () => {
    const history = async () =>
      (await cloudWatch.send(new DescribeAlarmHistoryCommand({ AlarmName: "held", HistoryItemType: "Action" }))).AlarmHistoryItems?.length;
    for (const name of ["load", "maintenance"])
      await cloudWatch.send(new PutMetricAlarmCommand(alarm(name, "Held", { TreatMissingData: "ignore" })));
    const topic = "arn:aws:sns:eu-west-1:123456789012:operators";
    await cloudWatch.send(
      new PutCompositeAlarmCommand({
        ...{ AlarmName: "held", AlarmRule: "ALARM(load)", AlarmActions: [topic], ActionsSuppressor: "maintenance" },
        ...{ ActionsSuppressorWaitPeriod: 60, ActionsSuppressorExtensionPeriod: 120 },
      }),
    );
    const set = (AlarmName: string, StateValue: "ALARM" | "OK") =>
      cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: "r" }));
    await set("load", "ALARM");
    await aws.advance(30);
    assert.equal(await history(), 0); // waiting for the suppressor
    await set("maintenance", "ALARM");
    await aws.advance(90);
    assert.equal(await history(), 0);
    await set("maintenance", "OK");
    await aws.advance(60);
    assert.equal(await history(), 0); // the extension
    await aws.advance(61);
    assert.equal(await history(), 1);
  });
});

describe("dashboards", () => {
  it("are stored, listed and deleted", async () => {
    const DashboardBody = '{"widgets":[]}';
    await cloudWatch.send(new PutDashboardCommand({ DashboardName: "fleet", DashboardBody }));
    assert.equal((await cloudWatch.send(new GetDashboardCommand({ DashboardName: "fleet" }))).DashboardBody, DashboardBody);
    const { DashboardEntries } = await cloudWatch.send(new ListDashboardsCommand({}));
    assert.deepEqual(
      DashboardEntries?.map(({ DashboardName, Size }) => [DashboardName, Size]),
      [["fleet", 14]],
    );
    await cloudWatch.send(new DeleteDashboardsCommand({ DashboardNames: ["fleet"] }));
    const [gone] = await refusal(cloudWatch.send(new GetDashboardCommand({ DashboardName: "fleet" })));
    assert.equal(gone, "ResourceNotFound");
    const [invalid] = await refusal(cloudWatch.send(new PutDashboardCommand({ DashboardName: "fleet", DashboardBody: "{" })));
    assert.equal(invalid, "DashboardInvalidInputError");
  });
});

/** Rows of the table in sandbox/aws/ACTIONS.md. */
function ownActions() {
  const text = readFileSync(join(import.meta.dirname, "../../../sandbox/aws/ACTIONS.md"), "utf8");
  return [...text.matchAll(/^\| ([^|]+?) +\| `([^`]+)` +\| (\w+) +\|[^|]*\| `([^`]+)`: (.+?) +\|$/gm)].map(
    ([, service = "", action = "", state = "", file = "", title = ""]) => ({ service, action, state, file, title }),
  );
}

describe("protocols", () => {
  const authorization = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/monitoring/aws4_request, SignedHeaders=host, Signature=0";

  it("answers Query", async () => {
    const call = (parameters: Record<string, string>) =>
      fetch(aws.endpoint, {
        method: "POST",
        headers: { authorization },
        body: new URLSearchParams({ Version: "2010-08-01", ...parameters }),
      });
    const stored = await call({
      ...{ Action: "PutMetricData", Namespace: "Query", "MetricData.member.1.MetricName": "m", "MetricData.member.1.Value": "4.5" },
      ...{ "MetricData.member.1.Dimensions.member.1.Name": "A & B", "MetricData.member.1.Dimensions.member.1.Value": "<1>" },
    });
    assert.equal(stored.status, 200);
    const listed = await (await call({ Action: "ListMetrics", Namespace: "Query" })).text();
    assert.match(
      listed,
      /<ListMetricsResponse xmlns="http:\/\/monitoring\.amazonaws\.com\/doc\/2010-08-01\/"><ListMetricsResult><Metrics><member><Namespace>Query<\/Namespace><MetricName>m<\/MetricName><Dimensions><member><Name>A &amp; B<\/Name><Value>&lt;1&gt;<\/Value><\/member>/,
    );
    const unknown = await call({ Action: "PutAnomalyDetector" });
    assert.equal(unknown.status, 400);
    const refusal = await unknown.text();
    assert.match(refusal, /<Type>Sender<\/Type><Code>InvalidAction<\/Code>/);
    const names = /this local CloudWatch; it has ([^.]+)\./.exec(refusal)?.[1]?.split(", ") ?? [];
    const rows = ownActions().filter(({ service }) => service === "CloudWatch");
    assert.deepEqual(rows.map(({ action }) => action).sort(), names.sort());
  });

  it("stands in ACTIONS.md with the other actions that are ours, each with its state and a test that exists", () => {
    for (const { service, action, state, file, title } of ownActions()) {
      assert.ok(state === "faithful" || state === "simplified", `${service} ${action} is ${state}`);
      const source = readFileSync(join(import.meta.dirname, file), "utf8");
      assert.ok(source.includes(`it("${title}"`), `${file} has no test «${title}» (${action})`);
      assert.ok(source.includes(`${action}Command`) || source.includes(`"${action}"`), `${file} does not call ${action}`);
    }
  });

  it("answers RPC v2 CBOR", async () => {
    const call = async (operation: string, input: Record<string, unknown>) => {
      const answer = await fetch(`${aws.endpoint}/service/GraniteServiceVersion20100801/operation/${operation}`, {
        method: "POST",
        headers: { authorization, "smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor" },
        body: Buffer.from(cbor.serialize(input)),
      });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      return { answer, output: (bytes.length === 0 ? {} : cbor.deserialize(bytes)) as Record<string, unknown> };
    };
    const at = new Date(await now());
    const stored = await call("PutMetricData", {
      Namespace: "Cbor",
      MetricData: [{ MetricName: "m", Value: 2.5, Timestamp: dateToTag(at) }],
    });
    assert.equal(stored.answer.status, 200);
    const { answer, output } = await call("GetMetricStatistics", {
      ...{ Namespace: "Cbor", MetricName: "m", Period: 60, Statistics: ["Sum"] },
      ...{ StartTime: dateToTag(new Date(at.getTime() - 60_000)), EndTime: dateToTag(new Date(at.getTime() + 60_000)) },
    });
    assert.equal(answer.headers.get("smithy-protocol"), "rpc-v2-cbor");
    assert.deepEqual(
      (output["Datapoints"] as { Sum: number }[]).map(({ Sum }) => Sum),
      [2.5],
    );
    const refused = await call("DeleteAlarms", { AlarmNames: ["never"] });
    assert.equal(refused.answer.status, 404);
    assert.equal(refused.answer.headers.get("x-amzn-query-error"), "ResourceNotFound;Sender");
    assert.equal(refused.output["__type"], "ResourceNotFound");
  });

  it("serves boto3", async () => {
    const script = `
import boto3, datetime, sys
from botocore.exceptions import ClientError
client = boto3.client("cloudwatch", endpoint_url=sys.argv[1], region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
client.put_metric_data(Namespace="Boto", MetricData=[{"MetricName": "m", "Value": 1.5, "Dimensions": [{"Name": "d", "Value": "x"}]}])
client.put_metric_alarm(AlarmName="boto", Namespace="Boto", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=2, ComparisonOperator="GreaterThanThreshold")
alarm = client.describe_alarms(AlarmNames=["boto"])["MetricAlarms"][0]
assert isinstance(alarm["StateUpdatedTimestamp"], datetime.datetime)
try:
    client.delete_alarms(AlarmNames=["never"])
except ClientError as error:
    code = error.response["Error"]["Code"]
print(client.list_metrics(Namespace="Boto")["Metrics"][0]["Dimensions"], alarm["StateValue"], alarm["Threshold"], code)
`;
    const python = join(import.meta.dirname, "../../../.venv/bin/python");
    const { stdout } = await promisify(execFile)(python, ["-c", script, aws.endpoint], { env: { PATH: process.env["PATH"] } });
    assert.equal(stdout.trim(), "[{'Name': 'd', 'Value': 'x'}] INSUFFICIENT_DATA 2 ResourceNotFound");
  });
});
