/**
 * The five systems, each as a stack in the sandbox whose instances really boot: up, boot, in service, a failed boot replaced,
 * scaled in, gone. What each test saw becomes a row of docs/systems.md.
 *
 *   FLEET_WRITE_DOCS=1 npm run test:full -- boot/systems     writes the page
 */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { AutoScalingClient, DescribeAutoScalingGroupsCommand, DescribeScalingActivitiesCommand } from "@aws-sdk/client-auto-scaling";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeInstancesCommand, DescribeVolumesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { format, resolveConfig } from "prettier";
import { stringify } from "yaml";
import { bootLogGroup } from "../../contract/boot.ts";
import type { FleetOutput, FleetsOutput } from "../../contract/fleets-output.ts";
import { ensureAws, type LocalAws } from "../../sandbox/aws/lifetime.ts";
import { whyNoBoot } from "../../sandbox/boot/ability.ts";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import { ChefEyes } from "../../sandbox/start/chef.ts";
import { Checkout } from "../helpers/checkout.ts";
import { clientOptions, leftovers } from "../helpers/inventory.ts";
import { checkNodeRole } from "./role-check.ts";

type Values = Readonly<Record<string, unknown>>;

interface Seen {
  readonly instance: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly log: string;
  /** Arguments of every call of a stand-in, by its name. */
  readonly calls: Readonly<Record<string, readonly string[]>>;
  /** Text of a file that the boot wrote. */
  readonly file: (path: string) => string;
}

interface System {
  readonly title: string;
  readonly from: string;
  /** Settings of the fleet beside image, type and size. */
  readonly settings: Values;
  /** With the consumer, since nodes are registered. */
  readonly chef?: true;
  readonly check: (seen: Seen, world: World) => Promise<void> | void;
  /** What was executed, as the test saw it: names of stand-ins that must have been called. */
  readonly executed: readonly string[];
  /** What the role allows, as `Sid action`, and nothing here asked for. */
  readonly unusedPermissions: readonly string[];
  readonly operatorSees: string;
}

interface World {
  readonly aws: LocalAws;
  readonly app: FleetOutput;
  readonly checkout: Checkout;
}

const server = {
  serverUrl: "https://chef.example.com/organizations/storefront-staging",
  runList: ["role[app]"],
  key: "ssm:/storefront/chef/validator",
};

/** Allowed to every node, and asked for only in another situation than these tests'. */
const elsewhere = [
  // No agent of Systems Manager runs here, through which operators open sessions.
  ...["ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel"].map(
    (one) => `SessionManager ${one}`,
  ),
  ...["ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"].map((one) => `SessionManager ${one}`),
  "OwnLifecycleActions autoscaling:RecordLifecycleActionHeartbeat", // of a boot that takes longer than a third of the hook's time
  "OwnHealth autoscaling:SetInstanceHealth", // of a failed boot whose hook does not wait
];
/** Of a boot that failed. */
const toldOfFailures = ["BootLog logs:CreateLogStream", "BootLog logs:PutLogEvents", "BootMetric cloudwatch:PutMetricData"];

const ofAgent = (action: string) => `ManagedNode ssm:${action}`;

