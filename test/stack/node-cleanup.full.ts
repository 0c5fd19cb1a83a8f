/**
 * Clean-up of a fleet of twenty under faults: what the consumer's role allows is what it calls; dead letters go back; a
 * replaced queue and a replaced group lose nothing; a Chef server that fails at first, and one that fails for good, while
 * the stack is destroyed.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { FleetOutput, FleetsOutput } from "../../contract/fleets-output.ts";
import type { RemainingAnswer } from "../../contract/node-cleanup.ts";
import { ensureAws, type LocalAws } from "../../sandbox/aws/lifetime.ts";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import { ChefEyes } from "../../sandbox/start/chef.ts";
import { Checkout } from "../helpers/checkout.ts";
import { clientOptions } from "../helpers/inventory.ts";

const size = 20;
const always = 1_000_000_000;

const fleet = {
  image: { id: "ami-0a1b2c3d4e5f60718", bakeType: "t3.small" },
  instanceType: "t3.small",
  size: { min: size, max: size + 4 },
  bootSeconds: 0,
  scaling: { up: { threshold: 70 }, down: { threshold: 30 } },
};

/**
 * A message returns the later the longer it had to wait for Chef, so a queue that must drain has time; the last fleet's is left to find out
 * that its time is over.
 */
const drainTimeoutOf: Readonly<Record<string, number>> = { blue: 300, green: 60 };

/** One action on one resource, as a role's policy allows it. */
interface Right {
  readonly action: string;
  readonly resource: string;
}

interface Call {
  readonly permission: string;
  readonly resources: readonly string[];
  readonly roleName: string | null;
}

const list = (value: string | readonly string[]) => (typeof value === "string" ? [value] : value);

