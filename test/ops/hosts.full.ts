/** `ops hosts` against the local AWS, and what its formats mean to those who read them. */
import assert from "node:assert/strict";
import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  EnterStandbyCommand,
  PutLifecycleHookCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { DescribeImagesCommand, EC2Client, RunInstancesCommand, StopInstancesCommand } from "@aws-sdk/client-ec2";
import fc from "fast-check";
import "../properties.ts";
import { formats } from "../../ops/hosts/formats.ts";
import type { Host } from "../../ops/hosts/running.ts";
import { startTestAws, type TestAws } from "../sandbox/aws/local-aws.ts";
import { ec2Error, startBetween, type Between } from "./aws-between.ts";
import { groupOf } from "./group-of.ts";
import { Project, settingsText } from "./project.ts";

const fleets = `    app: { role: shop-front }
    jobs: { formerly: worker }
`;
const proxy = (region: string) =>
  `aws ssm start-session --region ${region} --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p`;

describe("ops hosts", function () {
  let aws: TestAws;
  let between: Between;
  let ec2: EC2Client;
  let project: Project;
  let app: string[];
  let worker: string;
  let region: string;
  let group: string;

  const launch = async (fleet: string, role: string, more: Readonly<Record<string, string>> = {}): Promise<string> => {
    const ImageId = (await ec2.send(new DescribeImagesCommand({}))).Images![0]!.ImageId!;
    const tags = {
      "fleet:product": "shop",
      "fleet:environment": "staging",
      "fleet:platform": "web",
      "fleet:major-version": "3",
      "fleet:name": fleet,
      "fleet:role": role,
      ...more,
    };
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const { Instances } = await ec2.send(
      new RunInstancesCommand({ ImageId, MinCount: 1, MaxCount: 1, TagSpecifications: [{ ResourceType: "instance", Tags }] }),
    );
    return Instances![0]!.InstanceId!;
  };

  before(async () => {
    aws = await startTestAws();
    region = aws.region;
    between = await startBetween(aws.endpoint);
    ec2 = new EC2Client(aws.client);
    project = new Project();
    project.write("Pulumi.staging.yaml", settingsText(fleets));
    app = [await launch("app", "shop-front"), await launch("app", "shop-front", { "fleet:node-name": "front-2" })];
    worker = await launch("worker", "queue");
    await launch("app", "shop-front", { "fleet:environment": "production" });
    await launch("app", "shop-front", { "fleet:major-version": "2" });
    const stopped = await launch("app", "shop-front");
    await ec2.send(new StopInstancesCommand({ InstanceIds: [stopped] }));
    group = await groupOf(aws, [...app, worker], { InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: "retain" } } });
  });
  after(async () => {
    ec2.destroy();
    await between.close();
    await aws.stop();
    project.remove();
  });
  afterEach(() => between.reset());

  const run = (...args: readonly string[]) => project.ops(between.endpoint, "hosts", "--stack", "staging", ...args);

  it("lists what runs of the stack, page by page, and needs no more than the policy that it prints", async () => {
    await aws.admin("DELETE", "calls");
    // Pages of one reservation: what AWS does with more than a thousand instances.
    between.meddle = ({ action, params }) =>
      action === "DescribeInstances" ? { passOn: new URLSearchParams({ ...params, MaxResults: "1" }).toString() } : undefined;
    const ended = await run("--json");
    assert.deepEqual([ended.status, ended.stderr], [0, ""]);
    const listed = JSON.parse(ended.stdout) as Host[];
    assert.deepEqual(listed.map(({ instanceId }) => instanceId).sort(), [...app, worker].sort());
    assert.equal(between.actions().filter((action) => action === "DescribeInstances").length, 3);
    const second = listed.find(({ instanceId }) => instanceId === app[1])!;
    assert.match(second.privateAddress, /^\d+\.\d+\.\d+\.\d+$/);
    assert.match(second.launchedAt, /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(
      { ...second, privateAddress: "", launchedAt: "" },
      {
        instanceId: app[1],
        fleet: "app",
        role: "shop-front",
        environment: "staging",
        nodeName: "front-2",
        privateAddress: "",
        zone: second.zone,
        launchedAt: "",
        lifecycleState: "InService",
      },
    );
    assert.ok(second.zone.startsWith(region));

    const policy = JSON.parse((await run("--iam-policy")).stdout) as {
      Statement: { Action: string[]; Resource: string; Condition: object }[];
    };
    const allowed = policy.Statement.flatMap(({ Action }) => Action);
    const recorded = (await aws.admin("GET", "calls")) as { permission: string }[] | { calls: { permission: string }[] };
    const used = (Array.isArray(recorded) ? recorded : recorded.calls).map(({ permission }) => permission);
    assert.deepEqual([...new Set(used)].sort(), [
      "autoscaling:DescribeAutoScalingInstances",
      "ec2:DescribeInstances",
      "sts:GetCallerIdentity",
    ]);
    assert.deepEqual(allowed, ["ec2:DescribeInstances", "autoscaling:DescribeAutoScalingInstances"]); // GetCallerIdentity needs no permission
    assert.deepEqual(policy.Statement[0]!.Condition, { StringEquals: { "aws:RequestedRegion": region } });
  });

  it("narrows by fleet, under the name that it was made with, and by role", async () => {
    assert.deepEqual((await run("--fleet", "jobs")).stdout.split("\t").slice(0, 1), [worker]);
    const lines = (await run("--role", "shop-front")).stdout.trimEnd().split("\n");
    assert.deepEqual(lines.map((line) => line.split("\t")[0]).sort(), app.toSorted());
    assert.deepEqual(lines[0]!.split("\t").slice(2, 5), ["app", "shop-front", "staging"]);
  });

  it("prints nothing when nothing runs, and says what it looked for", async () => {
    const ended = await run("--role", "absent", "--format", "capistrano");
    assert.deepEqual(ended, {
      status: 0,
      stdout: "",
      stderr:
        "no instance in service of a fleet in eu-west-1 has fleet:product=shop, fleet:major-version=3, fleet:environment=staging, fleet:platform=web, fleet:role=absent\n",
    });
  });

  it("says which fleets, formats and login names there are, and calls nothing", async () => {
    const unknown = await run("--fleet", "app2");
    assert.deepEqual([unknown.status, unknown.stderr], [2, "--fleet is app2; fleets of Pulumi.staging.yaml: app, jobs.\n"]);
    assert.match((await run("--format", "xml")).stderr, /Allowed choices are lines, json, ssh-config, ansible, capistrano/);
    assert.match((await run("--user", "root; rm")).stderr, /It must be a login name such as ec2-user/);
    assert.match((await project.ops(between.endpoint, "hosts", "--stack", "nowhere")).stderr, /^Pulumi\.nowhere\.yaml cannot be read/);
    assert.deepEqual(between.calls, []);
  });

  it("tells a refusal from an AWS that does not answer", async () => {
    between.meddle = ({ action }) => (action === "DescribeInstances" ? ec2Error("UnauthorizedOperation", "not allowed", 403) : undefined);
    const denied = await run();
    assert.equal(denied.status, 3);
    assert.match(
      denied.stderr,
      /^DescribeInstances with fleet:product=shop.* failed: UnauthorizedOperation: not allowed\. Check AWS_PROFILE/,
    );
    between.reset();
    between.meddle = ({ action, turn }) =>
      action === "DescribeInstances" && turn < 3 ? ec2Error("RequestLimitExceeded", "slow down", 503) : undefined;
    assert.deepEqual(
      [(await run("--fleet", "jobs")).status, between.actions().filter((one) => one === "DescribeInstances").length],
      [0, 3],
    );
    between.meddle = ({ action }) => (action === "DescribeInstances" ? ec2Error("Unavailable", "down", 503) : undefined);
    const gone = await run();
    assert.deepEqual([gone.status, /AWS did not answer after several tries/.test(gone.stderr)], [7, true]);
    between.reset();
    between.meddle = ({ action }) => (action === "DescribeAutoScalingInstances" ? ec2Error("AccessDenied", "not allowed", 403) : undefined);
    const stateless = await run();
    assert.deepEqual([stateless.status, stateless.stdout], [3, ""]);
    assert.match(stateless.stderr, /^DescribeAutoScalingInstances of 3 instances failed: /);
  });

  it("sends no deploy to what is in standby, retained or detached, and shows it when asked for all", async () => {
    const autoScaling = new AutoScalingClient(aws.client);
    const [front, second] = app as [string, string];
    const detached = await launch("app", "shop-front");
    const AutoScalingGroupName = group;
    const hook = { AutoScalingGroupName, LifecycleHookName: "drain" };
    await autoScaling.send(new PutLifecycleHookCommand({ ...hook, LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING" }));
    const lower = { ShouldDecrementDesiredCapacity: true };
    await autoScaling.send(new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: front, ...lower }));
    await aws.advance(1);
    const states = async (...more: readonly string[]) => {
      const hosts = JSON.parse((await run("--json", ...more)).stdout) as Host[];
      return Object.fromEntries(hosts.map(({ instanceId, lifecycleState }) => [instanceId, lifecycleState]));
    };
    assert.deepEqual(await states("--all"), {
      [front]: "Terminating:Wait",
      [second]: "InService",
      [worker]: "InService",
      [detached]: undefined,
    });
    await autoScaling.send(new CompleteLifecycleActionCommand({ ...hook, InstanceId: front, LifecycleActionResult: "ABANDON" }));
    await autoScaling.send(new EnterStandbyCommand({ AutoScalingGroupName, InstanceIds: [worker], ...lower }));
    await aws.advance(1);
    assert.deepEqual(await states(), { [second]: "InService" });
    assert.deepEqual(await states("--all"), {
      [front]: "Terminating:Retained",
      [second]: "InService",
      [worker]: "Standby",
      [detached]: undefined,
    });
    const deploy = await run("--format", "capistrano");
    assert.deepEqual([deploy.status, deploy.stdout], [0, `server '${second}', roles: ['shop-front'], primary: true\n`]);
    const leftOut = deploy.stderr.replace("left out, since not in service (--all lists them): ", "").trimEnd().split(", ").sort();
    assert.deepEqual(leftOut, [`${front} (Terminating:Retained)`, `${worker} (Standby)`, `${detached} (in no group)`].sort());
    const ends = (await run("--all")).stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t").at(-1));
    assert.deepEqual(ends.sort(), ["InService", "Standby", "Terminating:Retained", "in no group"]);
    const refused = await run("--all", "--format", "capistrano");
    assert.deepEqual([refused.status, refused.stdout], [2, ""]);
    assert.match(refused.stderr, /^--all is not for --format capistrano/);
    autoScaling.destroy();
  });
});

