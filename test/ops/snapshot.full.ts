/** `ops snapshot` and `ops snapshot pick` against the local AWS; what it cannot show (pages, failures, slow snapshots) is put between. */
import assert from "node:assert/strict";
import { AutoScalingClient, CreateAutoScalingGroupCommand } from "@aws-sdk/client-auto-scaling";
import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  RegisterImageCommand,
  RunInstancesCommand,
  type Snapshot,
} from "@aws-sdk/client-ec2";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openSession, type AwsSession } from "../../ops/account.ts";
import { OpsError } from "../../ops/exit-codes.ts";
import { usesOf } from "../../ops/snapshot/in-use.ts";
import { beyondKeeping } from "../../ops/snapshot/prune.ts";
import { runSnapshot, type SnapshotRun } from "../../ops/snapshot/run.ts";
import { newestSnapshot, type FoundSnapshot } from "../../ops/snapshot/snapshots.ts";
import { startTestAws, type TestAws } from "../sandbox/aws/local-aws.ts";
import { ec2Answer, ec2Error, jsonAnswer, jsonError, startBetween, type Between, type Meddling } from "./aws-between.ts";
import { failure } from "./failure.ts";
import { awsVariables, Project, settingsText } from "./project.ts";

const fleets = `    app:
      volumes:
        - { deviceName: /dev/sdf, sizeGiB: 5 }
        - { deviceName: /dev/sdk, snapshotId: snap-0123456789abcdef0, attach: launch } # picked
`;
const lineage = {
  "fleet:product": "shop",
  "fleet:major-version": "3",
  "fleet:environment": "staging",
  "fleet:platform": "web",
  "fleet:name": "app",
};
const tagsOf = (snapshot: Snapshot) => Object.fromEntries(snapshot.Tags!.map(({ Key, Value }) => [Key!, Value!]));

let aws: TestAws;
let between: Between;
let ec2: EC2Client;
let project: Project;
let zone: string;
let image: string;
let instance: string;
let dataVolume: string;

before(async () => {
  aws = await startTestAws();
  between = await startBetween(aws.endpoint);
  between.edit = ({ action }, answer) =>
    action === "DescribeSnapshots"
      ? answer.replaceAll(
          /<snapshotId>([^<]*)<\/snapshotId>[\s\S]*?<startTime>([^<]*)/g,
          (item, id: string, time: string) => item.slice(0, item.length - time.length) + (startOf.get(id) ?? time),
        )
      : answer;
  ec2 = new EC2Client(aws.client);
  project = new Project();
  image = (await ec2.send(new DescribeImagesCommand({}))).Images![0]!.ImageId!;
  const BlockDeviceMappings = [{ DeviceName: "/dev/sdk", Ebs: { VolumeSize: 7 } }];
  const { Instances } = await ec2.send(new RunInstancesCommand({ ImageId: image, MinCount: 1, MaxCount: 1, BlockDeviceMappings }));
  instance = Instances![0]!.InstanceId!;
  zone = Instances![0]!.Placement!.AvailabilityZone!;
  const described = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [instance] }));
  const mappings = described.Reservations![0]!.Instances![0]!.BlockDeviceMappings!;
  dataVolume = mappings.find(({ DeviceName }) => DeviceName === "/dev/sdk")!.Ebs!.VolumeId!;
});
after(async () => {
  ec2.destroy();
  await between.close();
  await aws.stop();
  project.remove();
});
beforeEach(() => project.write("Pulumi.staging.yaml", settingsText(fleets)));
afterEach(() => between.reset());

const snapshot = (...args: readonly string[]) => project.ops(between.endpoint, "snapshot", "--stack", "staging", ...args);
const pick = (...args: readonly string[]) => project.ops(between.endpoint, "snapshot", "pick", "--stack", "staging", ...args);
const ofVolume = async (id: string) =>
  (await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ["self"], Filters: [{ Name: "volume-id", Values: [id] }] }))).Snapshots!;

/** When the snapshots of `made` began, a minute after one another: the emulator knows whole seconds only. */
const startOf = new Map<string, string>();

