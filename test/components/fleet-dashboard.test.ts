import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { dashboardWidgets, type Widget } from "../../components/dashboard-body.ts";
import { FleetDashboard } from "../../components/fleet-dashboard.ts";
import { dashboardPicture, picturedFacts, pictureFile } from "./dashboard-picture.ts";
import { down, up } from "./helpers/args.ts";
import { accountId, region, settled, startMocks, valueOf } from "./helpers/mocks.ts";

const arn = (queue: string) => `arn:aws:sqs:${region}:${accountId}:${queue}`;
const titled = (widgets: readonly Widget[], title: string) => {
  const found = widgets.filter(({ properties }) => properties.title === title);
  assert.equal(found.length, 1, `widgets with title ${title}`);
  return found[0]!;
};

describe("components/fleet-dashboard", () => {
  it("shows sizes, metric with thresholds, alarms, roll-outs, queue age, dead letters and removals", async () => {
    const recorder = await startMocks();
    const policy = { kind: "step", policyArn: "arn:x" } as const;
    const policies = [
      { ...policy, ...up, direction: "up", alarmName: "up-alarm" },
      { ...policy, ...down, direction: "down", alarmName: "down-alarm" },
    ] as const;
    const dashboard = new FleetDashboard("operations", {
      prefix: "storefront-staging-web-v3",
      region,
      accountId,
      partition: "aws",
      fleets: [
        {
          name: "app",
          groupName: pulumi.output("group-1"),
          size: { min: 2, max: 6 },
          scaling: { policies, composites: { busy: "busy-alarm" } },
        },
      ],
      notices: { queueArn: arn("queue-1"), deadLetterQueueArn: arn("dead-1") },
      maxAgeSeconds: 3600,
      cleansUp: true,
      tags: { "fleet:product": "storefront" },
    });
    await settled();
    assert.equal(await valueOf(dashboard.dashboardName), "storefront-staging-web-v3");
    const { inputs } = recorder.one("aws:cloudwatch/dashboard:Dashboard");
    const { widgets } = JSON.parse(String(inputs["dashboardBody"])) as { widgets: Widget[] };
    assert.deepEqual(titled(widgets, "Instances").properties.annotations?.horizontal, [
      { label: "minimum", value: 2 },
      { label: "maximum", value: 6 },
    ]);
    assert.deepEqual(titled(widgets, "Instances").properties.metrics?.[0], [
      "AWS/AutoScaling",
      "GroupDesiredCapacity",
      "AutoScalingGroupName",
      "group-1",
    ]);
    assert.deepEqual(titled(widgets, "CPUUtilization (Average)").properties, {
      title: "CPUUtilization (Average)",
      region,
      view: "timeSeries",
      stat: "Average",
      period: 60,
      metrics: [["AWS/EC2", "CPUUtilization", "AutoScalingGroupName", "group-1"]],
      yAxis: { left: { min: 0 } },
      annotations: {
        horizontal: [
          { label: "up", value: 70 },
          { label: "down", value: 30 },
        ],
      },
    });
    assert.deepEqual(
      titled(widgets, "Alarms").properties.alarms,
      ["up-alarm", "down-alarm", "busy-alarm"].map((name) => `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`),
    );
    assert.deepEqual(titled(widgets, "Age of the oldest notice (s)").properties.annotations?.horizontal, [{ label: "alarm", value: 3600 }]);
    assert.deepEqual(
      titled(widgets, "Notices and dead letters").properties.metrics?.map((metric) => metric[3]),
      ["queue-1", "dead-1"],
    );
    assert.deepEqual(titled(widgets, "Removals from Chef").properties.metrics?.[0], [
      "Fleet/NodeCleanup",
      "Removed",
      "Stack",
      "storefront-staging-web-v3",
      { label: "Removed" },
    ]);
    const failed = recorder.one("aws:cloudwatch/eventRule:EventRule", "rollouts-failed");
    assert.deepEqual(JSON.parse(String(failed.inputs["eventPattern"])), {
      source: ["aws.autoscaling"],
      "detail-type": ["Failed", "Cancelled", "Rollback Succeeded", "Rollback Failed"].map(
        (end) => `EC2 Auto Scaling Instance Refresh ${end}`,
      ),
      detail: { AutoScalingGroupName: ["group-1"] },
    });
    assert.deepEqual(
      titled(widgets, "Roll-outs").properties.metrics?.map((metric) => metric[3]),
      ["started", "succeeded", "failed"].map((end) => `operations-rollouts-${end}-0a1b2c3`),
    );
  });

  it("cuts the names of its rules to what EventBridge takes", async () => {
    const recorder = await startMocks();
    const notices = { queueArn: arn("queue-1"), deadLetterQueueArn: arn("dead-1") };
    const more = { region, accountId, partition: "aws", fleets: [], notices, maxAgeSeconds: 60, cleansUp: false, tags: {} };
    new FleetDashboard("a-product-with-a-long-name-production-platform-v12-operations", { prefix: "p", ...more });
    await settled();
    const names = recorder.ofType("aws:cloudwatch/eventRule:EventRule").map(({ name }) => name);
    assert.equal(new Set(names).size, 3);
    assert.ok(
      names.every((name) => name.length <= 56),
      names.join(", "),
    );
  });

  it("places widgets beside and below one another without overlap, within the grid", () => {
    const widgets = dashboardWidgets(picturedFacts);
    for (const [index, one] of widgets.entries()) {
      assert.ok(one.x + one.width <= 24, JSON.stringify(one));
      for (const other of widgets.slice(index + 1)) {
        const apart =
          one.x + one.width <= other.x ||
          other.x + other.width <= one.x ||
          one.y + one.height <= other.y ||
          other.y + other.height <= one.y;
        assert.ok(apart, `${JSON.stringify(one)} lies over ${JSON.stringify(other)}`);
      }
    }
  });

  it("plots each metric once, a custom one under its own dimensions, and leaves out what it cannot", () => {
    const [fleet] = picturedFacts.fleets;
    const custom = { namespace: "Work", name: "Backlog", statistic: "Maximum", dimensions: { QueueName: "work" } } as const;
    const policies = [
      { kind: "target", name: "backlog", target: 10, metric: { custom } },
      { kind: "target", name: "math", target: 10, metric: { math: { expression: "a", metrics: { a: custom } } } },
      { kind: "step", direction: "up", threshold: 100, metric: custom },
    ] as const;
    const widgets = dashboardWidgets({ ...picturedFacts, cleansUp: false, fleets: [{ ...fleet!, policies }] });
    const { metrics, annotations } = titled(widgets, "Backlog (Maximum)").properties;
    assert.deepEqual(metrics, [["Work", "Backlog", "QueueName", "work"]]);
    assert.deepEqual(annotations?.horizontal, [
      { label: "backlog", value: 10 },
      { label: "up", value: 100 },
    ]);
    assert.equal(
      widgets.some(({ properties }) => properties.title === "Removals from Chef"),
      false,
    );
  });

  it("is the picture in the docs (node test/components/dashboard-picture.ts)", () => {
    assert.equal(readFileSync(pictureFile, "utf8"), dashboardPicture(picturedFacts));
  });
});