const systems: readonly System[] = [
  {
    title: "`none` with a launch hook",
    from: "an image that is complete",
    settings: { launchHook: { heartbeatSeconds: 600 } },
    check: ({ file }) => assert.equal((JSON.parse(file("etc/fleet/fleet.json")) as { role: string }).role, "app"),
    executed: [],
    unusedPermissions: [...elsewhere, ...toldOfFailures],
    operatorSees: "launch hook CONTINUE; tags; `/etc/fleet/fleet.json`",
  },
  {
    title: "`chef-server`",
    from: "Packer image, Chef server, three phases",
    settings: { provisioning: "chef-server", chef: server },
    chef: true,
    check: async ({ instance, tags, file }, { aws, app }) => {
      assert.equal(tags["fleet:node-name"], instance);
      assert.match(file("etc/chef/client.rb"), new RegExp(`^node_name '${instance}'$`, "m"));
      assert.ok(file("etc/systemd/system/chef-client.timer").includes("OnUnitActiveSec=1800"));
      const { nodes, clients } = await (await ChefEyes.open(aws, "storefront-staging")).look();
      assert.ok(nodes.includes(instance) && clients.includes(instance));
      assert.ok(app.prefix.length > 0);
    },
    executed: ["chef-client", "systemctl"],
    unusedPermissions: elsewhere,
    operatorSees: "node and client named by the instance id in Chef; `chef-client.timer`; both gone after the instance",
  },
  {
    title: "`managed-node`",
    from: "registration with a configuration service (OpsWorks Stacks, ended)",
    settings: {
      provisioning: "managed-node",
      managedNode: {
        source: {
          type: "S3",
          info: { path: "https://s3.eu-central-1.amazonaws.com/cookbooks/app.tar.gz" },
          objectArns: ["arn:aws:s3:::cookbooks/*"],
        },
        runList: ["recipe[storefront]"],
      },
    },
    check: ({ instance, tags }) => {
      const host = `app-${instance.slice(2)}`;
      assert.equal(tags["Name"], `v3 staging web - ${host}`);
      assert.equal(tags["fleet:layer"], "app");
    },
    executed: ["hostnamectl", "systemctl", "agent"],
    // The stand-in of the agent registers, and runs no document.
    unusedPermissions: [
      ...elsewhere.filter((one) => one !== "SessionManager ssm:UpdateInstanceInformation"),
      ...["DescribeAssociation", "DescribeDocument", "GetDeployablePatchSnapshotForInstance", "GetDocument", "GetManifest"].map(ofAgent),
      ...["ListAssociations", "PutComplianceItems", "PutConfigurePackageResult", "PutInventory", "UpdateAssociationStatus"].map(ofAgent),
      ...["AcknowledgeMessage", "DeleteMessage", "FailMessage", "GetEndpoint", "GetMessages", "SendReply"].map(
        (action) => `ManagedNode ec2messages:${action}`,
      ),
      "Cookbooks s3:GetObject",
    ],
    operatorSees: "managed node Online, Name tag `v3 staging web - <hostname>`, association `Success`",
  },
  {
    title: "`chef-solo` with a volume `attach: launch`",
    from: "no server: the repository is on a snapshot",
    settings: {
      provisioning: "chef-solo",
      chef: { runList: ["role[app]"] },
      volumes: [{ deviceName: "/dev/sdk", snapshotId: "snap-0123456789abcdef0", mountPoint: "/chef" }],
    },
    check: ({ instance, file }) => {
      assert.match(file("etc/fstab"), / \/chef auto defaults,nofail 0 2$/m);
      assert.equal((JSON.parse(file(`var/chef/nodes/${instance}.json`)) as { name: string }).name, instance);
    },
    executed: ["mount", "chef-client", "systemctl"],
    unusedPermissions: elsewhere,
    operatorSees: "`/chef` mounted by volume id; a local run; no node on any server",
  },
  {
    title: "`none` with a volume `attach: boot`",
    from: "the newest snapshot by tag becomes a volume at boot",
    settings: {
      launchHook: { heartbeatSeconds: 600 },
      volumes: [{ deviceName: "/dev/sdf", attach: "boot", snapshotTags: { "fleet:volume": "code" }, mountPoint: "/code" }],
    },
    check: async ({ instance, log }, { aws }) => {
      assert.match(log, /newest snapshot: snap-[0-9a-f]+/);
      const ec2 = new EC2Client(clientOptions(aws.endpoint, aws.region));
      const filter = { Name: "attachment.instance-id", Values: [instance] };
      const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ Filters: [filter] }));
      const code = Volumes.find(({ Attachments = [] }) => Attachments.some(({ Device }) => Device === "/dev/sdf"));
      assert.ok(code?.Tags?.some(({ Key, Value }) => Key === "fleet:name" && Value === "app"));
    },
    executed: ["mount"],
    // Before a boot has given its volume to the instance it takes it off and deletes it when it fails; bats walks that.
    unusedPermissions: [...elsewhere, "OwnVolumes ec2:DetachVolume", "OwnVolumes ec2:DeleteVolume", "OwnInstances ec2:DetachVolume"],
    operatorSees: "a volume of the newest snapshot at `/code`, tagged as the fleet's, gone with the instance",
  },
];