async function made(VolumeId: string, name: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const Tags = Object.entries({ ...lineage, "fleet:volume": name, ...more }).map(([Key, Value]) => ({ Key, Value }));
  const answer = await ec2.send(new CreateSnapshotCommand({ VolumeId, TagSpecifications: [{ ResourceType: "snapshot", Tags }] }));
  startOf.set(answer.SnapshotId!, new Date(Date.UTC(2026, 0, 1, 0, startOf.size)).toISOString());
  return answer.SnapshotId!;
}

const newVolume = async (SnapshotId?: string) =>
  (await ec2.send(new CreateVolumeCommand({ AvailabilityZone: zone, Size: 1, ...(SnapshotId === undefined ? {} : { SnapshotId }) })))
    .VolumeId!;

describe("ops snapshot", () => {
  it("snapshots the volume of an instance by its device, under either name, with the contract's tags", async () => {
    const before = new Set<string | undefined>();
    for (const device of ["/dev/sdk", "/dev/xvdk"]) {
      const ended = await snapshot(
        "--name",
        "code",
        "--instance",
        instance,
        "--device",
        device,
        "--revision",
        "4f1c2aa",
        "--tag",
        "team=shop",
      );
      // Their times may be equal.
      const [taken, ...others] = (await ofVolume(dataVolume)).filter(({ SnapshotId }) => !before.has(SnapshotId));
      before.add(taken?.SnapshotId);
      assert.deepEqual(others, []);
      assert.deepEqual(
        [ended.status, ended.stdout, ended.stderr],
        [
          0,
          `${taken!.SnapshotId!} is complete: fleet:product=shop, fleet:major-version=3, fleet:environment=staging, fleet:platform=web, fleet:name=app, fleet:volume=code\n`,
          `${taken!.SnapshotId!} of ${dataVolume} (7 GiB) begun\n`,
        ],
      );
      assert.deepEqual(tagsOf(taken!), {
        ...lineage,
        "fleet:volume": "code",
        "fleet:role": "app",
        "fleet:recipe-revision": "4f1c2aa",
        Name: "staging app code",
        team: "shop",
      });
      assert.equal(taken!.Description, `${dataVolume} of ${instance} at /dev/sdk`);
    }
  });

  it("prunes what is old, and never what a volume, an image, a template, a group or settings need", async () => {
    const volume = await newVolume();
    const ids: string[] = [];
    for (let count = 0; count < 7; count++) ids.push(await made(volume, "chef", { "fleet:recipe-revision": String(count) }));
    const [free, ofVolumeMade, ofImage, ofLatest, ofGroup, ofSettings, ofOldVersion] = ids;
    const other = await made(volume, "other");
    const using = await newVolume(ofVolumeMade);
    const mapping = (id: string) => [{ DeviceName: "/dev/sdk", Ebs: { SnapshotId: id } }];
    const registered = await ec2.send(
      new RegisterImageCommand({ Name: "with-chef", RootDeviceName: "/dev/sda1", BlockDeviceMappings: mapping(ofImage!) }),
    );
    const LaunchTemplateData = (id: string) => ({ ImageId: image, InstanceType: "t3.micro" as const, BlockDeviceMappings: mapping(id) });
    const { LaunchTemplate: template } = await ec2.send(
      new CreateLaunchTemplateCommand({ LaunchTemplateName: "app", LaunchTemplateData: LaunchTemplateData(ofLatest!) }),
    );
    const LaunchTemplateId = template!.LaunchTemplateId!;
    for (const id of [ofGroup!, ofOldVersion!, ofLatest!])
      await ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId, LaunchTemplateData: LaunchTemplateData(id) }));
    const scaling = new AutoScalingClient(aws.client);
    await scaling.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName: "app",
        MinSize: 0,
        MaxSize: 1,
        AvailabilityZones: [zone],
        LaunchTemplate: { LaunchTemplateId, Version: "2" },
      }),
    );
    scaling.destroy();
    project.write("Pulumi.production.yaml", `config:\n  # goes back to ${ofSettings!} if need be\n`);

    const args = ["--name", "chef", "--volume", volume, "--keep-newest", "1", "--json"];
    const dry = JSON.parse((await snapshot(...args, "--dry-run")).stdout) as { snapshot?: unknown; pruning: unknown };
    assert.equal(dry.snapshot, undefined);
    assert.equal((await ofVolume(volume)).length, 8);

    await aws.admin("DELETE", "calls");
    const ended = await snapshot(...args);
    assert.equal(ended.status, 0, ended.stderr);
    const result = JSON.parse(ended.stdout) as { snapshot: FoundSnapshot; pruning: unknown };
    assert.deepEqual(result.pruning, {
      deleted: [free, ofOldVersion],
      inUse: [
        { id: ofVolumeMade, uses: [using] },
        { id: ofImage, uses: [registered.ImageId] },
        { id: ofLatest, uses: [`${LaunchTemplateId} version 4`, `${LaunchTemplateId} version 1`] },
        { id: ofGroup, uses: [`${LaunchTemplateId} version 2`] },
        { id: ofSettings, uses: ["Pulumi.production.yaml"] },
      ],
      failed: [],
    });
    assert.deepEqual(dry.pruning, result.pruning);
    assert.deepEqual(
      (await ofVolume(volume)).map(({ SnapshotId }) => SnapshotId).sort(),
      [ofVolumeMade, ofImage, ofLatest, ofGroup, ofSettings, other, result.snapshot.id].sort(),
    );
    const recorded = (await aws.admin("GET", "calls")) as { permission: string }[] | { calls: { permission: string }[] };
    const used = new Set((Array.isArray(recorded) ? recorded : recorded.calls).map(({ permission }) => permission));
    // CreateSnapshot with tags needs CreateTags, which is no call of its own.
    assert.deepEqual([...used, "ec2:CreateTags", ...consistentOnly].sort(), [...documentedPermissions(), "sts:GetCallerIdentity"].sort());
  });

  it("waits with progress, ends the wait at its limit, and goes on from there", async () => {
    const volume = await newVolume();
    const id = await made(volume, "slow");
    between.meddle = slowSnapshot(id, volume, ["pending 10%", "pending 10%", "pending 80%"]);
    const ended = await snapshot("--name", "slow", "--volume", volume, "--timeout-seconds", "1");
    assert.equal(ended.status, 6);
    assert.equal(
      ended.stderr,
      `${id} of ${volume} (1 GiB) begun\n${id} pending, 10%\n${id} was not complete within 1 s. It goes on: go on with --resume ${id}.\n`,
    );
    between.reset();
    const resumed = await snapshot("--name", "slow", "--resume", id);
    assert.deepEqual([resumed.status, resumed.stdout.startsWith(`${id} is complete: `), resumed.stderr], [0, true, ""]);
    assert.deepEqual((await ofVolume(volume)).length, 1);
    const stranger = await snapshot("--name", "chef2", "--resume", id);
    assert.equal(stranger.status, 8);
    assert.match(stranger.stderr, /^snap-\w+ is no snapshot with .*fleet:volume=chef2; there is: none\.\n$/);
  });

  it("begins and returns when it is not to wait", async () => {
    const volume = await newVolume();
    between.meddle = ({ action }) => (action === "DescribeSnapshots" ? ec2Error("InternalError", "not asked", 500) : undefined);
    const ended = await snapshot("--name", "code", "--volume", volume, "--no-wait", "--json");
    assert.equal(ended.status, 0, ended.stderr);
    assert.equal((JSON.parse(ended.stdout) as { snapshot: FoundSnapshot }).snapshot.volumeId, volume);
  });

  it("refuses what is missing or contradicts itself, and calls nothing", async () => {
    for (const [args, said] of [
      [["--name", "code"], /^Which volume\? Give --volume ID, or --instance ID and --device NAME, or --resume SNAPSHOT\.\n$/],
      [["--volume", "vol-0123456789abcdef0"], /required option '--name <name>' not specified/],
      [["--name", "code", "--volume", "vol-1"], /It must be vol- and 8 or 17 hexadecimal digits/],
      [["--name", "code", "--volume", "vol-0123456789abcdef0", "--device", "/dev/sdf"], /cannot be used with option '--device <name>'/],
      [["--name", "code", "--volume", "vol-0123456789abcdef0", "--no-wait", "--keep-newest", "3"], /'--no-wait' cannot be used with/],
      [["--name", "code", "--volume", "vol-0123456789abcdef0", "--tag", "fleet:name=x"], /^--tag cannot set fleet:name/],
    ] as const) {
      const ended = await snapshot(...args);
      assert.deepEqual([ended.status, said.test(ended.stderr)], [2, true], `${args.join(" ")}: ${ended.stderr}`);
    }
    assert.deepEqual(between.calls, []);
  });

  it("says which volumes there are when none is meant, and what AWS refuses", async () => {
    const absent = await snapshot("--name", "code", "--instance", instance, "--device", "/dev/sdz");
    assert.equal(absent.status, 8);
    assert.match(
      absent.stderr,
      new RegExp(`^Instance ${instance} has not exactly one volume at /dev/sdz; it has .*/dev/sdk \\(${dataVolume}\\)`),
    );
    const gone = await snapshot("--name", "code", "--volume", "vol-0123456789abcdef0");
    assert.deepEqual([gone.status, gone.stderr], [8, "There is no volume vol-0123456789abcdef0 in this region and account.\n"]);
    between.meddle = ({ action }) =>
      action === "CreateSnapshot" ? ec2Error("SnapshotCreationPerVolumeRateExceeded", "wait 15 seconds") : undefined;
    const refused = await snapshot("--name", "code", "--volume", dataVolume);
    assert.equal(refused.status, 7);
    assert.match(refused.stderr, /^CreateSnapshot of vol-\w+ failed: SnapshotCreationPerVolumeRateExceeded: wait 15 seconds\./);
  });
});