const host = (instanceId: string, role: string, more: Partial<Host> = {}): Host => ({
  instanceId,
  fleet: role,
  role,
  environment: "staging",
  privateAddress: "10.0.0.1",
  zone: "eu-west-1a",
  launchedAt: "2026-01-01T00:00:00.000Z",
  lifecycleState: "InService",
  ...more,
});

describe("ops hosts --format", () => {
  const hosts = [host("i-1", "app"), host("i-2", "queue-worker"), host("i-3", "app")];
  const access = { region: "eu-west-1", user: "deploy" };

  it("ssh-config goes through Systems Manager and trusts the first key of an instance only", () => {
    assert.equal(
      formats["ssh-config"](hosts.slice(0, 2), access),
      `# staging app (app)
Host i-1
  User deploy
  StrictHostKeyChecking accept-new
  ProxyCommand ${proxy("eu-west-1")}

# staging queue-worker (queue-worker)
Host i-2
  User deploy
  StrictHostKeyChecking accept-new
  ProxyCommand ${proxy("eu-west-1")}`,
    );
    assert.doesNotMatch(formats["ssh-config"](hosts, { region: "eu-west-1" }), /User/);
    const [comment] = formats["ssh-config"]([host("i-1", "app", { lifecycleState: "Standby" })], access).split("\n");
    assert.equal(comment, "# staging app (app), Standby");
  });

  it("keeps a tag with line ends on its line", () => {
    const [config] = formats["ssh-config"]([host("i-1", "app\n  ProxyCommand rm")], access).split("\n");
    assert.equal(config, "# staging app?  ProxyCommand rm (app?  ProxyCommand rm)");
    assert.equal(formats.lines([host("i-1", "a\tb\nc")], access).split("\n").length, 1);
  });

  it("ansible has groups by environment, fleet and role", () => {
    assert.deepEqual(JSON.parse(formats.ansible(hosts, access)), {
      all: {
        hosts: Object.fromEntries(
          hosts.map(({ instanceId }) => [instanceId, { private_address: "10.0.0.1", zone: "eu-west-1a", lifecycle_state: "InService" }]),
        ),
        vars: {
          ansible_user: "deploy",
          ansible_ssh_common_args: `-o StrictHostKeyChecking=accept-new -o ProxyCommand="${proxy("eu-west-1")}"`,
        },
        children: {
          environment_staging: { hosts: { "i-1": {}, "i-2": {}, "i-3": {} } },
          fleet_app: { hosts: { "i-1": {}, "i-3": {} } },
          fleet_queue_worker: { hosts: { "i-2": {} } },
          role_app: { hosts: { "i-1": {}, "i-3": {} } },
          role_queue_worker: { hosts: { "i-2": {} } },
        },
      },
    });
  });

  it("capistrano makes the first host of each role its primary", () => {
    assert.equal(
      formats.capistrano(hosts, access),
      `server 'i-1', user: 'deploy', roles: ['app'], primary: true
server 'i-2', user: 'deploy', roles: ['queue-worker'], primary: true
server 'i-3', user: 'deploy', roles: ['app']`,
    );
  });

  it("capistrano leaves no way out of a Ruby text, whatever a tag holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("'", "\\", "#", "{", "}", "a", "\n") }), (role) => {
        const text = /roles: \['((?:[^'\\]|\\[\\'])*)'\], primary: true$/.exec(formats.capistrano([host("i-1", role)], access));
        assert.equal(text?.[1]?.replaceAll(/\\([\\'])/g, "$1"), role);
      }),
    );
  });
});
