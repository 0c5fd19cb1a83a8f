/** The worker in the sandbox by the commands of docs/consumer.md, as they stand there. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { FleetsOutput } from "../../contract/fleets-output.ts";
import { ensureAws, type LocalAws } from "../../sandbox/aws/lifetime.ts";
import { ChefEyes } from "../../sandbox/start/chef.ts";
import { Checkout } from "../helpers/checkout.ts";
import { clientOptions } from "../helpers/inventory.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/consumer.md"), "utf8");
/** The commands below the heading; the last one is the worker, which runs until it is stopped. */
const commands = /^### The worker in the sandbox$.*?^```sh\n(.*?)\n```$/ms.exec(page)?.[1]?.split("\n") ?? [];

describe("docs/consumer.md: the worker in the sandbox", function () {
  this.timeout(600_000);
  let checkout: Checkout;
  let aws: LocalAws;
  let chef: ChefEyes;
  let worker: ChildProcess | undefined;
  let said = "";

  before(async () => {
    checkout = new Checkout();
    aws = await ensureAws({ root: checkout.path, region: "eu-central-1", speed: 60, log: () => undefined });
  });

  after(async () => {
    worker?.kill("SIGKILL");
    await checkout.remove();
  });

  /** Waits for a condition; five minutes are a hang on any machine. */
  const until = async <T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> => {
    for (const deadline = performance.now() + 300_000; performance.now() < deadline;) {
      const found = await look();
      if (found !== undefined) return found;
      assert.equal(worker?.exitCode ?? null, null, said);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return assert.fail(`waited in vain for ${what}: ${said.slice(-3_000)}`);
  };

  it("starts by the commands as they stand there", async () => {
    assert.equal(commands.at(-1), "node consumer/main.ts");
    const script = ["set -eu", ...commands.slice(0, -1), `exec ${commands.at(-1)}`].join("\n");
    const PATH = `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}`;
    worker = spawn("bash", ["-c", script], { cwd: checkout.path, env: { ...process.env, PATH }, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [worker.stdout!, worker.stderr!]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    await until("the worker to start", () => (said.includes('"message":"consumer started"') ? true : undefined));
  });

  it("removes what departs, leaves an empty queue, and ends cleanly when it is told to", async () => {
    const { stdout } = await checkout.sandbox("outputs", "--stack", "staging", "--json");
    const { group, prefix, notices } = (JSON.parse(stdout) as { fleets: FleetsOutput }).fleets["app"]!;
    const scaling = new AutoScalingClient(clientOptions(aws.endpoint, aws.region));
    const ids = await until("two instances in service", async () => {
      const { AutoScalingGroups: [found] = [] } = await scaling.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group.name] }),
      );
      const all = found?.Instances?.filter((one) => one.LifecycleState === "InService").map(({ InstanceId: id = "" }) => id) ?? [];
      return all.length >= 2 ? all : undefined;
    });
    chef = await ChefEyes.open(aws, "storefront-staging");
    for (const id of ids) await chef.register(id, prefix);
    const [victim = "", ...others] = ids.sort();
    await scaling.send(new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: victim, ShouldDecrementDesiredCapacity: false }));
    await until("node and client to be gone", async () => {
      const { nodes, clients } = await chef.look();
      return nodes.includes(victim) || clients.includes(victim) ? undefined : true;
    });
    assert.deepEqual(await chef.look(), { nodes: others, clients: others });
    const sqs = new SQSClient(clientOptions(aws.endpoint, aws.region));
    await until("an empty queue", async () => {
      const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
      const asked = new GetQueueAttributesCommand({ QueueUrl: notices.queueUrl, AttributeNames: [...names] });
      const { Attributes: counts } = await sqs.send(asked);
      return names.every((name) => counts?.[name] === "0") ? true : undefined;
    });
    worker!.kill("SIGTERM");
    const [code] = (await once(worker!, "close")) as [number | null];
    assert.equal(code, 0, said.slice(-3_000));
    assert.match(said, /"message":"consumer stopped"/);
  });
});
