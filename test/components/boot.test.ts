/** User data: what the script is told, that it is data, how long it is, and what the instance's role may do with it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { bootArgFaults } from "../../components/boot/checks.ts";
import type { ChefArgs, ManagedNodeArgs } from "../../components/boot/args.ts";
import { bootParts, compacted } from "../../components/boot/script.ts";
import { bootSettingsText } from "../../components/boot/settings-text.ts";
import { bootStatements } from "../../components/boot/statements.ts";
import { bootValues, needsBootScript } from "../../components/boot/values.ts";
import { Fleet } from "../../components/fleet.ts";
import type { FleetArgs } from "../../components/fleet-args.ts";
import { ManagedNodeLayer } from "../../components/managed-node-layer.ts";
import { snapshotFaults, SnapshotVolume } from "../../components/snapshot-volume.ts";
import { encodeUserData, fleetUserData, maxUserDataBytes, packUserData, roomyUserDataBytes } from "../../components/user-data.ts";
import { bootFailures, bootLogGroup, bootTagKeys } from "../../contract/boot.ts";
import { hookNames } from "../../contract/hooks.ts";
import { fleetArgs, prefix } from "./helpers/args.ts";
import { accountAnswers, accountId, region, settled, startMocks } from "./helpers/mocks.ts";

const root = join(import.meta.dirname, "../..");

const chef: ChefArgs = {
  serverUrl: "https://chef.example.com/organizations/storefront",
  runList: ["role[app]"],
  environment: "staging",
  key: "ssm:/storefront/chef/validator",
  nodeNamePrefix: "",
  repository: "/chef",
  client: "timer",
  intervalSeconds: 1800,
  splaySeconds: 300,
  waitSeconds: 900,
  runSeconds: 1800,
  attempts: 3,
};
const managedNode: ManagedNodeArgs = {
  source: { type: "S3", info: { path: "https://s3/x" }, objectArns: ["arn:aws:s3:::cookbooks/*"] },
  runList: ["recipe[storefront]", "role[app]"],
  chefVersion: "None",
  schedule: "rate(30 minutes)",
  onlineSeconds: 600,
  waitSeconds: 2400,
};
const solo = { deviceName: "/dev/sdk", snapshotId: "snap-0123456789abcdef0", mountPoint: "/chef" };
const made = { deviceName: "/dev/sdf", attach: "boot", snapshotTags: { "fleet:volume": "code" }, mountPoint: "/code" } as const;

/** Each system as a fleet has it; with a volume of its own where it needs one. */
const systems: Readonly<Record<string, Partial<FleetArgs>>> = {
  none: { launchHook: { heartbeatSeconds: 300 } },
  "chef-server": { provisioning: "chef-server", chef, launchHook: { heartbeatSeconds: 300 } },
  "chef-solo": { provisioning: "chef-solo", chef, volumes: [solo] },
  "managed-node": { provisioning: "managed-node", managedNode },
  "snapshot volume at boot": { volumes: [made] },
};
const place = { partition: "aws", region, accountId };