/** Answers DescribeSnapshots with one state after the other, the last one for ever, and CreateSnapshot with the snapshot there is. */
function slowSnapshot(id: string, volume: string, states: readonly string[]): Meddling {
  const facts = (state: string, progress: string) =>
    `<snapshotId>${id}</snapshotId><volumeId>${volume}</volumeId><status>${state}</status><progress>${progress}</progress>` +
    `<startTime>2026-01-01T00:00:00.000Z</startTime><volumeSize>1</volumeSize>`;
  return ({ action, turn }) => {
    if (action === "CreateSnapshot") return ec2Answer(action, facts("pending", ""));
    if (action !== "DescribeSnapshots") return undefined;
    const [state = "", progress = ""] = (states[Math.min(turn, states.length) - 1] ?? "").split(" ");
    return ec2Answer(action, `<snapshotSet><item>${facts(state, progress)}</item></snapshotSet>`);
  };
}

/** What only `--consistent` needs, beside the documented rest. */
const consistentOnly = ["ssm:SendCommand", "ssm:GetCommandInvocation"];
function documentedPermissions(): string[] {
  const text = readFileSync(join(import.meta.dirname, "../../docs/snapshots.md"), "utf8");
  const policy = /```json\n(\{\s+"Version"[\s\S]*?)```/.exec(text)?.[1] ?? "{}";
  return (JSON.parse(policy) as { Statement: { Action: string[] }[] }).Statement.flatMap(({ Action }) => Action);
}

