/**
 * The Capistrano example, read and run by Capistrano itself (Debian's), against the local AWS. Deploys go nowhere: `--dry-run` shows
 * their order; only the servers and the snapshot are real.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { awsVariables, settingsText } from "../ops/project.ts";
import { groupOf } from "../ops/group-of.ts";
import { startBetween, type Between } from "../ops/aws-between.ts";
import { startTestAws, type TestAws } from "../sandbox/aws/local-aws.ts";

const root = join(import.meta.dirname, "../..");

describe("examples/capistrano", function () {
  let aws: TestAws;
  let between: Between;
  let ec2: EC2Client;
  let directory: string;
  const instances: string[] = [];

  async function launch(): Promise<string> {
    const ImageId = (await ec2.send(new DescribeImagesCommand({}))).Images![0]!.ImageId!;
    const tags = {
      "fleet:product": "shop",
      "fleet:environment": "staging",
      "fleet:platform": "web",
      "fleet:major-version": "3",
      "fleet:name": "app",
      "fleet:role": "front",
    };
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        ImageId,
        MinCount: 1,
        MaxCount: 1,
        TagSpecifications: [{ ResourceType: "instance", Tags }],
        BlockDeviceMappings: [{ DeviceName: "/dev/sdf", Ebs: { VolumeSize: 3 } }],
      }),
    );
    return Instances![0]!.InstanceId!;
  }

  before(async () => {
    aws = await startTestAws();
    between = await startBetween(aws.endpoint);
    ec2 = new EC2Client(aws.client);
    directory = mkdtempSync(join(tmpdir(), "fleet-capistrano-"));
    cpSync(join(root, "examples/capistrano"), join(directory, "app"), { recursive: true });
    mkdirSync(join(directory, "fleet"));
    mkdirSync(join(directory, "bin"));
    for (const stack of ["staging", "production"])
      writeFileSync(join(directory, "fleet", `Pulumi.${stack}.yaml`), settingsText("    app: {}\n"));
    const npm = join(directory, "bin", "npm");
    writeFileSync(npm, `#!/bin/sh\nshift 4\nexec '${process.execPath}' '${join(root, "ops/cli.ts")}' "$@"\n`);
    chmodSync(npm, 0o755);
    instances.push(await launch(), await launch());
    await groupOf(aws, instances);
  });
  after(async () => {
    ec2.destroy();
    await between.close();
    await aws.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const cap = (...args: readonly string[]) =>
    new Promise<{ status: number | null; output: string }>((resolve, reject) => {
      const child = spawn("cap", args, {
        cwd: join(directory, "app"),
        env: {
          ...awsVariables(between.endpoint),
          FLEET: join(directory, "fleet"),
          HOME: directory,
          LANG: "C.UTF-8",
          PATH: `${join(directory, "bin")}:${process.env["PATH"] ?? ""}`,
          FLEET_TEST_RUN: process.env["FLEET_TEST_RUN"] ?? "",
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
      child.on("error", () => reject(new Error("Capistrano is missing: apt-get install capistrano")));
      child.on("close", (status) => resolve({ status, output: stripVTControlCharacters(output) }));
    });

  const oldest = async () => {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: instances }));
    const all = Reservations!.flatMap(({ Instances }) => Instances!);
    return all
      .map(({ InstanceId, LaunchTime }) => `${LaunchTime!.toISOString()} ${InstanceId!}`)
      .sort()[0]!
      .split(" ")[1]!;
  };

  it("deploys to the hosts in service", async () => {
    const { status, output } = await cap("staging", "doctor:servers");
    assert.equal(status, 0, output);
    assert.match(output, /Servers \(2\)/);
    for (const id of instances) assert.match(output, new RegExp(`^ +deploy@${id} +\\[:front\\]`, "m"));
  });

  it("snapshots the volume of the oldest, the primary, through the operations command line", async () => {
    const { status, output } = await cap("staging", "deploy:snapshot");
    assert.equal(status, 0, output);
    const filter = { Name: "tag:fleet:volume", Values: ["code"] };
    const { Snapshots: snapshots } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ["self"], Filters: [filter] }));
    assert.equal(snapshots!.length, 1);
    const primary = await oldest();
    assert.match(snapshots![0]!.Description!, new RegExp(`^vol-\\w+ of ${primary} at /dev/sdf$`));
    assert.equal(between.actions().includes("SendCommand"), true); // consistent
  });

  it("does so after a deploy and after a roll-back", async () => {
    // In a dry run nothing is found on the hosts, so there is nothing to go back to.
    const quiet = ["revert_release", "cleanup_rollback"].map((task) => `Rake::Task["deploy:${task}"].clear\n`);
    writeFileSync(join(directory, "app/lib/capistrano/tasks/dry.rake"), quiet.join(""));
    const taskLists = await Promise.all(["deploy", "deploy:rollback"].map((task) => cap("staging", task, "--dry-run", "--trace")));
    for (const { status, output } of taskLists) {
      const executed = [...output.matchAll(/^\*\* Execute (\S+)/gm)].map(([, task]) => task);
      assert.equal(status, 0, output);
      assert.equal(executed.at(-1), "deploy:snapshot", output);
    }
  });

  it("stops when nothing is in service, or the hosts cannot be listed", async () => {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: instances }));
    const none = await cap("staging", "doctor:servers");
    assert.equal(none.status, 1);
    assert.match(none.output, /^No instance of fleet app is in service in staging$/m);
    rmSync(join(directory, "fleet", "Pulumi.staging.yaml"));
    const failed = await cap("staging", "doctor:servers");
    assert.equal(failed.status, 1);
    assert.match(failed.output, /^npm run -s ops -- hosts --stack staging .* failed$/m);
  });

  it("has the same settings for staging and production", () => {
    const of = (stage: string) => readFileSync(join(root, `examples/capistrano/config/deploy/${stage}.rb`), "utf8");
    assert.equal(of("staging"), of("production"));
    assert.equal(existsSync(join(root, "examples/capistrano/Capfile")), true);
  });
});
