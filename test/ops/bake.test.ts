/** `ops bake` and its parts, with a stand-in for Packer that says and does what a test tells it. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builderPolicy, packerPolicy } from "../../ops/bake/iam-policies.ts";
import { packerBuild, packerRelease, type PackerBuild } from "../../ops/bake/packer.ts";
import { parseBakeRequest } from "../../ops/bake/request.ts";
import { OpsError } from "../../ops/exit-codes.ts";

const request = {
  variables: {
    name: "storefront-staging-web-v3-app",
    product: "storefront",
    instance_type: "t3.small",
    source_image: "ami-0123456789abcdef0",
    major_version: 3,
  },
  sourceOwner: "amazon",
  inputsHash: "0".repeat(64),
  region: "eu-central-1",
  accountId: "111122223333",
  timeoutSeconds: 3600,
};

const refused = (exitCode: number, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof OpsError);
  assert.match(error.message, message);
  assert.equal(error.exitCode, exitCode);
  return true;
};

describe("ops/bake: request", () => {
  it("takes a whole one as it is", () => assert.deepEqual(parseBakeRequest(JSON.stringify(request)), request));

  it("names every fault at once", () => {
    const wrong = {
      ...request,
      variables: { ...request.variables, source_image: "latest", environment: { a: "b" } },
      accountId: 5,
      timeoutSeconds: 1,
      sourceOwner: "me",
    };
    assert.throws(
      () => parseBakeRequest(JSON.stringify(wrong)),
      refused(
        2,
        /^FLEET_BAKE is wrong; nothing was changed:\n- variables is .*\n- variables\.source_image is "latest"; allowed: an image id.*\n- sourceOwner is "me"; allowed: self, amazon.*\n- accountId is 5.*\n- timeoutSeconds is 1; allowed: a whole number from 60 to 86400$/,
      ),
    );
  });
});

describe("ops/bake: Packer", function () {
  let folder: string;
  const path = process.env["PATH"] ?? "";
  const lines: string[] = [];

  /** A program called `packer`, in front of any other. */
  function packerIs(script: string): void {
    writeFileSync(join(folder, "packer"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "packer"), 0o755);
  }
  const build = (more: Partial<PackerBuild> = {}) =>
    packerBuild({
      folder,
      variablesFile: "vars",
      variables: ["a=b"],
      environment: process.env,
      timeoutSeconds: 60,
      say: (line) => lines.push(line),
      ...more,
    });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fleet-packer-"));
    process.env["PATH"] = `${folder}:${path}`;
    lines.length = 0;
  });
  afterEach(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
  });

  it("is taken by its release: a folder each, a warning for the old one", async () => {
    packerIs("echo Packer v1.11.2");
    const { folder: newer, warning } = await packerRelease();
    assert.match(newer, /packer\/1\.7$/);
    assert.equal(warning, undefined);
    packerIs("echo 'Packer v1.6.6'");
    const older = await packerRelease();
    assert.match(older.folder, /packer\/1\.6$/);
    assert.match(older.warning ?? "", /^Packer 1\.6\.6: the builder answers IMDSv1 too/);
  });

  it("is asked for when it is missing, too old or broken", async () => {
    process.env["PATH"] = folder;
    await assert.rejects(packerRelease(), refused(2, /^packer is not on the PATH: install Packer 1\.7 or newer .* Nothing was made\.$/));
    process.env["PATH"] = `${folder}:${path}`;
    packerIs("echo Packer v1.5.4");
    await assert.rejects(packerRelease(), refused(2, /^Packer 1\.5\.4 is too old/));
    packerIs("echo broken >&2; exit 3");
    await assert.rejects(packerRelease(), refused(4, /^packer version failed: broken\. Nothing was made\.$/));
  });

  it("is told its variables and heard line by line", async () => {
    packerIs('echo "$@"; echo; echo progress >&2');
    await build();
    assert.deepEqual(lines.toSorted(), [`build -color=false -var-file=vars -var a=b ${folder}`, "progress"]);
  });

  it("fails with its last fifteen lines", async () => {
    packerIs("seq 1 40; exit 7");
    const last = Array.from({ length: 15 }, (_, index) => index + 26).join("\n");
    await assert.rejects(
      build(),
      refused(4, new RegExp(`^Packer failed with exit status 7; no image was made\\. Its last lines:\n${last}$`)),
    );
  });

  it("is asked once to stop when it takes too long, and may clean up", async () => {
    packerIs(`trap 'echo removed >${join(folder, "removed")}; exit 1' INT; echo waiting; while :; do sleep 0.1; done`);
    await assert.rejects(
      build({ timeoutSeconds: 1 }),
      refused(6, /^The bake was cancelled: it took more than 1 s\. Run the same command again\.$/),
    );
    assert.equal(readFileSync(join(folder, "removed"), "utf8"), "removed\n");
    assert.deepEqual(lines, ["waiting", "cancelling the bake: it took more than 1 s; Packer removes what it made"]);
  });

  it("is asked to stop by a signal to the command", async () => {
    packerIs("trap 'exit 1' INT; echo waiting; while :; do sleep 0.1; done");
    const say = (line: string) => {
      if (line === "waiting") process.emit("SIGTERM", "SIGTERM");
    };
    await assert.rejects(build({ say }), refused(6, /^The bake was cancelled: SIGTERM\./));
  });
});

