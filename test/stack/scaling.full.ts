/** A fleet with every kind of scaling that the local AWS has, behind a listener of its own: it comes up whole, changes nothing the second time, and comes down. */
import assert from "node:assert/strict";
import { CloudWatchClient, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import { Checkout } from "../helpers/checkout.ts";
import { clientOptions } from "../helpers/inventory.ts";

const speed = ["--speed", "60"];
const backlog = { namespace: "Work", name: "Backlog", statistic: "Maximum", dimensions: { QueueName: "work" } };
const hosts = { namespace: "AWS/AutoScaling", name: "GroupInServiceInstances", statistic: "Average" };
const fleet = {
  scaling: {
    up: { threshold: 70, simple: { cooldownSeconds: 120 } },
    down: { threshold: 30, missingData: "notBreaching" },
    metrics: [{ name: "backlog", up: { threshold: 100, metric: backlog } }],
    targets: [{ name: "per-host", math: { expression: "backlog / hosts", metrics: { backlog, hosts } }, target: 10 }],
    // On a leap day, not in the middle of the test: its hours take a minute.
    schedules: [{ name: "leap-day", recurrence: "0 8 29 2 *", timeZone: "Europe/Berlin", min: 3 }],
    composites: [
      { name: "busy", alarms: ["up", "shop-errors"] },
      { name: "broken", alarms: ["shop-errors"], stopsRollout: true },
    ],
  },
  warmPool: { min: 1, maxPrepared: 4 },
  loadBalancing: {
    listener: {
      loadBalancerArn: "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/web/0123456789abcdef",
      certificateArn: "arn:aws:acm:eu-central-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef",
    },
    healthPath: "/health",
  },
  terminateHook: { heartbeatSeconds: 60, onAbandon: "retain" },
  health: { also: ["EBS"] },
  group: { maxLifetimeDays: 7, zoneDistribution: "balanced-only" },
  rollout: { checkpoints: { percentages: [50], delaySeconds: 60 }, bakeSeconds: 60 },
};
const settings = Object.entries(fleet).flatMap(([name, value]) => ["--set", `fleet:fleets.app.${name}=${JSON.stringify(value)}`]);

describe("a fleet with every kind of scaling", function () {
  let checkout: Checkout;

  before(async () => {
    checkout = new Checkout();
    const { stdout } = await checkout.sandbox("env", ...speed);
    const endpoint = /AWS_ENDPOINT_URL='(http:\/\/127\.0\.0\.1:\d+)'/.exec(stdout)?.[1] ?? "";
    const region = /AWS_REGION='([a-z0-9-]+)'/.exec(stdout)?.[1] ?? "";
    const alarm = { Namespace: "Shop", MetricName: "Errors", Statistic: "Sum", Period: 60, EvaluationPeriods: 1, Threshold: 1 } as const;
    const client = new CloudWatchClient(clientOptions(endpoint, region));
    await client.send(new PutMetricAlarmCommand({ AlarmName: "shop-errors", ComparisonOperator: "GreaterThanThreshold", ...alarm }));
  });
  after(() => checkout.remove());

  async function run(verb: string, ...args: readonly string[]): Promise<DeployResult> {
    const all = [verb, "--stack", "staging", "--json", ...speed, ...args];
    const { stdout, stderr } = await checkout.run("sandbox/cli.ts", all, { timeoutMs: 120_000 });
    assert.notEqual(stdout, "", `${verb} gave no result in 120 s: ${stderr.slice(-2_000)}`);
    const result = JSON.parse(stdout) as DeployResult;
    assert.ok(result.ok, JSON.stringify(result.diagnostics).slice(0, 3_000) + stderr);
    return result;
  }
  const changes = (result: DeployResult) => result.steps.filter(({ op }) => op !== "same").map(({ op, urn }) => `${op} ${urn}`);

  it("comes up, and changes nothing the second time, neither after a refresh", async () => {
    await run("up", ...settings);
    assert.deepEqual(changes(await run("preview", ...settings)), []);
    await run("refresh", ...settings);
    assert.deepEqual(changes(await run("preview", ...settings)), []);
  });

  it("previews what the local AWS does not have: forecasts, attributes, weights", async () => {
    const attributes = { attributes: { vCpus: { min: 2 }, memoryMiB: { min: 2048 } } };
    await run(
      "preview",
      "--set",
      'fleet:fleets.app.scaling.predictive={"target":50}',
      "--set",
      `fleet:fleets.app.mixedInstances=${JSON.stringify(attributes)}`,
    );
    const weights = { types: ["t3.small", "t3a.small"], weights: { "t3.small": 1, "t3a.small": 2 }, capacityUnits: "units" };
    await run("preview", "--set", `fleet:fleets.app.mixedInstances=${JSON.stringify(weights)}`);
  });

  it("comes down, once departing instances are no longer retained: nobody completes their hooks here", async () => {
    await run("up", ...settings, "--set", 'fleet:fleets.app.terminateHook={"heartbeatSeconds":60}');
    await run("destroy", "--keep");
  });
});