describe("ops snapshot, in virtual time", () => {
  let session: AwsSession;
  let now = 0;
  let lines: string[] = [];
  const environment = { ...process.env };

  before(async () => {
    Object.assign(process.env, awsVariables(between.endpoint));
    delete process.env["AWS_PROFILE"];
    session = await openSession({ region: aws.region });
  });
  after(() => {
    process.env = environment;
  });
  beforeEach(() => {
    now = Date.parse("2026-06-01T00:00:00Z");
    lines = [];
  });

  const context = () => ({
    say: (line: string) => void lines.push(line),
    waiting: { now: () => now, sleep: (milliseconds: number) => ((now += milliseconds), Promise.resolve()) },
  });
  const run = (more: Partial<SnapshotRun>) =>
    runSnapshot(
      {
        session,
        choice: { volume: dataVolume },
        lineage: { ...lineage, "fleet:volume": "code" },
        tags: { ...lineage, "fleet:volume": "code" },
        consistent: false,
        wait: true,
        timeoutSeconds: 60,
        keep: {},
        dryRun: false,
        ...more,
      },
      context(),
    );

  it("says how far it is, once for each step, and goes on through an AWS that does not answer", async () => {
    const answer = slowSnapshot("snap-1", dataVolume, ["pending 5%", "pending 5%", "pending 60%", "pending 60%", "completed 100%"]);
    let troubled = 0;
    between.meddle = (call) =>
      call.action === "DescribeSnapshots" && call.turn > 2 && troubled++ < 5 ? ec2Error("InternalError", "later", 500) : answer(call);
    const { snapshot: taken } = await run({});
    assert.deepEqual([taken?.id, taken?.state], ["snap-1", "completed"]);
    assert.deepEqual(lines, [
      `snap-1 of ${dataVolume} (7 GiB) begun`,
      "snap-1 pending, 5%",
      "AWS does not answer (InternalError); the wait goes on",
    ]);
  });

  it("ends with the reason when the snapshot failed, or the credentials expire", async () => {
    between.meddle = slowSnapshot("snap-1", dataVolume, ["pending 5%", "error 5%"]);
    const failed = await failure(run({}));
    assert.deepEqual([failed.exitCode, failed.message], [4, "snap-1 is in state error: no reason given."]);
    between.reset();
    const answer = slowSnapshot("snap-1", dataVolume, ["pending 5%"]);
    between.meddle = (call) =>
      call.action === "DescribeSnapshots" && call.turn > 1 ? ec2Error("RequestExpired", "the token has expired") : answer(call);
    const expired = await failure(run({}));
    assert.equal(expired.exitCode, 6);
    assert.equal(
      expired.message,
      "The credentials expired during the wait (RequestExpired: the token has expired); snap-1 goes on. Get new ones and go on with --resume snap-1.",
    );
  });

  it("says that the snapshot is complete when it cannot ask what is in use, and deletes nothing", async () => {
    const volume = await newVolume();
    await made(volume, "twice");
    const own = { ...lineage, "fleet:volume": "twice" };
    const keep = { newest: 1 };
    between.meddle = ({ action }) => (action === "DescribeImages" ? ec2Error("UnauthorizedOperation", "no", 403) : undefined);
    const error = await failure(run({ choice: { volume }, lineage: own, tags: own, keep }));
    assert.equal(error.exitCode, 3);
    assert.match(
      error.message,
      /^snap-\w+ is complete, but older ones were not pruned: DescribeImages of this account failed: .* To prune alone: --resume snap-\w+\.$/,
    );
    assert.equal(between.actions().includes("DeleteSnapshot"), false);
  });

  it("keeps what AWS calls in use, passes over what is gone, and names what it could not delete", async () => {
    const volume = await newVolume();
    const own = { ...lineage, "fleet:volume": "stuck" };
    const ids = [await made(volume, "stuck"), await made(volume, "stuck"), await made(volume, "stuck")];
    between.meddle = ({ action, turn }) => {
      if (action !== "DeleteSnapshot") return undefined;
      return [
        ec2Error("InvalidSnapshot.InUse", "an image"),
        ec2Error("InvalidSnapshot.NotFound", "gone"),
        ec2Error("OperationNotPermitted", "locked"),
      ][turn - 1];
    };
    const { pruning } = await run({ choice: { volume }, lineage: own, tags: own, keep: { newest: 1 } });
    assert.deepEqual(pruning, {
      deleted: [],
      inUse: [{ id: ids[0], uses: ["an image"] }],
      failed: [{ id: ids[2], reason: "OperationNotPermitted: locked" }],
    });
  });

  it("reads every page before it calls a snapshot unused", async () => {
    const pages: Readonly<Record<string, readonly [string, string]>> = {
      DescribeVolumes: ["volumeSet", "<item><volumeId>vol-9</volumeId><snapshotId>snap-0000000a</snapshotId></item>"],
      DescribeImages: [
        "imagesSet",
        "<item><imageId>ami-9</imageId><blockDeviceMapping><item><ebs><snapshotId>snap-0000000b</snapshotId></ebs></item></blockDeviceMapping></item>",
      ],
      DescribeLaunchTemplateVersions: [
        "launchTemplateVersionSet",
        "<item><launchTemplateId>lt-9</launchTemplateId><versionNumber>4</versionNumber><launchTemplateData><blockDeviceMappingSet><item><ebs><snapshotId>snap-0000000c</snapshotId></ebs></item></blockDeviceMappingSet></launchTemplateData></item>",
      ],
    };
    between.meddle = ({ action, params }) => {
      const [set, item] = pages[action] ?? [];
      if (set === undefined) return undefined;
      return ec2Answer(
        action,
        params["NextToken"] === undefined ? `<${set}/><nextToken>more</nextToken>` : `<${set}>${item ?? ""}</${set}>`,
      );
    };
    const uses = await usesOf(session, ["snap-0000000a", "snap-0000000b", "snap-0000000c", "snap-0000000d"]);
    assert.deepEqual(Object.fromEntries(uses), {
      "snap-0000000a": ["vol-9"],
      "snap-0000000b": ["ami-9"],
      "snap-0000000c": ["lt-9 version 4"],
    });
  });

  describe("--consistent", () => {
    const consistent = { consistent: true, wait: false };
    const answers =
      (invocation: (turn: number) => object, more: Meddling = () => undefined): Meddling =>
      (call) =>
        call.action === "GetCommandInvocation"
          ? jsonAnswer({ Status: "Success", StandardOutputContent: "", ...invocation(call.turn) })
          : more(call);
    const sent = () => between.calls.filter(({ action }) => action === "SendCommand").map(({ input }) => input);
    const order = () => between.actions().filter((action) => ["SendCommand", "CreateSnapshot", "DeleteSnapshot"].includes(action));

    it("freezes, begins and thaws, in this order", async () => {
      between.meddle = answers((turn) =>
        turn === 1 ? { Status: "InProgress" } : { StandardOutputContent: turn === 2 ? "frozen /code\n" : "" },
      );
      const { frozen } = await run(consistent);
      assert.deepEqual(frozen, ["/code"]);
      assert.deepEqual(order(), ["SendCommand", "CreateSnapshot", "SendCommand"]);
      const [freeze, thaw] = sent() as { InstanceIds: string[]; DocumentName: string; Parameters: { commands: string[] } }[];
      assert.deepEqual([freeze!.InstanceIds, freeze!.DocumentName], [[instance], "AWS-RunShellScript"]);
      const text = freeze!.Parameters.commands[0]!;
      assert.match(
        text,
        new RegExp(
          `^volume_id='${dataVolume}'\ndevice='/dev/sdk'\nhold_seconds='60'\nstate_directory='/run/fleet-freeze-${dataVolume}'\ntoken='[0-9a-f-]{36}'\n`,
        ),
      );
      assert.match(text, /fsfreeze --freeze/);
      assert.match(thaw!.Parameters.commands[0]!, /fsfreeze --unfreeze/);
      assert.deepEqual(lines, [`frozen on ${instance}: /code`, `thawed on ${instance}`, lines[2]]);
    });

    it("thaws when CreateSnapshot fails, and passes its error on", async () => {
      between.meddle = answers(
        () => ({ StandardOutputContent: "frozen /code" }),
        ({ action }) => (action === "CreateSnapshot" ? ec2Error("SnapshotLimitExceeded", "too many") : undefined),
      );
      assert.match((await failure(run(consistent))).message, /^CreateSnapshot of vol-\w+ failed: SnapshotLimitExceeded/);
      assert.deepEqual(order(), ["SendCommand", "CreateSnapshot", "SendCommand"]);
    });

    it("thaws when freezing fails, and tells the script's last words", async () => {
      between.meddle = answers((turn) =>
        turn === 1 ? { Status: "Failed", StandardErrorContent: "/ is on vol-1: it would stop the agent\n" } : {},
      );
      const error = await failure(run(consistent));
      assert.equal(error.exitCode, 4);
      assert.match(
        error.message,
        /^The command that should freeze vol-\w+ on i-\w+ \([\w-]+\) ended as Failed: \/ is on vol-1: it would stop the agent$/,
      );
      assert.deepEqual(order(), ["SendCommand", "SendCommand"]);
    });

    it("thaws after a signal, with a wait of its own", async () => {
      const stop = new OpsError(6, "The wait was ended by SIGINT");
      between.meddle = answers((turn) => (turn === 1 ? { Status: "Pending" } : {}));
      const told = { ...context(), waiting: { now: () => now, sleep: () => Promise.reject(stop) } };
      const work = runSnapshot(
        { session, choice: { volume: dataVolume }, lineage, tags: lineage, timeoutSeconds: 60, keep: {}, dryRun: false, ...consistent },
        told,
      );
      assert.equal(await failure(work), stop);
      assert.deepEqual(order(), ["SendCommand", "SendCommand"]);
    });

    it("says what a node must be that is not managed", async () => {
      between.meddle = ({ action }) =>
        action === "SendCommand" ? jsonError("InvalidInstanceId", "Instances not in a valid state") : undefined;
      const error = await failure(run(consistent));
      assert.equal(error.exitCode, 7);
      assert.match(
        error.message,
        /^SendCommand \(freeze\) to i-\w+, which has to be running and managed by Systems Manager, failed: InvalidInstanceId/,
      );
      assert.match(lines[0]!, /^thawing could not be confirmed .* thaws by itself in 60 s$/);
    });

    it("says when thawing cannot be confirmed, and with what to go on", async () => {
      between.meddle = answers((turn) =>
        turn === 1 ? { StandardOutputContent: "frozen /code" } : { Status: "Failed", StandardErrorContent: "busy" },
      );
      const error = await failure(run(consistent));
      assert.equal(error.exitCode, 4);
      assert.match(
        error.message,
        /^snap-\w+ was begun, but thawing \/code on i-\w+ could not be confirmed: .*: busy .* go on with --resume snap-\w+\.$/,
      );
    });

    it("deletes a snapshot that was begun after the hold had ended", async () => {
      between.meddle = answers(
        () => ({ StandardOutputContent: "frozen /code" }),
        ({ action }) => {
          if (action === "CreateSnapshot") now += 60_000;
          return undefined;
        },
      );
      const error = await failure(run(consistent));
      assert.equal(error.exitCode, 4);
      assert.match(error.message, /took longer than the 60 s for which writes are held up: snap-\w+ may not be consistent and was deleted/);
      assert.deepEqual(order(), ["SendCommand", "CreateSnapshot", "SendCommand", "DeleteSnapshot"]);
    });

    it("holds nothing still that is not attached or not mounted", async () => {
      const volume = await newVolume();
      await run({ ...consistent, choice: { volume } });
      assert.deepEqual(order(), ["CreateSnapshot"]);
      assert.equal(lines[0], `${volume} is attached to no instance: nothing writes to it`);
      between.reset();
      between.meddle = answers(() => ({}));
      lines = [];
      assert.deepEqual((await run(consistent)).frozen, []);
      assert.equal(lines[0], `nothing of ${dataVolume} is mounted`);
      assert.deepEqual(order(), ["SendCommand", "CreateSnapshot"]);
    });
  });
});

