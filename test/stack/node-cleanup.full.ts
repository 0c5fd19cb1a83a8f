/** Clean-up of a fleet of twenty, by its operators: dead letters explained, discarded and sent back; what no notice told of reconciled. */
import assert from "node:assert/strict";
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { FleetOutput, FleetsOutput } from "../../contract/fleets-output.ts";
import { ensureAws, type LocalAws } from "../../sandbox/aws/lifetime.ts";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import { ChefEyes } from "../../sandbox/start/chef.ts";
import { Checkout } from "../helpers/checkout.ts";
import { clientOptions } from "../helpers/inventory.ts";

const size = 20;

const fleet = {
  image: { id: "ami-0a1b2c3d4e5f60718", bakeType: "t3.small" },
  instanceType: "t3.small",
  size: { min: size, max: size + 4 },
  bootSeconds: 0,
  scaling: { up: { threshold: 70 }, down: { threshold: 30 } },
};

describe("node clean-up of a fleet of twenty", function () {
  this.timeout(600_000);
  let checkout: Checkout;
  let aws: LocalAws;
  let chef: ChefEyes;
  let app: FleetOutput;
  let sqs: SQSClient;

  before(async () => {
    checkout = new Checkout();
    aws = await ensureAws({ root: checkout.path, region: "eu-central-1", speed: 60, log: () => undefined });
    chef = await ChefEyes.open(aws, "storefront-staging");
    sqs = new SQSClient(clientOptions(aws.endpoint, aws.region));
  });

  after(() => checkout.remove());

  const run = async (verb: string, name: string): Promise<DeployResult> => {
    const sets = [`fleet:fleets=${JSON.stringify({ [name]: fleet })}`, "fleet:consumer.drainTimeoutSeconds=60"].flatMap((set) => [
      "--set",
      set,
    ]);
    const { stdout, stderr } = await checkout.run("sandbox/cli.ts", [verb, "--stack", "staging", "--json", "--keep", ...sets], {
      timeoutMs: 400_000,
    });
    assert.match(stdout, /^\{/, stderr.slice(-3_000));
    return JSON.parse(stdout) as DeployResult;
  };
  const succeed = async (verb: string, name: string): Promise<DeployResult> => {
    const result = await run(verb, name);
    assert.ok(result.ok, JSON.stringify(result.diagnostics).slice(-4_000));
    return result;
  };
  const up = async (name: string) => ((await succeed("up", name)).outputs["fleets"] as FleetsOutput)[name]!;
  const ops = async (...args: readonly string[]) => {
    const ended = await checkout.run("ops/cli.ts", [...args, "--stack", "staging", "--sandbox", "--json"]);
    return { code: ended.code, told: JSON.parse(ended.stdout) as unknown, stderr: ended.stderr };
  };

  /** Waits for a condition; two minutes are a hang on any machine. */
  const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
    for (const deadline = performance.now() + 120_000; performance.now() < deadline;) {
      const found = await look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return assert.fail(`waited in vain for ${what}`);
  };

  const inService = (group: string) =>
    until(`${size} instances of ${group} in service`, async () => {
      const client = new AutoScalingClient(clientOptions(aws.endpoint, aws.region));
      const { AutoScalingGroups: [found] = [] } = await client.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
      );
      const ids = found?.Instances?.filter((one) => one.LifecycleState === "InService").map(({ InstanceId: id = "" }) => id) ?? [];
      return ids.length === size ? ids.sort() : undefined;
    });
  const registered = async () => {
    const ids = await inService(app.group.name);
    for (const id of ids) await chef.register(id, app.prefix);
    return ids;
  };
  const gone = (ids: readonly string[]) =>
    until(`${ids.join(", ")} to be gone from Chef`, async () => {
      const { nodes, clients } = await chef.look();
      return ids.some((id) => nodes.includes(id) || clients.includes(id)) ? undefined : true;
    });
  const messages = async (queueUrl: string) => {
    const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"] as const;
    const { Attributes: counts = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }));
    return names.reduce((sum, name) => sum + Number(counts[name] ?? 0), 0);
  };
  const noticeOf = (id: string, more: object) =>
    JSON.stringify({ AccountId: app.accountId, AutoScalingGroupName: app.group.name, EC2InstanceId: id, ...more });

  it("gives up what cannot succeed, and operators explain, discard and send back", async () => {
    app = await up("blue");
    const ids = await registered();
    assert.equal(ids.length, size);
    await sqs.send(new SendMessageCommand({ QueueUrl: app.notices.queueUrl, MessageBody: "poison" }));
    const [poison] = await until("the poisoned message to be a dead letter", async () => {
      const { told } = await ops("notices", "explain");
      return (told as { messageId: string; why: string }[]).length === 1 ? (told as { messageId: string; why: string }[]) : undefined;
    });
    assert.equal(poison?.why, "the body is not a JSON object");
    assert.equal((await ops("notices", "discard", "--message-id", poison.messageId)).code, 0);
    const [first = ""] = ids;
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: app.notices.deadLetterQueueUrl,
        MessageBody: noticeOf(first, { Event: "autoscaling:EC2_INSTANCE_TERMINATE" }),
      }),
    );
    const dry = await ops("notices", "redrive", "--dry-run");
    assert.deepEqual(
      (dry.told as { would: { instanceId: string }[] }).would.map(({ instanceId }) => instanceId),
      [first],
    );
    assert.equal((await ops("notices", "redrive")).code, 0);
    await gone([first]);
    assert.equal(await messages(app.notices.deadLetterQueueUrl), 0);
  });

  it("reconciles what no notice told of: reports first, deletes when told to", async () => {
    const lost = "i-00000000000000abc";
    await chef.register(lost, app.prefix);
    const dry = await ops("reconcile", "--min-age-seconds", "0");
    assert.deepEqual(
      (dry.told as { orphans: { name: string }[] }).orphans.map(({ name }) => name),
      [lost],
    );
    const { code, told, stderr } = await ops("reconcile", "--min-age-seconds", "0", "--execute");
    assert.equal(code, 0, stderr);
    assert.deepEqual((told as { deleted: string[] }).deleted, [lost]);
    assert.ok(!(await chef.look()).clients.includes(lost));
  });
});
