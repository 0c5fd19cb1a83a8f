/** What is left of the actions: tags, processes, metrics, activities, the small reads, and what is refused. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as sdk from "@aws-sdk/client-auto-scaling";
import { adminPaths } from "../../../../sandbox/aws/autoscaling/admin.ts";
import { actionNames, refusedActions } from "../../../../sandbox/aws/autoscaling/actions/table.ts";
import { serviceModel } from "../../../../sandbox/aws/autoscaling/protocol/shapes.ts";
import { Harness, refusal } from "./harness.ts";

describe("Auto Scaling actions", function () {
  let aws: Harness;
  before(async () => {
    aws = await Harness.start();
    await aws.createGroup("one", { DesiredCapacity: 2, Tags: [{ Key: "role", Value: "web", PropagateAtLaunch: true }] });
    await aws.createGroup("two");
  });
  after(() => aws.close());

  /** One unsigned-by-SDK request with a signature's scope, as any client could send it. */
  const raw = async (query: Record<string, string>, method = "POST") => {
    const text = new URLSearchParams(query).toString();
    const headers = {
      authorization: "AWS4-HMAC-SHA256 Credential=AKIATEST/20260131/us-east-1/autoscaling/aws4_request, SignedHeaders=host, Signature=0",
      "content-type": "application/x-www-form-urlencoded",
    };
    const answer = await fetch(method === "POST" ? aws.url : `${aws.url}/?${text}`, {
      method,
      headers,
      ...(method === "POST" && { body: text }),
    });
    return { status: answer.status, id: answer.headers.get("x-amzn-requestid"), body: await answer.text() };
  };

  it("keep tags of groups", async () => {
    const tags = async (input: sdk.DescribeTagsCommandInput = {}) => {
      const answer = await aws.autoscaling.send(new sdk.DescribeTagsCommand(input));
      return {
        rows: (answer.Tags ?? []).map(({ ResourceId, Key, Value, PropagateAtLaunch }) => [ResourceId, Key, Value, PropagateAtLaunch]),
        NextToken: answer.NextToken,
      };
    };
    const tag = (ResourceId: string, Key: string, Value?: string) => ({
      ResourceId,
      ResourceType: "auto-scaling-group",
      Key,
      Value,
      PropagateAtLaunch: true,
    });
    await aws.autoscaling.send(
      new sdk.CreateOrUpdateTagsCommand({ Tags: [tag("one", "role", "api"), tag("one", "team", "a"), tag("two", "team", "b")] }),
    );
    assert.deepEqual((await tags()).rows, [
      ["one", "role", "api", true],
      ["one", "team", "a", true],
      ["two", "team", "b", true],
    ]);
    const first = await tags({ MaxRecords: 2 });
    assert.deepEqual((await tags({ MaxRecords: 2, NextToken: first.NextToken })).rows, [["two", "team", "b", true]]);
    const filtered = await tags({
      Filters: [
        { Name: "key", Values: ["team"] },
        { Name: "auto-scaling-group", Values: ["one", "three"] },
      ],
    });
    assert.deepEqual(filtered.rows, [["one", "team", "a", true]]);
    assert.deepEqual(
      (
        await tags({
          Filters: [
            { Name: "value", Values: ["b"] },
            { Name: "propagate-at-launch", Values: ["true"] },
          ],
        })
      ).rows.length,
      1,
    );
    const remove = (Tags: sdk.Tag[]) => aws.autoscaling.send(new sdk.DeleteTagsCommand({ Tags }));
    await remove([tag("one", "team", "other"), tag("two", "team")]);
    assert.deepEqual(
      (await tags()).rows.map(([, key]) => key),
      ["role", "team"],
    );
    const put = (Tags: sdk.Tag[]) => aws.autoscaling.send(new sdk.CreateOrUpdateTagsCommand({ Tags }));
    assert.match(await refusal(put([tag("nobody", "a", "b")])), /^ValidationError: .*nobody/);
    assert.match(
      await refusal(put([{ ...tag("one", "a", "b"), ResourceType: "instance" }])),
      /^ValidationError: .*'instance'; it must be auto-scaling-group/,
    );
    assert.match(await refusal(put([tag("one", "aws:mine", "b")])), /^ValidationError: .*aws:/);
    assert.match(await refusal(remove([tag("nobody", "a")])), /^ValidationError: .*nobody/);
    assert.match(await refusal(tags({ Filters: [{ Name: "colour", Values: [] }] })), /^ValidationError: .*colour/);
  });

  it("suspend and resume processes", async () => {
    const input = { AutoScalingGroupName: "two", ScalingProcesses: ["Launch", "AZRebalance"] };
    const suspended = async () => (await aws.group("two")).SuspendedProcesses?.map(({ ProcessName }) => ProcessName);
    await aws.autoscaling.send(new sdk.SuspendProcessesCommand(input));
    assert.deepEqual((await suspended())?.sort(), ["AZRebalance", "Launch"]);
    await aws.autoscaling.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: "two", DesiredCapacity: 1 }));
    await aws.advance(60);
    assert.deepEqual(await aws.inService("two"), []);
    await aws.autoscaling.send(new sdk.ResumeProcessesCommand(input));
    await aws.advance(60);
    assert.equal((await aws.inService("two")).length, 1);
    await aws.autoscaling.send(new sdk.SuspendProcessesCommand({ AutoScalingGroupName: "two" }));
    const { Processes } = await aws.autoscaling.send(new sdk.DescribeScalingProcessTypesCommand({}));
    assert.deepEqual(
      await suspended(),
      Processes?.map(({ ProcessName }) => ProcessName),
    );
    assert.equal(Processes?.length, 9);
    await aws.autoscaling.send(new sdk.ResumeProcessesCommand({ AutoScalingGroupName: "two" }));
    assert.deepEqual(await suspended(), []);
    const wrong = aws.autoscaling.send(new sdk.SuspendProcessesCommand({ ...input, ScalingProcesses: ["Sleep"] }));
    assert.match(await refusal(wrong), /^ValidationError: .*Sleep/);
    assert.match(
      await refusal(aws.autoscaling.send(new sdk.ResumeProcessesCommand({ AutoScalingGroupName: "nobody" }))),
      /^ValidationError: .*nobody/,
    );
  });

  it("publish group metrics each minute while they are enabled", async () => {
    const collection = {
      AutoScalingGroupName: "one",
      Granularity: "1Minute",
      Metrics: ["GroupInServiceInstances", "GroupDesiredCapacity"],
    };
    await aws.autoscaling.send(new sdk.EnableMetricsCollectionCommand(collection));
    assert.deepEqual((await aws.group("one")).EnabledMetrics?.map(({ Metric, Granularity }) => [Metric, Granularity]).sort(), [
      ["GroupDesiredCapacity", "1Minute"],
      ["GroupInServiceInstances", "1Minute"],
    ]);
    aws.metrics.length = 0;
    await aws.advance(180);
    const inService = aws.metrics.filter(({ value }) => value.name === "GroupInServiceInstances");
    assert.equal(inService.length, 3);
    assert.deepEqual(inService[0], {
      namespace: "AWS/AutoScaling",
      value: {
        name: "GroupInServiceInstances",
        dimensions: { AutoScalingGroupName: "one" },
        value: 2,
        timestampMs: inService[0]?.value.timestampMs,
        unit: "None",
      },
    });
    assert.deepEqual(
      inService.map(({ value }) => value.timestampMs! % 60_000),
      [0, 0, 0],
    );
    await aws.autoscaling.send(new sdk.DisableMetricsCollectionCommand({ AutoScalingGroupName: "one" }));
    assert.deepEqual((await aws.group("one")).EnabledMetrics, []);
    const wrong = aws.autoscaling.send(new sdk.EnableMetricsCollectionCommand({ ...collection, Metrics: ["GroupMood"] }));
    assert.match(await refusal(wrong), /^ValidationError: .*GroupMood/);
    const other = aws.autoscaling.send(new sdk.EnableMetricsCollectionCommand({ ...collection, Granularity: "5Minute" }));
    assert.match(await refusal(other), /^ValidationError: .*5Minute/);
    const types = await aws.autoscaling.send(new sdk.DescribeMetricCollectionTypesCommand({}));
    assert.deepEqual(types.Granularities, [{ Granularity: "1Minute" }]);
    assert.ok(types.Metrics?.some(({ Metric }) => Metric === "WarmPoolTotalCapacity"));
  });

  it("list activities newest first, page by page, filtered, and of deleted groups on request", async () => {
    const list = async (input: sdk.DescribeScalingActivitiesCommandInput) => {
      const answer = await aws.autoscaling.send(new sdk.DescribeScalingActivitiesCommand(input));
      return {
        ids: (answer.Activities ?? []).map(({ ActivityId }) => ActivityId),
        activities: answer.Activities ?? [],
        NextToken: answer.NextToken,
      };
    };
    for (const DesiredCapacity of [3, 4, 5]) {
      await aws.autoscaling.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: "one", DesiredCapacity }));
      await aws.advance(10);
    }
    const all = await list({ AutoScalingGroupName: "one" });
    assert.equal(all.ids.length, 5);
    const times = all.activities.map(({ StartTime }) => StartTime!.getTime());
    assert.deepEqual(
      times,
      [...times].sort((one, other) => other - one),
    );
    const first = await list({ AutoScalingGroupName: "one", MaxRecords: 2 });
    await aws.autoscaling.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: "one", DesiredCapacity: 6 }));
    await aws.settled();
    const second = await list({ AutoScalingGroupName: "one", MaxRecords: 3, NextToken: first.NextToken });
    assert.deepEqual([...first.ids, ...second.ids], all.ids);
    assert.deepEqual((await list({ ActivityIds: [all.ids[1]!] })).ids, [all.ids[1]]);
    const bound = all.activities[1]!.StartTime!.toISOString();
    assert.deepEqual(
      (await list({ AutoScalingGroupName: "one", Filters: [{ Name: "StartTimeUpperBound", Values: [bound] }] })).ids,
      all.ids.slice(1),
    );
    assert.deepEqual(
      (await list({ AutoScalingGroupName: "one", Filters: [{ Name: "StartTimeLowerBound", Values: [bound.replace("Z", "")] }] })).ids.slice(
        1,
      ),
      all.ids.slice(0, 2),
    );
    assert.deepEqual((await list({ AutoScalingGroupName: "one", Filters: [{ Name: "Status", Values: ["Failed"] }] })).ids, []);
    assert.match(await refusal(list({ Filters: [{ Name: "Status", Values: ["Failed"] }] })), /^ValidationError: .*AutoScalingGroupName/);
    assert.match(
      await refusal(list({ Filters: [{ Name: "StartTimeLowerBound", Values: ["yesterday"] }] })),
      /^ValidationError: .*'yesterday'/,
    );
    assert.match(await refusal(list({ MaxRecords: 101 })), /^ValidationError: .*101/);
    assert.match(await refusal(list({ NextToken: "garbage" })), /^InvalidNextToken: /);
    await aws.autoscaling.send(new sdk.DeleteAutoScalingGroupCommand({ AutoScalingGroupName: "two", ForceDelete: true }));
    await aws.advance(5);
    assert.deepEqual((await list({ AutoScalingGroupName: "two" })).ids, []);
    const deleted = await list({ AutoScalingGroupName: "two", IncludeDeletedGroups: true });
    assert.ok(deleted.ids.length >= 2);
    assert.deepEqual(new Set(deleted.activities.map(({ AutoScalingGroupState }) => AutoScalingGroupState)), new Set(["Deleted"]));
  });

  it("answer the lists that never change and the account's limits", async () => {
    const adjustments = await aws.autoscaling.send(new sdk.DescribeAdjustmentTypesCommand({}));
    assert.deepEqual(
      adjustments.AdjustmentTypes?.map(({ AdjustmentType }) => AdjustmentType),
      ["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"],
    );
    const terminations = await aws.autoscaling.send(new sdk.DescribeTerminationPolicyTypesCommand({}));
    assert.deepEqual(terminations.TerminationPolicyTypes, [
      "AllocationStrategy",
      "ClosestToNextInstanceHour",
      "Default",
      "NewestInstance",
      "OldestInstance",
      "OldestLaunchConfiguration",
      "OldestLaunchTemplate",
    ]);
    const { MaxNumberOfAutoScalingGroups, NumberOfAutoScalingGroups } = await aws.autoscaling.send(
      new sdk.DescribeAccountLimitsCommand({}),
    );
    assert.deepEqual([MaxNumberOfAutoScalingGroups, NumberOfAutoScalingGroups], [500, 1]);
  });

  it("that are not among them answer InvalidAction, each by name", async () => {
    const required: Record<string, string> = {
      AutoScalingGroupName: "one",
      LaunchConfigurationName: "l",
      PolicyName: "p",
      StartTime: "2026-01-01T00:00:00Z",
    };
    for (const Action of Object.keys(refusedActions)) {
      const { status, body } = await raw({ Action, Version: "2011-01-01", ...required });
      assert.equal(status, 400, Action);
      assert.match(body, new RegExp(`<Type>Sender</Type><Code>InvalidAction</Code><Message>${Action} is not among`), Action);
    }
    assert.match(
      (await raw({ Action: "MakeCoffee", Version: "2011-01-01" })).body,
      /<Code>InvalidAction<\/Code><Message>Could not find operation MakeCoffee for version 2011-01-01</,
    );
    assert.match((await raw({ Action: "DescribeTags", Version: "2009-05-15" })).body, /<Code>InvalidAction<\/Code>.*2009-05-15/);
    assert.match((await raw({ Action: "DescribeTags" })).body, /<Code>InvalidAction<\/Code>.*NO_VERSION_SPECIFIED/);
    assert.match((await raw({ Version: "2011-01-01" })).body, /<Code>MissingAction<\/Code>/);
    assert.match(
      (await raw({ Action: "DescribeTags", Version: "2011-01-01", Colour: "red" })).body,
      /<Code>InvalidQueryParameter<\/Code>.*Colour/,
    );
    assert.match(
      (await raw({ Action: "DescribeTags", Version: "2011-01-01", "Filters.x.Name": "key" })).body,
      /<Code>InvalidQueryParameter<\/Code>/,
    );
    const unsigned = await fetch(aws.url, { method: "POST", body: "Action=DescribeTags&Version=2011-01-01" });
    assert.equal(unsigned.status, 403);
    assert.match(await unsigned.text(), /MissingAuthenticationToken/);
  });

  it("are taken from a query string too, and carry the request's id", async () => {
    const { status, id, body } = await raw({ Action: "DescribeAccountLimits", Version: "2011-01-01" }, "GET");
    assert.equal(status, 200);
    assert.ok(id && body.endsWith(`<ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata></DescribeAccountLimitsResponse>`));
  });

  it("refuse batches over their limits", async () => {
    const ids = Array.from({ length: 21 }, (_, index) => `i-${index.toString(16).padStart(17, "0")}`);
    const detach = aws.autoscaling.send(
      new sdk.DetachInstancesCommand({ AutoScalingGroupName: "one", InstanceIds: ids, ShouldDecrementDesiredCapacity: true }),
    );
    assert.match(await refusal(detach), /^ValidationError: /);
    const tags = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, ResourceId: "one", ResourceType: "auto-scaling-group" }));
    assert.match(
      await refusal(aws.autoscaling.send(new sdk.CreateOrUpdateTagsCommand({ Tags: tags }))),
      /^LimitExceededFault: A group has at most 50 tags/,
    );
    const whole = {
      AutoScalingGroupName: "two",
      MinSize: 0,
      MaxSize: 1,
      AvailabilityZones: ["us-east-1a"],
      LaunchTemplate: { LaunchTemplateName: "one-template" },
    };
    const create = new sdk.CreateAutoScalingGroupCommand({ ...whole, Tags: tags.map((tag) => ({ ...tag, ResourceId: "two" })) });
    assert.match(await refusal(aws.autoscaling.send(create)), /^LimitExceededFault: A group has at most 50 tags; two would have 51/);
    const eleven = Array.from(
      { length: 11 },
      (_, index) => `arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t${index}/0123456789abcdef`,
    );
    const name = { AutoScalingGroupName: "one" };
    const sources = eleven.map((Identifier) => ({ Identifier, Type: "elbv2" }));
    const names = Array.from({ length: 51 }, (_, index) => `s${index}`);
    const refusals = await Promise.all([
      refusal(aws.autoscaling.send(new sdk.AttachLoadBalancerTargetGroupsCommand({ ...name, TargetGroupARNs: eleven }))),
      refusal(aws.autoscaling.send(new sdk.DetachLoadBalancerTargetGroupsCommand({ ...name, TargetGroupARNs: eleven }))),
      refusal(aws.autoscaling.send(new sdk.AttachTrafficSourcesCommand({ ...name, TrafficSources: sources }))),
      refusal(aws.autoscaling.send(new sdk.DetachTrafficSourcesCommand({ ...name, TrafficSources: sources }))),
      refusal(aws.autoscaling.send(new sdk.BatchDeleteScheduledActionCommand({ ...name, ScheduledActionNames: names }))),
      refusal(
        aws.autoscaling.send(
          new sdk.BatchPutScheduledUpdateGroupActionCommand({
            ...name,
            ScheduledUpdateGroupActions: names.map((ScheduledActionName) => ({ ScheduledActionName })),
          }),
        ),
      ),
      refusal(aws.autoscaling.send(new sdk.DescribeAutoScalingInstancesCommand({ InstanceIds: [...ids, ...ids, ...ids] }))),
    ]);
    assert.deepEqual(
      refusals.map((text) =>
        /^ValidationError: 1 validation error detected: .* at '(\w+)' .* less than or equal to (\d+)$/.exec(text)?.slice(1),
      ),
      [
        ["targetGroupARNs", "10"],
        ["targetGroupARNs", "10"],
        ["trafficSources", "10"],
        ["trafficSources", "10"],
        ["scheduledActionNames", "50"],
        ["scheduledUpdateGroupActions", "50"],
        ["instanceIds", "50"],
      ],
    );
    const end = new sdk.TerminateInstanceInAutoScalingGroupCommand({
      AutoScalingGroupName: "one",
      InstanceIds: Array.from({ length: 101 }, () => "i-0123456789abcdef0"),
      ShouldDecrementDesiredCapacity: true,
    });
    assert.match(
      await refusal(aws.autoscaling.send(end)),
      /^ValidationError: 1 validation error detected: .*'instanceIds'.*less than or equal to 100/,
    );
  });

  it("stand in ACTIONS.md, each once with its state and a test that exists", () => {
    const folder = join(import.meta.dirname, "../../../../sandbox/aws/autoscaling");
    const lines = readFileSync(join(folder, "ACTIONS.md"), "utf8").split("\n");
    const table = lines.filter((line) => line.startsWith("| `")).map((line) => line.split("|").map((cell) => cell.trim()));
    const rows = table.filter(([, name]) => /^`[A-Z]/.test(name!));
    const paths = table.filter(([, name]) => /^`[a-z]/.test(name!)).map(([, name]) => name!.replaceAll("`", ""));
    assert.deepEqual(paths, adminPaths);
    const names = rows.map(([, name]) => name!.replaceAll("`", ""));
    const newer = ["DescribeAccountSettings", "PutAccountSetting"];
    assert.deepEqual([...names].sort(), [...serviceModel.operations.keys(), ...newer].sort());
    for (const [, name, state, , test] of rows) {
      const action = name!.replaceAll("`", "");
      const expected = actionNames.includes(action) ? ["faithful", "simplified"] : ["refused"];
      assert.ok(expected.includes(state!), `${action} is ${state!}`);
      const [, file, title] = /^`([^`]+)`: (.+)$/.exec(test!) ?? [];
      assert.ok(file && title, `the test of ${action}`);
      const source = readFileSync(join(import.meta.dirname, file), "utf8");
      assert.ok(source.includes(title), `${file} has no test «${title}» (${action})`);
      assert.ok(
        state === "refused" || source.includes(`${action}Command`) || source.includes(`"${action}"`),
        `${file} does not call ${action}`,
      );
    }
  });
});