describe("ops snapshot pick", () => {
  it("writes the newest completed snapshot, and no other character; the same again changes nothing", async () => {
    const volume = await newVolume();
    await made(volume, "picked");
    const newest = await made(volume, "picked", { "fleet:recipe-revision": "7" });
    await made(volume, "picked", { "fleet:environment": "production" });
    const before = project.read("Pulumi.staging.yaml");
    const dry = await pick("--name", "picked", "--dry-run");
    assert.match(
      dry.stdout,
      new RegExp(
        `^Pulumi.staging.yaml: fleet:fleets.app.volumes.1.snapshotId would change from snap-0123456789abcdef0 to ${newest} \\(begun .*, revision 7\\)\n$`,
      ),
    );
    assert.equal(project.read("Pulumi.staging.yaml"), before);
    const ended = await pick("--name", "picked", "--device", "/dev/sdk", "--json");
    assert.equal(ended.status, 0, ended.stderr);
    const result = JSON.parse(ended.stdout) as { snapshot: FoundSnapshot; previous: string; changed: boolean; written: boolean };
    assert.deepEqual([result.snapshot.id, result.previous, result.changed, result.written], [newest, "snap-0123456789abcdef0", true, true]);
    assert.equal(project.read("Pulumi.staging.yaml"), before.replace("snap-0123456789abcdef0", newest));
    assert.match((await pick("--name", "picked")).stdout, /is snap-\w+ already/);
    const revision = await pick("--name", "picked", "--tag", "fleet:environment=production", "--json");
    assert.equal((JSON.parse(revision.stdout) as { changed: boolean }).changed, true);
  });

  it("says which volumes and snapshots there are", async () => {
    const none = await pick("--name", "absent");
    assert.equal(none.status, 8);
    assert.match(none.stderr, /^No snapshot has fleet:product=shop, .*fleet:volume=absent\. Make one with/);
    const elsewhere = await pick("--name", "picked", "--device", "/dev/sdf");
    assert.equal(elsewhere.status, 2);
    assert.match(
      elsewhere.stderr,
      /has not exactly one volume with a snapshotId at \/dev\/sdf .*: \/dev\/sdf \(without a snapshotId\), \/dev\/sdk\./,
    );
  });

  it("reads every page before it decides", async () => {
    const item = (id: string, startTime: string) =>
      `<item><snapshotId>${id}</snapshotId><status>completed</status><startTime>${startTime}</startTime></item>`;
    between.meddle = ({ action, params }) => {
      if (action !== "DescribeSnapshots") return undefined;
      const isFirst = params["NextToken"] === undefined;
      const items = isFirst ? item("snap-0000000a", "2026-01-01T00:00:00.000Z") : item("snap-0000000b", "2026-01-02T00:00:00.000Z");
      return ec2Answer(action, `<snapshotSet>${items}</snapshotSet>${isFirst ? "<nextToken>more</nextToken>" : ""}`);
    };
    assert.match((await pick("--name", "code", "--dry-run")).stdout, /to snap-0000000b /);
  });
});

