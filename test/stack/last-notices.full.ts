/** The last notices of a group: when it is replaced, each of its five instances is heard of. */
import assert from "node:assert/strict";
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { FleetsOutput } from "../../contract/fleets-output.ts";
import { ensureAws } from "../../sandbox/aws/lifetime.ts";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import { Checkout } from "../helpers/checkout.ts";
import { clientOptions } from "../helpers/inventory.ts";

const region = "eu-central-1";

const fleet = {
  image: { id: "ami-0a1b2c3d4e5f60718", bakeType: "t3.small" },
  instanceType: "t3.small",
  size: { min: 5, max: 8 },
  bootSeconds: 0,
  scaling: { up: { threshold: 70 }, down: { threshold: 30 } },
};

describe("a replaced group", function () {
  this.timeout(600_000);
  let checkout: Checkout;
  let endpoint: string;

  before(async () => {
    checkout = new Checkout();
    ({ endpoint } = await ensureAws({ root: checkout.path, region, speed: 60, log: () => undefined }));
  });

  after(() => checkout.remove());

  /** The stack with one fleet of that name; a new name without `formerly` is a new group in the old one's place. */
  const up = async (name: string) => {
    const { stdout, stderr } = await checkout.sandbox(
      "up",
      "--stack",
      "staging",
      "--json",
      "--set",
      `fleet:fleets=${JSON.stringify({ [name]: fleet })}`,
      "--set",
      "fleet:consumer.kind=none", // it would take the notices that are counted here
    );
    const result = JSON.parse(stdout) as DeployResult;
    assert.ok(result.ok, JSON.stringify(result.diagnostics) + stderr);
    return (result.outputs["fleets"] as FleetsOutput)[name]!;
  };

  it("leaves one terminate notice for each of its five instances in the queue", async () => {
    const old = await up("blue");
    const scaling = new AutoScalingClient(clientOptions(endpoint, region));
    const { AutoScalingGroups: [group] = [] } = await scaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [old.group.name] }),
    );
    const departed = group?.Instances?.map(({ InstanceId: id }) => id) ?? [];
    assert.equal(departed.length, 5);
    const { notices } = await up("green");
    const sqs = new SQSClient(clientOptions(endpoint, region));
    const heard: unknown[] = [];
    // Until each is heard of, however late; then for as long as a second one of somebody could be on its way.
    const isWhole = () => departed.every((id) => heard.includes(id));
    for (let empty = 0, deadline = performance.now() + 120_000; empty < 3 && (isWhole() || performance.now() < deadline);) {
      const { Messages: messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: notices.queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      empty = messages.length === 0 && isWhole() ? empty + 1 : 0;
      for (const { Body: body = "", ReceiptHandle: handle } of messages) {
        const outer = JSON.parse(body) as { Message?: string };
        const notice = (outer.Message === undefined ? outer : JSON.parse(outer.Message)) as Record<string, unknown>;
        if (notice["Event"] === "autoscaling:EC2_INSTANCE_TERMINATE") heard.push(notice["EC2InstanceId"]);
        await sqs.send(new DeleteMessageCommand({ QueueUrl: notices.queueUrl, ReceiptHandle: handle }));
      }
    }
    assert.deepEqual(heard.sort(), departed.sort());
  });
});
