/**
 * The steps of the Jenkinsfile, run in their order by sh as Jenkins runs them, against the local AWS and real git repositories.
 * Jenkins itself does not run here: what it makes of the file's syntax, its plug-ins and its triggers is not shown.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateVolumeCommand, DescribeAvailabilityZonesCommand, DescribeSnapshotsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { awsVariables, settingsText } from "../ops/project.ts";
import { startTestAws, type TestAws } from "../sandbox/aws/local-aws.ts";

const root = join(import.meta.dirname, "../..");
const jenkinsfile = readFileSync(join(root, "examples/jenkins/Jenkinsfile"), "utf8");

interface Step {
  readonly stage: string;
  readonly script: string;
}

/** The `sh` steps of each stage; those after the stages belong to `always`. */
const steps: readonly Step[] = [...jenkinsfile.matchAll(/stage\('([^']+)'\)|(post) \{|\bsh (?:'''([\s\S]*?)'''|'([^'\n]*)')/g)].reduce<{
  stage: string;
  found: Step[];
}>(
  ({ stage, found }, [, name, post, long, short]) =>
    name !== undefined || post !== undefined
      ? { stage: name ?? "always", found }
      : // Groovy takes a backslash and a line end as nothing.
        { stage, found: [...found, { stage, script: (long ?? short ?? "").replaceAll("\\\n", "") }] },
  { stage: "", found: [] },
).found;
const declared = new Map(
  [.../environment \{([\s\S]*?)\n {2}\}/.exec(jenkinsfile)![1]!.matchAll(/^\s+(\w+) = '([^']*)'$/gm)].map(([, name, value]) => [
    name!,
    value!,
  ]),
);

describe("examples/jenkins", () => {
  let aws: TestAws;
  let ec2: EC2Client;
  let directory: string;
  let volume: string;
  const at = (...parts: string[]) => join(directory, ...parts);
  const git = (cwd: string, ...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main", ...args], {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  const standIn = (name: string, text: string) => {
    writeFileSync(at("bin", name), `#!/bin/sh\n${text}\n`);
    chmodSync(at("bin", name), 0o755);
  };
  const log = () => (existsSync(at("log")) ? readFileSync(at("log"), "utf8").trimEnd().split("\n") : []);

  before(async () => {
    aws = await startTestAws();
    ec2 = new EC2Client(aws.client);
    const zone = (await ec2.send(new DescribeAvailabilityZonesCommand({}))).AvailabilityZones![0]!.ZoneName!;
    volume = (await ec2.send(new CreateVolumeCommand({ AvailabilityZone: zone, Size: 1 }))).VolumeId!;
    directory = mkdtempSync(join(tmpdir(), "fleet-jenkins-"));
    for (const name of ["bin", "disk", "cookbooks", "fleet"]) mkdirSync(at(name));
    writeFileSync(at("disk", "lost+found"), "");
    standIn("sudo", 'exec "$@"');
    standIn("mountpoint", `test -e '${at("mounted")}'`);
    standIn("mount", `echo "mount $*" >>'${at("log")}'; touch '${at("mounted")}'`);
    standIn("umount", `echo "umount $*" >>'${at("log")}'; rm '${at("mounted")}'`);
    standIn("npm", `shift 4; echo "ops $1 $2" >>'${at("log")}'\nexec '${process.execPath}' '${join(root, "ops/cli.ts")}' "$@"`);
    git(at("cookbooks"), "init", "-q");
    writeFileSync(
      at("fleet", "Pulumi.staging.yaml"),
      settingsText("    app: { volumes: [{ deviceName: /dev/sdk, snapshotId: snap-0123456789abcdef0 }] }\n"),
    );
    git(at("fleet"), "init", "-q");
    git(at("fleet"), "add", ".");
    git(at("fleet"), "commit", "-q", "-m", "settings");
    git(directory, "clone", "-q", "--bare", "fleet", "origin.git");
    git(at("fleet"), "remote", "add", "origin", at("origin.git"));
  });
  after(async () => {
    ec2.destroy();
    await aws.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => rmSync(at("log"), { force: true }));

  function commit(files: Readonly<Record<string, string | undefined>>): string {
    for (const [name, text] of Object.entries(files)) {
      if (text === undefined) git(at("cookbooks"), "rm", "-q", name);
      else writeFileSync(at("cookbooks", name), text);
    }
    git(at("cookbooks"), "add", ".");
    git(at("cookbooks"), "commit", "-q", "-m", "change");
    return git(at("cookbooks"), "rev-parse", "HEAD");
  }

  const runStep = (script: string, GIT_COMMIT: string) =>
    new Promise<{ status: number | null; stderr: string }>((resolve) => {
      const own = { FLEET: at("fleet"), VOLUME: volume, MOUNT_POINT: at("disk") };
      const child = spawn("sh", ["-xe", "-c", script], {
        cwd: at("cookbooks"),
        env: {
          ...Object.fromEntries(declared),
          ...own,
          ...awsVariables(aws.endpoint),
          GIT_COMMIT,
          WORKSPACE: at("cookbooks"),
          HOME: directory,
          PATH: `${at("bin")}:${process.env["PATH"] ?? ""}`,
          FLEET_TEST_RUN: process.env["FLEET_TEST_RUN"] ?? "",
        },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.on("close", (status) => resolve({ status, stderr }));
    });

  /** As Jenkins: the stages until one fails, then what always runs. Returns the stage that failed. */
  async function build(commitId: string): Promise<string | undefined> {
    let failed: string | undefined;
    for (const { stage, script } of steps) {
      if (failed !== undefined && stage !== "always") continue;
      const { status, stderr } = await runStep(script, commitId);
      if (status !== 0) {
        failed ??= stage;
        assert.notEqual(stage, "always", stderr);
      }
    }
    return failed;
  }

  it("has the steps that the source describes, and sets every variable that they use", () => {
    assert.deepEqual(
      steps.map(({ stage }) => stage),
      ["Mount", "Check out", "Unmount", "Snapshot", "Propose", "always"],
    );
    const used = new Set(steps.flatMap(({ script }) => [...script.matchAll(/\$(\w+)/g)].map(([, name]) => name!)));
    assert.deepEqual([...used].filter((name) => !declared.has(name)).sort(), ["GIT_COMMIT", "WORKSPACE"]); // Jenkins sets these
    assert.deepEqual(
      [...declared.keys()].filter((name) => !used.has(name)),
      [],
    );
  });

  it("makes each commit a snapshot of an unmounted disk that holds exactly it, and proposes its id", async () => {
    await build(commit({ "old.rb": "old", "recipe.rb": "1" }));
    const id = commit({ "old.rb": undefined, "recipe.rb": "2" });
    rmSync(at("log"));
    assert.equal(await build(id), undefined);
    const disk = at("disk");
    assert.deepEqual(log(), [`mount ${disk}`, `umount ${disk}`, "ops snapshot --stack", "ops snapshot pick"]);
    assert.equal(readFileSync(at("disk", "recipe.rb"), "utf8"), "2");
    assert.deepEqual([existsSync(at("disk", "old.rb")), existsSync(at("disk", "lost+found"))], [false, true]);

    const all = (await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ["self"], Filters: [{ Name: "volume-id", Values: [volume] }] })))
      .Snapshots!;
    const ofCommit = all.filter(({ Tags = [] }) => Tags.some(({ Key, Value }) => Key === "fleet:recipe-revision" && Value === id));
    assert.deepEqual([all.length, ofCommit.length], [2, 1]);
    const archived = JSON.parse(readFileSync(at("cookbooks", "snapshot.json"), "utf8")) as { snapshot: { id: string } };
    assert.equal(archived.snapshot.id, ofCommit[0]!.SnapshotId);
    const proposed = git(at("origin.git"), "diff", "--unified=0", "main", `cookbooks-${id}`);
    assert.deepEqual(
      proposed.split("\n").filter((line) => /^[+-][^+-]/.test(line)),
      [
        "-    app: { volumes: [{ deviceName: /dev/sdk, snapshotId: snap-0123456789abcdef0 }] }",
        `+    app: { volumes: [{ deviceName: /dev/sdk, snapshotId: ${ofCommit[0]!.SnapshotId!} }] }`,
      ],
    );
  });

  it("snapshots nothing when the check-out fails, and leaves the disk unmounted", async () => {
    assert.equal(await build("0000000000000000000000000000000000000000"), "Check out");
    assert.deepEqual(log(), [`mount ${at("disk")}`, `umount ${at("disk")}`]);
  });
});