const found = (id: string, startedAt: string, state = "completed"): FoundSnapshot => ({
  id,
  state,
  startedAt,
  volumeId: "vol-1",
  sizeGiB: 1,
  progress: "",
});

describe("newestSnapshot", () => {
  it("refuses two of one moment, and what is not complete", () => {
    const [one, other] = [found("snap-1", "2026-01-01T00:00:00.000Z"), found("snap-2", "2026-01-01T00:00:00.000Z")];
    assert.throws(
      () => newestSnapshot([one, other], { a: "b" }),
      /^OpsError: 2 snapshots are equally new \(2026-01-01T00:00:00\.000Z\): snap-1, snap-2\. Narrow/,
    );
    const pending = found("snap-3", "2026-01-03T00:00:00.000Z", "pending");
    assert.equal(newestSnapshot([one, pending], {}).id, "snap-1");
    assert.throws(() => newestSnapshot([pending], { a: "b" }), /No snapshot can be used:\n- snap-3: its state is pending\nSearched: a=b\./);
  });
});

describe("beyondKeeping", () => {
  const now = Date.parse("2026-06-01T00:00:00Z");
  const day = 86_400_000;
  const aged = (days: number, state = "completed") => found(`snap-${days}`, new Date(now - days * day).toISOString(), state);
  const ids = (all: readonly FoundSnapshot[]) => all.map(({ id }) => id);

  it("keeps what either number keeps, and always the newest", () => {
    const all = [1, 5, 10, 40, 50].map((days) => aged(days));
    assert.deepEqual(ids(beyondKeeping(all, {}, now)), []);
    assert.deepEqual(ids(beyondKeeping(all, { newest: 2 }, now)), ["snap-50", "snap-40", "snap-10"]);
    assert.deepEqual(ids(beyondKeeping(all, { days: 30 }, now)), ["snap-50", "snap-40"]);
    assert.deepEqual(ids(beyondKeeping(all, { newest: 4, days: 8 }, now)), ["snap-50"]);
    assert.deepEqual(ids(beyondKeeping([aged(400)], { days: 0 }, now)), []);
    assert.deepEqual(ids(beyondKeeping([aged(3, "error"), aged(4, "pending"), aged(5)], { newest: 9 }, now)), ["snap-3"]);
  });

  it("never lets the newest completed one go, nor one that is pending, and lets go exactly what both numbers leave", () => {
    const snapshot = fc.record({ days: fc.integer({ min: 0, max: 90 }), state: fc.constantFrom("completed", "pending", "error") });
    fc.assert(
      fc.property(
        fc.uniqueArray(snapshot, { selector: ({ days }) => days }),
        fc.record({ newest: fc.integer({ min: 1, max: 5 }), days: fc.integer({ min: 0, max: 60 }) }, { requiredKeys: [] }),
        (drawn, rules) => {
          const all = drawn.map(({ days, state }) => aged(days, state));
          const gone = new Set(ids(beyondKeeping(all, rules, now)));
          const completed = drawn.filter(({ state }) => state === "completed").sort((one, other) => one.days - other.days);
          const isRuled = rules.newest !== undefined || rules.days !== undefined;
          for (const { days, state } of drawn) {
            const rank = completed.findIndex((one) => one.days === days);
            const isKept =
              !isRuled ||
              state === "pending" ||
              (state === "completed" && (rank === 0 || rank < (rules.newest ?? 0) || days < (rules.days ?? 0)));
            assert.equal(gone.has(`snap-${days}`), !isKept);
          }
        },
      ),
    );
  });
});
