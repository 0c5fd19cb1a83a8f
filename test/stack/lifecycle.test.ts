/** The real program under the embedded engine with the real policy pack on the local AWS: up, change, refresh, down. */
import assert from "node:assert/strict";
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import type { FleetsOutput } from "../../contract/fleets-output.ts";
import { Checkout } from "../helpers/checkout.ts";
import { clientOptions, inventory, leftovers } from "../helpers/inventory.ts";

/** Virtual seconds per second: an instance's boot and a roll-out's waits pass in moments. */
const speed = ["--speed", "60"];
/** Staging runs without the consumer, so that what is in its queue can be looked at; production runs with it. */
const withoutConsumer = ["--set", "fleet:consumer.kind=none"];

describe("stack lifecycle", function () {
  let checkout: Checkout;
  let endpoint: string;
  let region: string;

  const deploy = async (verb: string, stack: string, ...args: readonly string[]): Promise<DeployResult> => {
    const { stdout, stderr } = await checkout.sandbox(
      verb,
      "--stack",
      stack,
      "--json",
      ...speed,
      ...(stack === "staging" ? withoutConsumer : []),
      ...args,
    );
    try {
      return JSON.parse(stdout) as DeployResult;
    } catch {
      assert.fail(`sandbox ${verb} printed no JSON:\n${stdout.slice(0, 500)}\n${stderr.slice(-3_000)}`);
    }
  };

  const succeed = async (verb: string, stack: string, ...args: readonly string[]): Promise<DeployResult> => {
    const result = await deploy(verb, stack, ...args);
    assert.ok(
      result.ok,
      JSON.stringify(
        result.diagnostics.filter(({ severity }) => severity === "error"),
        undefined,
        1,
      ).slice(0, 3_000),
    );
    return result;
  };

  /** What changed, without what stayed: `update aws:cloudwatch/metricAlarm:MetricAlarm`. */
  const changes = (result: DeployResult): string[] =>
    result.steps
      .filter(({ op }) => op !== "same")
      .map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? ""}`)
      .sort();

  const fleetsOf = (result: DeployResult) => result.outputs["fleets"] as FleetsOutput;

  const group = async (name: string) => {
    const client = new AutoScalingClient(clientOptions(endpoint, region));
    const [found] = (await client.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }))).AutoScalingGroups ?? [];
    assert.ok(found, `no group ${name}`);
    return found;
  };

  /** A roll-out ends when the new instances serve; the last old one may still be on its way out. */
  const serving = async (name: string) =>
    (await group(name)).Instances?.filter(({ LifecycleState }) => LifecycleState === "InService") ?? [];

  const imagesOf = async (ids: readonly (string | undefined)[]): Promise<string[]> => {
    const client = new EC2Client(clientOptions(endpoint, region));
    const { Reservations: found = [] } = await client.send(
      new DescribeInstancesCommand({ InstanceIds: ids.filter((id) => id !== undefined) }),
    );
    return [...new Set(found.flatMap(({ Instances: instances = [] }) => instances.map(({ ImageId: id = "" }) => id)))];
  };

  before(async () => {
    checkout = new Checkout();
    const { stdout } = await checkout.sandbox("env", ...speed);
    endpoint = /AWS_ENDPOINT_URL='(http:\/\/127\.0\.0\.1:\d+)'/.exec(stdout)?.[1] ?? "";
    region = /AWS_REGION='([a-z0-9-]+)'/.exec(stdout)?.[1] ?? "";
    assert.ok(endpoint !== "" && region !== "", stdout);
  });

  after(() => checkout.remove());

  describe("staging", () => {
    const prefix = "storefront-staging-web";
    /** Another image and type than the stack's settings have. */
    const image = { id: "ami-0b1c2d3e4f5061728", bakeType: "t3.medium" };
    const rolled = ["--set", `fleet:fleets.app.instanceType=${image.bakeType}`, "--set", `fleet:fleets.app.image=${JSON.stringify(image)}`];
    let first: DeployResult;

    it("comes up with its minimum in service and every part in place", async () => {
      first = await succeed("up", "staging");
      const app = fleetsOf(first)["app"]!;
      const found = await group(app.group.name);
      assert.deepEqual(
        found.Instances?.map((one) => one.LifecycleState),
        ["InService", "InService"],
      );
      const standing = await inventory(endpoint, region, prefix);
      assert.deepEqual(
        [
          standing.groups.length,
          standing.launchTemplates.length,
          standing.instances.length,
          standing.queues.length,
          standing.policies.length,
        ],
        [1, 1, 2, 2, 2],
      );
    });

    it("changes nothing the second time, neither after a refresh", async () => {
      assert.deepEqual(changes(await succeed("preview", "staging")), []);
      await succeed("refresh", "staging");
      assert.deepEqual(changes(await succeed("up", "staging")), []);
    });

    it("updates one alarm when a threshold changes", async () => {
      const result = await succeed("up", "staging", "--set", "fleet:fleets.app.scaling.up.threshold=75");
      assert.deepEqual(changes(result), [
        "update storefront-staging-web-v3-app-scaling",
        "update storefront-staging-web-v3-app-scaling-up-alarm",
        "update storefront-staging-web-v3-operations",
        "update storefront-staging-web-v3-operations-dashboard",
      ]);
      const [policy] = fleetsOf(result)["app"]!.scaling.policies;
      assert.ok(policy?.kind === "step");
      const client = new CloudWatchClient(clientOptions(endpoint, region));
      const { MetricAlarms: alarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [policy.alarmName] }));
      assert.equal(alarms[0]?.Threshold, 75);
    });

    it("rolls a changed image and type through the running instances", async () => {
      const before = (await serving(fleetsOf(first)["app"]!.group.name)).map((one) => one.InstanceId);
      const imagesBefore = await imagesOf(before);
      const result = await succeed("up", "staging", ...rolled);
      const after = await serving(fleetsOf(first)["app"]!.group.name);
      assert.deepEqual(
        after.map((one) => one.InstanceType),
        ["t3.medium", "t3.medium"],
      );
      assert.ok(after.every((one) => !before.includes(one.InstanceId)));
      const images = await imagesOf(after.map((one) => one.InstanceId));
      assert.deepEqual([imagesBefore.length, images.length], [1, 1]);
      assert.notDeepEqual(images, imagesBefore);
      assert.equal(fleetsOf(result)["app"]!.group.name, fleetsOf(first)["app"]!.group.name, "the group stayed");
    });

    it("adds a fleet beside the first, and removes it again, without touching the first", async () => {
      const worker = JSON.stringify({
        image: { id: "ami-0a1b2c3d4e5f60718", bakeType: "t3.small" },
        instanceType: "t3.small",
        size: { min: 1, max: 2 },
        bootSeconds: 60,
        scaling: { targets: [{ predefined: "ASGAverageCPUUtilization", target: 50 }] },
      });
      const added = await succeed("up", "staging", ...rolled, "--set", `fleet:fleets.worker=${worker}`);
      // The dashboard shows all fleets.
      const ofFleets = (result: DeployResult) =>
        changes(result).filter((line) => !line.startsWith("update storefront-staging-web-v3-operations"));
      assert.ok(
        ofFleets(added).every((line) => line.startsWith("create storefront-staging-web-v3-worker")),
        changes(added).join("\n"),
      );
      const removed = await succeed("up", "staging", ...rolled);
      assert.ok(
        ofFleets(removed).every((line) => line.startsWith("delete storefront-staging-web-v3-worker")),
        changes(removed).join("\n"),
      );
      assert.equal((await inventory(endpoint, region, prefix)).groups.length, 1);
    });

    it("keeps every resource when a fleet is renamed with `formerly`", async () => {
      const renamed = JSON.stringify({
        front: {
          formerly: "app",
          image,
          instanceType: image.bakeType,
          size: { min: 2, max: 6 },
          bootSeconds: 120,
          scaling: { up: { threshold: 70 }, down: { threshold: 30 } },
          ingress: [{ description: "Application", fromPort: 8080, toPort: 8080, cidrBlocks: ["10.0.0.0/16"] }],
        },
      });
      const result = await succeed("preview", "staging", "--set", `fleet:fleets=${renamed}`);
      assert.deepEqual(
        changes(result).filter((line) => !line.startsWith("update ")),
        [],
      );
    });

    it("hears of a terminated instance in its queue", async () => {
      const { notices, group: named } = fleetsOf(first)["app"]!;
      const [victim] = await serving(named.name);
      const scaling = new AutoScalingClient(clientOptions(endpoint, region));
      await scaling.send(
        new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: victim?.InstanceId, ShouldDecrementDesiredCapacity: false }),
      );
      const sqs = new SQSClient(clientOptions(endpoint, region));
      const wanted = { Event: "autoscaling:EC2_INSTANCE_TERMINATE", EC2InstanceId: victim?.InstanceId };
      for (let tries = 0; tries < 100; tries++) {
        const { Messages: messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: notices.queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
        );
        for (const { Body: body = "" } of messages) {
          const outer = JSON.parse(body) as { Message?: string };
          const notice = (outer.Message === undefined ? outer : JSON.parse(outer.Message)) as Record<string, unknown>;
          if (notice["Event"] === wanted.Event && notice["EC2InstanceId"] === wanted.EC2InstanceId) return;
        }
      }
      assert.fail("the notice did not arrive");
    });

    it("stands while production is stopped by its policies before anything of it is created", async () => {
      const result = await deploy("up", "production", "--set", "fleet:fleets.app.instanceType=m5.large");
      assert.equal(result.ok, false);
      const [violation] = result.policyViolations.filter(({ enforcementLevel }) => enforcementLevel === "mandatory");
      assert.equal(violation?.policyName, "image-instance-type-match");
      assert.match(violation.message, /m5\.large.*m7i\.large/s);
      assert.deepEqual(await leftovers(endpoint, region, "storefront-production-web"), {});
    });

    it("comes down and leaves nothing in the local AWS", async () => {
      await succeed("destroy", "staging", "--keep");
      assert.deepEqual(await leftovers(endpoint, region, prefix), {});
    });
  });

  describe("production", () => {
    const prefix = "storefront-production-web";

    it("refuses to come down while it is protected, and does when it no longer is", async () => {
      const up = await succeed("up", "production");
      assert.deepEqual(Object.keys(fleetsOf(up)), ["app", "worker"]);
      const refused = await deploy("destroy", "production", "--keep");
      assert.equal(refused.ok, false);
      assert.match(refused.diagnostics.map(({ message }) => message).join("\n"), /protect/);
      assert.equal((await inventory(endpoint, region, prefix)).groups.length, 2);
      await succeed("up", "production", "--set", "fleet:protect=false");
      await succeed("destroy", "production", "--keep", "--set", "fleet:protect=false");
      assert.deepEqual(await leftovers(endpoint, region, prefix), {});
    });
  });
});