/** Whether the right allows the call on the resource; `*` and `?` as IAM has them. */
function covers({ action, resource: pattern }: Right, call: Call, resource: string): boolean {
  const literal = pattern.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return action === call.permission && new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(resource);
}

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
    const sets = [
      `fleet:fleets=${JSON.stringify({ [name]: fleet })}`,
      `fleet:consumer.drainTimeoutSeconds=${drainTimeoutOf[name]}`,
    ].flatMap((set) => ["--set", set]);
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
  const terminate = (id: string) =>
    new AutoScalingClient(clientOptions(aws.endpoint, aws.region)).send(
      new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: id, ShouldDecrementDesiredCapacity: false }),
    );
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

  /** A cleanup function's role, and all that its policy allows beside writing the log, which Lambda does where the endpoint does not see it. */
  const permissionsOf = async (part: string): Promise<{ role: string; allowed: Right[] }> => {
    const iam = new IAMClient(clientOptions(aws.endpoint, aws.region));
    const { Roles: roles = [] } = await iam.send(new ListRolesCommand({}));
    const role = roles.find(({ RoleName: name }) => name?.includes(part))?.RoleName ?? assert.fail(`no role ${part}`);
    const { PolicyNames: [policy] = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: role }));
    const { PolicyDocument: text = "" } = await iam.send(new GetRolePolicyCommand({ RoleName: role, PolicyName: policy }));
    const { Statement: statements } = JSON.parse(decodeURIComponent(text)) as {
      Statement: { Sid: string; Action: string | string[]; Resource: string | string[] }[];
    };
    const allowed = statements
      .filter(({ Sid }) => Sid !== "OwnLogs")
      .flatMap(({ Action, Resource }) => list(Action).flatMap((action) => list(Resource).map((resource) => ({ action, resource }))));
    return { role, allowed };
  };
  /** What the drain gate asks of the consumer. */
  const remaining = async () => {
    const { Payload: payload } = await new LambdaClient(clientOptions(aws.endpoint, aws.region)).send(
      new InvokeCommand({ FunctionName: app.cleanup?.functionName, Payload: JSON.stringify({ fleet: "remaining" }) }),
    );
    const answer = JSON.parse(Buffer.from(payload ?? []).toString()) as RemainingAnswer;
    return { ...answer, nodes: answer.nodes.length };
  };

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

  it("calls what its role allows, and nothing else", async () => {
    const [, second = ""] = await registered();
    await chef.setFaults([{ match: "^DELETE .*/nodes/", times: 1, status: 503 }]); // asks for a change of visibility
    await terminate(second);
    const hook = {
      LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      LifecycleHookName: "drain",
      LifecycleActionToken: "4e4a5f6b-0000-4000-8000-000000000003", // of no action: it counts as done
    };
    await sqs.send(new SendMessageCommand({ QueueUrl: app.notices.queueUrl, MessageBody: noticeOf(second, hook) }));
    await gone([second]);
    await until("an empty queue", async () => ((await messages(app.notices.queueUrl)) === 0 ? true : undefined));
    const { nodes } = await chef.look();
    assert.deepEqual(await remaining(), { visible: 0, inFlight: 0, delayed: 0, deadLetters: 0, nodes: nodes.length }); // as the drain gate asks
    const { calls } = (await (await fetch(`${aws.endpoint}/_fleet/calls`)).json()) as { calls: Call[] };
    for (const part of ["-cleanup-consumer", "-cleanup-reconciler"]) {
      const { role, allowed } = await permissionsOf(part);
      // Who am I is asked of STS, which needs no permission.
      const own = calls.filter(({ roleName, permission }) => roleName === role && permission !== "sts:GetCallerIdentity");
      assert.ok(own.length > 0, `${role} made no call`);
      const unallowed = own.filter((call) => !call.resources.every((resource) => allowed.some((right) => covers(right, call, resource))));
      assert.deepEqual(unallowed, [], `${role} calls what it may not`);
      const unused = allowed.filter((right) => !own.some((call) => call.resources.some((resource) => covers(right, call, resource))));
      assert.deepEqual(unused, [], `${role} may do what it never does`);
    }
  });

  it("drains a replaced queue first, and takes the nodes of running instances for no leftovers", async () => {
    const leaving = (await registered()).slice(0, 3);
    const known = await chef.look();
    await chef.setFaults([{ match: "^DELETE ", times: always, status: 503 }]);
    for (const id of leaving) await terminate(id);
    const old = app.notices.queueUrl;
    await until("notices that wait for Chef", async () => ((await messages(old)) >= 3 ? true : undefined));
    await until("their instances to be replaced", () => inService(app.group.name));
    const file = join(checkout.path, "components/notice-path.ts");
    const source = readFileSync(file, "utf8");
    const renamed = source.replaceAll("`${name}-queue`", "`${name}-inbox`");
    assert.notEqual(renamed, source);
    writeFileSync(file, renamed);
    await chef.setFaults([]);
    app = await up("blue");
    assert.notEqual(app.notices.queueUrl, old);
    const stays = (id: string) => !leaving.includes(id);
    assert.deepEqual(await chef.look(), { nodes: known.nodes.filter(stays), clients: known.clients.filter(stays) });
    await assert.rejects(messages(old), "the old queue is gone");
  });

  it("forgets the twenty of a replaced group, also when Chef fails at first", async () => {
    const ids = await registered();
    await chef.setFaults([{ match: "^DELETE ", times: 30, status: 503 }]);
    app = await up("green");
    await gone(ids);
    assert.equal((await registered()).length, size);
  });

  it("stops a destroy while Chef is down, in time, with what to do, and nothing lost", async () => {
    const ids = await registered();
    await chef.setFaults([{ match: "^DELETE ", times: always, status: 503 }]);
    const started = performance.now();
    const result = await run("destroy", "green");
    assert.equal(result.ok, false);
    assert.ok((performance.now() - started) / 1000 >= 60, "it waited for as long as it was told to");
    const told = result.diagnostics.map(({ message }) => message).join("\n");
    assert.match(told, /did not drain within 60 s: .*The messages stay in .*run the same Pulumi command again.*FLEET_DRAIN=skip/s);
    assert.deepEqual((await chef.look()).nodes, ids);
    assert.ok((await messages(app.notices.queueUrl)) >= size);
  });

  it("ends with zero nodes and clients once Chef is back", async () => {
    await chef.setFaults([{ match: "^DELETE ", times: 5, status: 503 }]);
    // The same command again, as the gate says: messages that wait for Chef come back up to some minutes later.
    let result = await run("destroy", "green");
    for (let tries = 0; tries < 5 && !result.ok; tries++) {
      assert.match(result.diagnostics.map(({ message }) => message).join("\n"), /did not drain within 60 s/);
      result = await run("destroy", "green");
    }
    assert.ok(result.ok, JSON.stringify(result.diagnostics).slice(-4_000));
    assert.deepEqual(await chef.look(), { nodes: [], clients: [] });
  });
});