describe("components/boot: settings as data", () => {
  const read = (text: string) => execFileSync("bash", ["-c", `${text}\nboot_settings`], { encoding: "utf8" });

  it("reach the script exactly, whatever a value holds", () => {
    const value = fc.string({ unit: "grapheme-composite", maxLength: 60 }).filter((text) => !/[\n\r\0]/.test(text) && text.isWellFormed());
    const nasty = fc.constantFrom(
      "$(reboot)",
      "`id`",
      "END_OF_SETTINGS",
      "'; rm -rf /; '",
      "\\",
      "a=b=",
      " lead and trail ",
      "${HOME}",
      "!!",
      "\t",
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-zA-Z]{1,12}$/), fc.oneof(value, nasty), { maxKeys: 6, noNullPrototype: true }),
        (settings) => {
          const expected = Object.entries(settings).map(([name, text]) => `${name}=${text}\n`);
          assert.equal(read(bootSettingsText(settings)), expected.join(""));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("are refused where a line could end", () => {
    for (const text of ["a\nb", "a\rb", "a\0b"]) assert.throws(() => bootSettingsText({ name: text }), RangeError);
    assert.throws(() => bootSettingsText({ "two words": "x" }), RangeError);
  });
});

describe("components/boot: the script", () => {
  for (const provisioning of ["none", "chef-server", "chef-solo", "managed-node"] as const) {
    it(`${provisioning}: bash reads the short form as it reads the sources`, () => {
      for (const volumes of [true, false]) {
        const source = bootParts({ provisioning, volumes }).map((part) => readFileSync(join(root, "boot", part), "utf8"));
        // Without the two lines that would run it.
        const functions = (text: string) =>
          execFileSync("bash", ["-c", `${text.replace("\nstart_log\nboot\n", "\n")}\ndeclare -f; declare -p form_program lines_program`], {
            encoding: "utf8",
          });
        const normal = (text: string) => text.replace(/(\n|\\n)\s+/g, "$1");
        assert.equal(normal(functions(compacted(source.join("\n")))), normal(functions(source.join("\n"))));
      }
    });
  }

  it("names the hook, the tags, the log group and the metric as the contract does", () => {
    const text = ["report.sh", "tags.sh", "systems/managed-node.sh"]
      .map((part) => readFileSync(join(root, "boot", part), "utf8"))
      .join("\n");
    assert.ok(text.includes(`LifecycleHookName ${hookNames.launch} `));
    assert.ok(text.includes(`Namespace: "${bootFailures.namespace}"`));
    assert.ok(text.includes(`MetricName: "${bootFailures.name}"`));
    assert.ok(text.includes(`Name: "${bootFailures.dimension}"`));
    for (const key of bootTagKeys) assert.ok(text.includes(key), key);
    assert.equal(bootValues(prefix, fleetArgs)["logGroup"], bootLogGroup(prefix));
  });

  it("sets in user data every setting that a part reads, and none that no part reads", () => {
    for (const [name, changes] of Object.entries(systems)) {
      const args = { ...fleetArgs, ...changes };
      const given = Object.keys(bootValues(prefix, args)).filter((key) => key !== "provisioning");
      const script = fleetUserData(prefix, args);
      const readNames = [...script.matchAll(/setting\[([a-zA-Z]+)\]/g)].map(([, key = ""]) => key);
      assert.deepEqual(given.toSorted(), [...new Set(readNames)].toSorted(), name);
    }
  });
});

describe("components/user-data", () => {
  it("stays cloud-config for a complete image without hook and volumes to mount", () => {
    assert.equal(needsBootScript(fleetArgs), false);
    assert.match(fleetUserData(prefix, fleetArgs), /^#cloud-config\n/);
  });

  for (const [name, changes] of Object.entries(systems)) {
    it(`${name}: fits with room, compressed where it must be`, () => {
      const args = { ...fleetArgs, ...changes };
      const { base64, faults } = encodeUserData(prefix, args, undefined);
      assert.deepEqual(faults, []);
      const bytes = Buffer.from(base64, "base64");
      const text = fleetUserData(prefix, args);
      const isPacked = bytes[0] === 0x1f;
      assert.equal(isPacked, Buffer.byteLength(text) > roomyUserDataBytes);
      assert.ok(bytes.length <= roomyUserDataBytes, `${bytes.length} bytes`);
      assert.equal((isPacked ? gunzipSync(bytes) : bytes).toString(), text);
      assert.ok(packUserData(text, true).length < 10_000, `${packUserData(text, true).length} bytes compressed`);
    });
  }

  it("compresses when asked, always to the same bytes, and a caller's own only then", () => {
    const asked = { ...fleetArgs, boot: { limitSeconds: 60, logRetentionDays: 30, compress: true } };
    const { base64 } = encodeUserData(prefix, asked, "#!/bin/sh\n");
    assert.equal(gunzipSync(Buffer.from(base64, "base64")).toString(), "#!/bin/sh\n");
    assert.equal(Buffer.from(base64, "base64")[9], 255);
    assert.equal(base64, encodeUserData(prefix, asked, "#!/bin/sh\n").base64);
    assert.equal(encodeUserData(prefix, fleetArgs, "x".repeat(maxUserDataBytes + 1)).faults.length, 1);
  });

  it("tells chef-server who it is, and holds no secret", () => {
    const values = bootValues(prefix, { ...fleetArgs, provisioning: "chef-server", chef });
    assert.equal(values["validatorName"], "storefront-validator");
    assert.equal(values["key"], "ssm:/storefront/chef/validator");
    assert.deepEqual(JSON.parse(values["firstBoot"]!), { run_list: ["role[app]"], fleet: { prefix } });
    const byUser = bootValues(prefix, {
      ...fleetArgs,
      provisioning: "chef-server",
      chef: { ...chef, user: "fleet-boot", runList: undefined, policyName: "app" },
    });
    assert.equal(byUser["validatorName"], "");
    assert.equal(byUser["userName"], "fleet-boot");
    assert.deepEqual(JSON.parse(byUser["firstBoot"]!), { fleet: { prefix } });
  });
});

describe("components/boot: what the role may do", () => {
  const statements = (changes: Partial<FleetArgs>) => bootStatements(prefix, { ...fleetArgs, ...changes }, place);
  const sids = (changes: Partial<FleetArgs>) => statements(changes).map(({ Sid }) => Sid);
  const report = ["OwnTags", "OwnHealth", "BootLog", "BootMetric"];

  it("is nothing without a script, and otherwise what the system needs", () => {
    assert.deepEqual(sids({}), []);
    assert.deepEqual(sids(systems["none"]!), report);
    assert.deepEqual(sids(systems["chef-server"]!), [...report, "ChefParameters"]);
    assert.deepEqual(sids(systems["chef-solo"]!), [...report, "ListVolumes"]);
    assert.deepEqual(sids(systems["managed-node"]!), [...report, "ManagedNode", "WaitForManagedNode", "Cookbooks"]);
    assert.deepEqual(sids(systems["snapshot volume at boot"]!), [
      ...report,
      ...["ListVolumes", "ListSnapshots", "MakeVolumes", "FromSnapshots1", "TagNewVolumes", "OwnVolumes", "OwnInstances"],
    ]);
  });

  it("names what it may touch", () => {
    const [tags] = statements(systems["none"]!);
    assert.deepEqual(tags?.Condition?.["StringEquals"], {
      "aws:ResourceTag/fleet:product": "storefront",
      "aws:ResourceTag/fleet:environment": "staging",
      "aws:ResourceTag/fleet:platform": "web",
      "aws:ResourceTag/fleet:major-version": "3",
      "aws:ResourceTag/fleet:name": "app",
    });
    const secret = {
      ...chef,
      key: "secretsmanager:storefront/validator",
      certificateAuthority: "ssm:ca",
      kmsKeyArn: "arn:aws:kms:x:1:key/k",
    };
    const resources = statements({ provisioning: "chef-server", chef: secret }).slice(report.length);
    assert.deepEqual(
      resources.map(({ Action, Resource }) => [Action, Resource]),
      [
        ["ssm:GetParameter", [`arn:aws:ssm:${region}:${accountId}:parameter/ca`]],
        ["secretsmanager:GetSecretValue", [`arn:aws:secretsmanager:${region}:${accountId}:secret:storefront/validator-??????`]],
        ["kms:Decrypt", ["arn:aws:kms:x:1:key/k"]],
      ],
    );
  });

  /** Calls in the script that a fleet gets, as the permissions that they need. */
  const asked = (changes: Partial<FleetArgs>) => {
    const args = { ...fleetArgs, ...changes };
    const parts = bootParts({
      provisioning: args.provisioning,
      volumes: args.volumes.some(({ mountPoint }) => mountPoint !== undefined),
    });
    const text = parts.map((part) => readFileSync(join(root, "boot", part), "utf8")).join("\n");
    const calls = [...text.matchAll(/^(?!\s*#).*?\bapi ([a-z0-9]+) ([A-Z]\w+)/gm)].map(
      ([, service = "", action = ""]) => `${service}:${action}`,
    );
    return new Set(calls.map((call) => call.replace("monitoring:", "cloudwatch:")));
  };
  const volumeKeys = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"];
  const ofVolumesAtBoot = ["AttachVolume", "CreateVolume", "DeleteVolume", "DescribeSnapshots", "DetachVolume", "ModifyInstanceAttribute"];
  const [atBoot, secrets] = [ofVolumesAtBoot.map((action) => `ec2:${action}`), ["secretsmanager:GetSecretValue", "ssm:GetParameter"]];
  const inSecrets = { ...chef, key: "secretsmanager:shop/validator" };
  const kmsKeyArn = "arn:aws:kms:x:1:key/k";

  /** `never`: in the script, on a way that these settings do not take; `others`: asked for by AWS itself or by the agent. */
  const options: Readonly<Record<string, { changes: Partial<FleetArgs>; never?: readonly string[]; others?: readonly string[] }>> = {
    "none with a launch hook": { changes: systems["none"]! },
    "chef-server, key in a parameter": { changes: systems["chef-server"]!, never: [secrets[0]!] },
    "chef-server, key in a secret": { changes: { provisioning: "chef-server", chef: inSecrets }, never: [secrets[1]!] },
    "chef-server, key and authority under a key of one's own": {
      changes: { provisioning: "chef-server", chef: { ...inSecrets, certificateAuthority: "ssm:ca", kmsKeyArn } },
      others: ["kms:Decrypt"],
    },
    "chef-server with a volume at boot": {
      changes: { provisioning: "chef-server", chef: inSecrets, volumes: [made] },
      never: [secrets[1]!],
    },
    "chef-solo, volume at launch, and a key that it does not read": { changes: systems["chef-solo"]!, never: atBoot },
    "volume without a mount point": { changes: { ...systems["none"]!, volumes: [{ deviceName: "/dev/sdf", sizeGiB: 1 }] } },
    "two volumes at boot under keys of one's own": {
      changes: {
        volumes: [
          { ...made, kmsKeyArn },
          { ...made, deviceName: "/dev/sdg", mountPoint: "/data", snapshotTags: { "fleet:volume": "data" } },
        ],
      },
      others: volumeKeys,
    },
    "managed-node with recipes that anybody may read": {
      changes: { provisioning: "managed-node", managedNode: { ...managedNode, source: { ...managedNode.source, objectArns: [] } } },
    },
    "managed-node with recipes of one's own": { changes: systems["managed-node"]!, others: ["s3:GetObject"] },
  };
  for (const [title, { changes, never = [], others = [] }] of Object.entries(options)) {
    it(`is what its script calls: ${title}`, () => {
      const own = statements(changes).filter(({ Sid }) => Sid !== "ManagedNode"); // the agent's
      const allowed = new Set(own.flatMap(({ Action }) => Action));
      const calls = asked(changes);
      assert.deepEqual([...calls].filter((one) => !allowed.has(one)).sort(), [...never].sort());
      assert.deepEqual([...allowed].filter((one) => !calls.has(one)).sort(), [...others].sort());
    });
  }

  it("asks for what a system does not work without", () => {
    const paths = (changes: Partial<FleetArgs>) => bootArgFaults({ ...fleetArgs, ...changes }).map(({ path }) => path);
    assert.deepEqual(paths({ provisioning: "chef-server" }), ["chef"]);
    assert.deepEqual(paths({ provisioning: "chef-server", chef: { ...chef, key: undefined } }), ["chef"]);
    assert.deepEqual(paths({ provisioning: "managed-node" }), ["managedNode"]);
    assert.deepEqual(paths({ volumes: [{ deviceName: "/dev/sdf", attach: "boot" }] }), [
      "volumes[0].mountPoint",
      "volumes[0].snapshotTags",
    ]);
  });
});

describe("components: what goes with a boot", () => {
  it("is a log group before the group, and an alarm on five failures in half an hour", async () => {
    const recorder = await startMocks();
    new Fleet(prefix, { ...fleetArgs, launchHook: { heartbeatSeconds: 300 }, alertTopicArn: "arn:topic" }, { before: [] });
    await settled();
    const logs = recorder.one("aws:cloudwatch/logGroup:LogGroup");
    assert.equal(logs.inputs["name"], `/fleet/${prefix}/boot`);
    assert.equal(logs.inputs["retentionInDays"], 30);
    assert.ok(recorder.one("aws:autoscaling/group:Group").dependencies.some((urn) => urn.endsWith("-boot-log")));
    const { threshold, period, statistic, alarmActions, dimensions } = recorder.one("aws:cloudwatch/metricAlarm:MetricAlarm").inputs;
    assert.deepEqual(
      { threshold, period, statistic, alarmActions, dimensions },
      { threshold: 5, period: 1800, statistic: "Sum", alarmActions: ["arn:topic"], dimensions: { Fleet: prefix } },
    );
  });

  it("is, for a volume that boot makes, no entry in the launch template", async () => {
    const recorder = await startMocks();
    new Fleet(prefix, { ...fleetArgs, volumes: [solo, made] }, { before: [] });
    await settled();
    const devices = recorder.one("aws:ec2/launchTemplate:LaunchTemplate").inputs["blockDeviceMappings"] as { deviceName: string }[];
    assert.deepEqual(
      devices.map(({ deviceName }) => deviceName),
      ["/dev/xvda", "/dev/sdk"],
    );
  });
});

describe("components/managed-node-layer", () => {
  it("is an association on the nodes that have the fleet's four tags and the layer's", async () => {
    const recorder = await startMocks();
    const layer = new ManagedNodeLayer(`${prefix}-layer`, { prefix, identity: fleetArgs.identity, ...managedNode });
    await settled();
    assert.equal(layer.associationName, `${prefix}-layer`);
    assert.equal(bootValues(prefix, { ...fleetArgs, provisioning: "managed-node", managedNode })["association"], layer.associationName);
    const { inputs } = recorder.one("aws:ssm/association:Association");
    assert.deepEqual(inputs["parameters"], {
      SourceType: "S3",
      SourceInfo: '{"path":"https://s3/x"}',
      RunList: "recipe[storefront],role[app]",
      ChefClientVersion: "None",
    });
    assert.deepEqual(inputs["targets"], [
      { key: "tag:fleet:product", values: ["storefront"] },
      { key: "tag:fleet:environment", values: ["staging"] },
      { key: "tag:fleet:platform", values: ["web"] },
      { key: "tag:fleet:major-version", values: ["3"] },
      { key: "tag:fleet:layer", values: ["app"] },
    ]);
    assert.equal(inputs["scheduleExpression"], "rate(30 minutes)");
  });
});

describe("components/snapshot-volume", () => {
  const snapshot = { snapshotId: "snap-1", state: "completed", volumeSize: 20 };
  const looked = async (answer: () => Readonly<Record<string, unknown>>, args: ConstructorParameters<typeof SnapshotVolume>[1]) => {
    const recorder = await startMocks({ ...accountAnswers, "aws:ebs/getSnapshot:getSnapshot": answer });
    const volume = new SnapshotVolume(`${prefix}-volume-sdk`, args);
    try {
      return { id: await volume.snapshotId, asked: recorder.calls.at(-1)?.inputs };
    } finally {
      await settled();
    }
  };

  it("looks for the one that is named, or for the newest completed one with the tags", async () => {
    const named = await looked(() => snapshot, { deviceName: "/dev/sdk", snapshotId: "snap-1" });
    assert.deepEqual(named, { id: "snap-1", asked: { snapshotIds: ["snap-1"] } });
    const tagged = await looked(() => snapshot, { deviceName: "/dev/sdf", attach: "boot", snapshotTags: { "fleet:volume": "code" } });
    assert.deepEqual(tagged.asked, {
      owners: ["self"],
      mostRecent: true,
      filters: [
        { name: "tag:fleet:volume", values: ["code"] },
        { name: "status", values: ["completed"] },
      ],
    });
  });

  it("says what it looked for when there is none", async () => {
    const none = () => {
      throw new Error("no snapshot matches");
    };
    await assert.rejects(
      looked(none, { deviceName: "/dev/sdf", attach: "boot", snapshotTags: { "fleet:volume": "cod" } }),
      (error: Error) => {
        assert.match(
          error.message,
          /^No completed snapshot of this account has the tags \{"fleet:volume":"cod"\} that the volume \/dev\/sdf asks for: /,
        );
        return true;
      },
    );
  });

  it("refuses one that is not complete, and a volume that is too small for it", () => {
    assert.deepEqual(snapshotFaults({ ...snapshot, state: "pending" }, { deviceName: "/dev/sdk", sizeGiB: 10 }), [
      'Snapshot snap-1 for /dev/sdk is in state "pending"; allowed: "completed". Wait for it, or name another one.',
      "The volume /dev/sdk has sizeGiB 10; allowed: 20 or more, the size of snapshot snap-1.",
    ]);
    assert.deepEqual(snapshotFaults(snapshot, { deviceName: "/dev/sdk", sizeGiB: 20 }), []);
  });
});