const page = join(import.meta.dirname, "../../docs/systems.md");

function row({ title, from, settings, executed, operatorSees }: System): string {
  const yaml = stringify({ app: settings }, { lineWidth: 0 }).trim();
  const ran = ["user data", ...executed].map((name) => (name === "user data" ? name : `\`${name}\``)).join(", ");
  return `### ${title}\n\n| | |\n| --- | --- |\n| comes from | ${from} |\n| executed | ${ran} |\n| an operator sees | ${operatorSees} |\n\n\`\`\`yaml\n${yaml}\n\`\`\`\n`;
}

describe("five systems, end to end", function () {
  const told: string[] = [];

  before(() => assert.equal(whyNoBoot(), undefined));

  for (const system of systems) {
    it(system.title, async () => {
      const checkout = new Checkout();
      try {
        await run(system, checkout);
        told.push(row(system));
      } finally {
        await checkout.remove();
      }
    });
  }

  it("docs/systems.md tells what these tests saw", async () => {
    if (told.length < systems.length) assert.fail("a system failed; its row would be untrue");
    const before = existsSync(page) ? readFileSync(page, "utf8") : "";
    const head = before.slice(0, before.indexOf(mark));
    const text = await format(`${head}${mark}\n\n${told.join("\n")}`, { ...(await resolveConfig(page)), parser: "markdown" });
    if (process.env["FLEET_WRITE_DOCS"] === "1") writeFileSync(page, text);
    assert.equal(readFileSync(page, "utf8"), text);
  });
});

const mark = "<!-- From here on written by: FLEET_WRITE_DOCS=1 npm run test:full -- boot/systems -->";