describe("ops/bake: permissions", () => {
  const place = { region: "eu-central-1", accountId: "111122223333", builderRole: "builder" };
  const statements = (variables: Readonly<Record<string, string | readonly string[]>>) =>
    new Map(packerPolicy(variables, place).Statement.map((one) => [one.Sid, one]));
  const bare = { source_image: "ami-0123456789abcdef0" };

  it("end only builders, launch only tagged ones and only of the source image", () => {
    const all = statements(bare);
    assert.deepEqual(all.get("EndTheBuilder")?.Condition, { StringEquals: { "ec2:ResourceTag/fleet:role": "image-builder" } });
    assert.deepEqual(all.get("LaunchItTagged")?.Condition, { StringEquals: { "aws:RequestTag/fleet:role": "image-builder" } });
    assert.ok(all.get("LaunchTheBuilder")?.Resource.includes("arn:aws:ec2:eu-central-1::image/ami-0123456789abcdef0"));
    const everything = [...all.values()].filter(({ Resource }) => Resource.includes("*")).map(({ Sid }) => Sid);
    assert.deepEqual(everything, ["Look"]);
  });

  it("grow only with what the settings ask for", () => {
    const small = [...statements(bare).keys()];
    assert.ok(!small.some((sid) => ["Encrypt", "LetEbsEncrypt", "LookAtTheProfile", "HandOverItsRole", "ReachTheBuilder"].includes(sid)));
    const large = statements({
      ...bare,
      kms_key: "arn:aws:kms:eu-central-1:111122223333:key/x",
      instance_profile: "storefront-builder",
      ssh_interface: "session_manager",
      security_group_ids: ["sg-1"],
      subnet_id: "subnet-1",
      chef_snapshot: "snap-1",
    });
    assert.deepEqual(large.get("Encrypt")?.Resource, ["arn:aws:kms:eu-central-1:111122223333:key/x"]);
    assert.deepEqual(large.get("HandOverItsRole")?.Resource, ["arn:aws:iam::111122223333:role/builder"]);
    assert.ok(large.has("ReachTheBuilder") && !large.has("TemporaryGroup"));
    const launch = large.get("LaunchTheBuilder")?.Resource ?? [];
    for (const one of ["111122223333:subnet/subnet-1", ":snapshot/snap-1"])
      assert.ok(
        launch.some((arn) => arn.endsWith(one)),
        one,
      );
  });

  it("of the builder are the one key that it reads, or none", () => {
    const of = (reference: string, more = {}) =>
      builderPolicy({ chef_validator_key: reference }, { ...place, ...more })?.Statement.map(({ Action, Resource }) => [Action, Resource]);
    assert.deepEqual(of("ssm:/storefront/chef"), [
      [["ssm:GetParameter"], ["arn:aws:ssm:eu-central-1:111122223333:parameter/storefront/chef"]],
    ]);
    assert.deepEqual(of("secretsmanager:chef", { secretKeyArn: "arn:key" }), [
      [["secretsmanager:GetSecretValue"], ["arn:aws:secretsmanager:eu-central-1:111122223333:secret:chef-??????"]],
      [["kms:Decrypt"], ["arn:key"]],
    ]);
    assert.equal(builderPolicy({}, place), undefined);
    assert.equal(builderPolicy({ ssh_interface: "session_manager" }, place)?.Statement[0]?.Sid, "SessionManager");
  });
});