async function run(system: System, checkout: Checkout): Promise<void> {
  const aws = await ensureAws({ root: checkout.path, region: "eu-central-1", log: () => undefined });
  const { home } = (await (await fetch(`${aws.endpoint}/_fleet/boot`, { method: "POST" })).json()) as { home: string };
  // Of three instances the first one's boot fails, so that the group has to replace it.
  const failing = failingOf(system);
  writeFileSync(join(home, "told", `${failing}.json`), JSON.stringify({ failures: 99, status: 1, instances: [1] }));

  const set = Object.entries({ "size.min": 2, ...system.settings }).flatMap(([key, value]) => [
    "--set",
    `fleet:fleets.app.${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  ]);
  const quick = system.chef ? ["--set", "fleet:fleets.app.chef.attempts=1"] : [];
  const consumer = system.chef ? [] : ["--set", "fleet:consumer.kind=none"];
  const deploy = async (verb: string): Promise<DeployResult> => {
    const { stdout, stderr } = await checkout.run(
      "sandbox/cli.ts",
      [verb, "--stack", "staging", "--json", "--keep", ...(verb === "up" ? ["--boot"] : []), ...consumer, ...set, ...quick],
      { timeoutMs: 240_000 },
    );
    assert.match(stdout, /^\{/, stderr.slice(-3_000));
    const result = JSON.parse(stdout) as DeployResult;
    assert.ok(result.ok, JSON.stringify(result.diagnostics) + stderr);
    return result;
  };

  const app = ((await deploy("up")).outputs["fleets"] as FleetsOutput)["app"]!;
  const world = { aws, app, checkout };
  const inService = await membersInService(aws, app.group.name);
  const booted = globSync("i-*/var/lib/fleet/done-i-*", { cwd: home }).map((path) => path.split("/")[0] ?? "");
  assert.ok(inService.length >= 2);
  for (const id of inService) assert.ok(booted.includes(id), `${id} is in service and did not boot`);

  for (const id of inService) await system.check(await seenOf(home, id, world), world);
  for (const name of system.executed)
    assert.ok(
      inService.every((id) => existsSync(join(home, id, `var/log/sandbox/${name}.jsonl`))),
      name,
    );

  await failedBootIsReplaced(world, home, booted);
  const { calls, refused, unused } = await checkNodeRole(aws, app.prefix, app.group.name);
  assert.ok(calls > 0);
  assert.deepEqual(refused, []);
  assert.deepEqual(unused, system.unusedPermissions);
  const logs = await checkout.sandbox("logs", inService[0] ?? "");
  assert.match(logs.stdout, /launch hook: CONTINUE/);

  await deploy("destroy");
  assert.deepEqual(await leftovers(aws.endpoint, aws.region, app.prefix), {});
  if (system.chef) {
    const { nodes, clients } = await (await ChefEyes.open(aws, "storefront-staging")).look();
    assert.deepEqual([nodes, clients.filter((name) => name.startsWith("i-"))], [[], []]);
  }
}

/** What is told to fail on the first instance: the last thing that the system runs. */
const failingOf = ({ executed }: System) => executed.find((name) => ["chef-client", "hostnamectl", "mount"].includes(name)) ?? "nothing";

async function membersInService(aws: LocalAws, group: string): Promise<string[]> {
  const client = new AutoScalingClient(clientOptions(aws.endpoint, aws.region));
  const { AutoScalingGroups: [found] = [] } = await client.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }));
  return (found?.Instances ?? []).filter((one) => one.LifecycleState === "InService").map(({ InstanceId: id = "" }) => id);
}

async function seenOf(home: string, instance: string, { aws }: World): Promise<Seen> {
  const folder = join(home, instance);
  const ec2 = new EC2Client(clientOptions(aws.endpoint, aws.region));
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] }));
  const tags = Reservations[0]?.Instances?.[0]?.Tags ?? [];
  const calls = globSync("var/log/sandbox/*.jsonl", { cwd: folder }).map((file) => {
    const lines = readFileSync(join(folder, file), "utf8").trim().split("\n");
    const name = /([^/]+)\.jsonl$/.exec(file)?.[1] ?? "";
    return [name, lines.map((line) => (JSON.parse(line) as { arguments: string[] }).arguments.join(" "))] as const;
  });
  return {
    instance,
    tags: Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value])),
    log: readFileSync(join(folder, "var/log/fleet/boot.log"), "utf8"),
    calls: Object.fromEntries(calls),
    file: (path) => readFileSync(join(folder, path.startsWith("var/") ? path : `upper/${path}`), "utf8"),
  };
}

/** Where something was told to fail: the instance is gone, its place taken, and its reason where operators look. */
async function failedBootIsReplaced({ aws, app, checkout }: World, home: string, booted: readonly string[]): Promise<void> {
  const failed = globSync("i-*/var/log/fleet/boot.log", { cwd: home })
    .map((path) => path.split("/")[0] ?? "")
    .filter((id) => !booted.includes(id));
  const expected = existsSync(join(home, "told/nothing.json")) ? 0 : 1;
  assert.equal(failed.length, expected);
  for (const id of failed) {
    const logs = new CloudWatchLogsClient(clientOptions(aws.endpoint, aws.region));
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: bootLogGroup(app.prefix), logStreamNames: [id] }));
    assert.match(events[0]?.message ?? "", new RegExp(`^boot of ${id} failed in step `));
    const scaling = new AutoScalingClient(clientOptions(aws.endpoint, aws.region));
    const { Activities = [] } = await scaling.send(new DescribeScalingActivitiesCommand({ AutoScalingGroupName: app.group.name }));
    assert.ok(Activities.some(({ Description = "" }) => Description.startsWith("Terminating") && Description.includes(id)));
    const { stdout } = await checkout.run("ops/cli.ts", ["why", id, "--stack", "staging", "--sandbox"]);
    assert.match(stdout, new RegExp(`^${id} of fleet app\\n.*Launching a new EC2 instance: ${id}`));
    assert.match(stdout, new RegExp(`^boot of ${id} failed in step `, "m"));
  }
}
