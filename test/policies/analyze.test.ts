/** `policies -- analyze`, by its function and as a process, on states in Pulumi's formats and on files that are none. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Log } from "sarif";
import { command } from "../../policies/tools/command.ts";
import { packNothingUnproved } from "../../policies/rules/pack-nothing-unproved.ts";
import { render } from "../../policies/tools/output.ts";
import { uriOf } from "../../policies/tools/sarif.ts";
import { readState, stackOf } from "../../policies/tools/state.ts";
import { rules } from "../../policies/rules.ts";
import { materialise, readExamples } from "../../policies/tools/examples.ts";
import { secretSignature, signatureKey } from "../../policies/model/value.ts";

const cli = join(import.meta.dirname, "../../policies/cli.ts");
const urn = (type: string, name: string) => `urn:pulumi:production::shop::${type}::${name}`;
const group = "aws:autoscaling/group:Group";
const template = "aws:ec2/launchTemplate:LaunchTemplate";

/** An export with a group, a template whose user data is encrypted, and a group that waits for its deletion. */
const exported = {
  version: 3,
  deployment: {
    manifest: {},
    resources: [
      {
        urn: urn(template, "web-template"),
        type: template,
        id: "lt-0a1b",
        custom: true,
        inputs: {},
        outputs: { instanceType: "m7g.xlarge", tags: { "fleet:bake-type": "m7g.large" } },
      },
      {
        urn: urn(template, "worker-template"),
        type: template,
        id: "lt-0c1d",
        custom: true,
        inputs: { metadataOptions: { httpTokens: "optional" }, userData: { [signatureKey]: secretSignature, ciphertext: "v1:abc" } },
        outputs: {},
      },
      {
        urn: urn(group, "web"),
        type: group,
        id: "web-1",
        custom: true,
        inputs: { minSize: 1, maxSize: 4 },
        outputs: { launchTemplate: { id: "lt-0a1b", version: "1" } },
      },
      { urn: urn(group, "old"), type: group, id: "old-1", custom: true, delete: true, inputs: {}, outputs: {} },
    ],
  },
};

describe("policies analyze", function () {
  let directory: string;

  before(() => (directory = mkdtempSync(join(tmpdir(), "fleet-analyze-"))));
  after(() => rmSync(directory, { recursive: true, force: true }));

  function file(name: string, content: unknown): string {
    const path = join(directory, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content, undefined, 2));
    return path;
  }

  const run = (...args: string[]) => command(args);

  interface Output {
    readonly summary: { readonly resources: number; readonly rules: number; readonly mandatory: number; readonly advisory: number };
    readonly violations: readonly { readonly rule: string; readonly level: string; readonly urn?: string; readonly message: string }[];
  }

  it("evaluates resources and stack, leaves out what waits for its deletion, and fails on mandatory violations", async () => {
    const { status, stdout } = await run("analyze", file("state.json", exported), "--format", "json");
    assert.equal(status, 1);
    const { summary, violations } = JSON.parse(stdout) as Output;
    assert.equal(summary.resources, 3);
    assert.equal(summary.rules, rules.filter(({ level }) => level !== "disabled").length);
    const said = (rule: string) =>
      violations.filter((one) => one.rule === rule).map(({ urn: of, message }) => [of?.split("::").at(-1), message]);
    assert.deepEqual(said("image-instance-type-match"), [
      [
        "web",
        'instanceType is "m7g.xlarge", but the image was built on m7g.large; allowed is the very type that the image was built on: change the type, or bake an image on it',
      ],
    ]);
    assert.deepEqual(said("group-size-bounds"), [["web", "minSize is 1; in production at least 2 instances stay"]]);
    assert.equal(said("notify-terminate-exists").length, 1);
    assert.ok(said("pack-nothing-unproved").some(([, message]) => message === "template-no-secrets is unproved: userData is encrypted"));
    assert.equal(violations.filter(({ level }) => level === "mandatory").length, summary.mandatory);
  });

  it("takes levels and options from a file, and the stack's name from the command line", async () => {
    const config = file("config.json", {
      all: "disabled",
      "image-instance-type-match": { enforcementLevel: "advisory", mode: "family" },
      "group-size-bounds": "mandatory",
    });
    const { status, stdout } = await run(
      "analyze",
      file("state.json", exported),
      "--config",
      config,
      "--stack",
      "staging",
      "--format",
      "json",
    );
    assert.equal(status, 0);
    const { summary, violations } = JSON.parse(stdout) as Output;
    assert.equal(summary.rules, 2);
    assert.deepEqual(violations, []);
  });

  const three = {
    all: "disabled",
    "group-size-bounds": "remediate",
    "image-instance-type-match": "mandatory",
    "group-replaces-on-new-image": "advisory",
    "pack-config-known": "advisory",
    "no-such-rule": "advisory",
  };
  const state = () => file("state of production.json", exported);
  const arguments_ = (format: string) => ["analyze", state(), "--config", file("three.json", three), "--format", format];

  it("writes JSON: a summary, and each violation with what to do; what would be repaired counts as mandatory", async () => {
    const { status, stdout, stderr } = await run(...arguments_("json"));
    const { summary, violations } = JSON.parse(stdout) as Output;
    assert.deepEqual([status, stderr], [1, ""]);
    assert.deepEqual(summary, { resources: 3, rules: 4, mandatory: 2, advisory: 2 });
    const rule = rules.find(({ id }) => id === "group-size-bounds")!;
    assert.deepEqual(violations[0], {
      rule: "group-size-bounds",
      level: "mandatory",
      severity: rule.severity,
      urn: urn(group, "web"),
      message: "minSize is 1; in production at least 2 instances stay",
      title: rule.title,
      remediation: rule.remediation,
      url: rule.url,
      controls: rule.controls,
    });
    assert.deepEqual(
      violations.map((one) => [one.level, one.rule, one.urn?.split("::").at(-1), Object.keys(one).includes("urn")]),
      [
        ["mandatory", "group-size-bounds", "web", true],
        ["mandatory", "image-instance-type-match", "web", true],
        ["advisory", "pack-config-known", undefined, false],
        ["advisory", "group-replaces-on-new-image", "web", true],
      ],
    );
  });

  it("writes text: mandatory violations first, then by resource, and a summary", async () => {
    const { stdout } = await run(...arguments_("text"));
    const blocks = stdout.split("\n\n");
    const { remediation } = rules.find(({ id }) => id === "group-size-bounds")!;
    assert.equal(
      blocks[0],
      `mandatory group-size-bounds (high): Group "web"\n  minSize is 1; in production at least 2 instances stay\n  ${remediation}`,
    );
    assert.match(blocks[1] ?? "", /^mandatory image-instance-type-match \(critical\): Group "web"\n/);
    assert.match(blocks[2] ?? "", /^advisory pack-config-known \(high\): the stack\n {2}there is no rule no-such-rule; /);
    assert.match(blocks[3] ?? "", /^advisory group-replaces-on-new-image \(medium\): Group "web"\n/);
    assert.equal(blocks[4], "3 resources, 4 rules: 2 mandatory and 2 advisory violations");
    assert.equal(blocks.length, 5);
  });

  it("writes SARIF that points at the line of each resource", async () => {
    const { stdout } = await run(...arguments_("sarif"));
    const { runs, ...head } = JSON.parse(stdout) as Log;
    assert.deepEqual(head, { $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0" });
    assert.equal(runs.length, 1);
    const [{ tool, results = [] }] = runs as [Log["runs"][number]];
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../policies/package.json"), "utf8")) as { version: string };
    assert.deepEqual([tool.driver.name, tool.driver.version], ["fleet policies", version]);
    const bounds = rules.find(({ id }) => id === "group-size-bounds")!;
    assert.deepEqual(
      tool.driver.rules?.map(({ id, properties, defaultConfiguration }) => [
        id,
        properties?.["security-severity"] as unknown,
        defaultConfiguration,
      ]),
      [
        ["image-instance-type-match", "9.5", { level: "error" }],
        ["group-size-bounds", "8.0", { level: "error" }],
        ["group-replaces-on-new-image", "5.5", { level: "warning" }],
        ["pack-config-known", "8.0", { level: "error" }],
      ],
    );
    assert.deepEqual(tool.driver.rules[1], {
      id: bounds.id,
      name: bounds.id,
      shortDescription: { text: bounds.title },
      fullDescription: { text: bounds.why },
      help: { text: bounds.remediation },
      helpUri: bounds.url,
      defaultConfiguration: { level: "error" },
      properties: { tags: ["security", ...bounds.controls], "security-severity": "8.0" },
    });
    const lines = JSON.stringify(exported, undefined, 2).split("\n");
    const line = lines.findIndex((one) => one.includes(urn(group, "web"))) + 1;
    const uri = pathToFileURL(state()).href;
    assert.match(uri, /state%20of%20production/);
    assert.deepEqual(results[0], {
      ruleId: "group-size-bounds",
      ruleIndex: 1,
      level: "error",
      message: { text: 'Group "web": minSize is 1; in production at least 2 instances stay' },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri }, region: { startLine: line } },
          logicalLocations: [{ fullyQualifiedName: urn(group, "web"), kind: "resource" }],
        },
      ],
      partialFingerprints: { ruleAndResource: `group-size-bounds ${urn(group, "web")}` },
    });
    assert.deepEqual(
      results.map(({ ruleId, ruleIndex, level }) => [ruleId, ruleIndex, level]),
      [
        ["group-size-bounds", 1, "error"],
        ["image-instance-type-match", 0, "error"],
        ["pack-config-known", 3, "warning"],
        ["group-replaces-on-new-image", 2, "warning"],
      ],
    );
    assert.match(results[2]!.message.text ?? "", /^the stack: there is no rule no-such-rule/);
    assert.deepEqual(results[2]!.locations, [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: 1 } } }]);
    assert.deepEqual(results[2]!.partialFingerprints, { ruleAndResource: "pack-config-known " });
  });

  it("names the file from the root of the repository, as code scanning wants it", () => {
    assert.equal(uriOf("states/a b.json", "/repository"), "states/a%20b.json");
    assert.equal(uriOf("/repository/states/50%.json", "/repository"), "states/50%25.json");
    assert.equal(uriOf("/elsewhere/state.json", "/repository"), "file:///elsewhere/state.json");
    assert.equal(uriOf("/repository/..odd/state.json", "/repository"), "..odd/state.json");
    assert.match(uriOf("../state.json", process.cwd()), /^file:\/\/\/.*\/state\.json$/);
  });

  it("is a process that prints the same and ends with the status", async () => {
    const same = await run(...arguments_("text"));
    const violated = spawnSync(process.execPath, [cli, ...arguments_("text")], { encoding: "utf8" });
    assert.deepEqual([violated.status, violated.stdout, violated.stderr], [1, `${same.stdout}\n`, ""]);
    const refused = spawnSync(process.execPath, [cli, "analyze", "/does/not/exist.json"], { encoding: "utf8" });
    assert.deepEqual([refused.status, refused.stdout], [2, ""]);
    assert.match(refused.stderr, /^policies: \/does\/not\/exist\.json cannot be read: ENOENT.*\n$/);
  });

  it("reads a checkpoint of a local backend, and finds nothing wrong with good examples", async () => {
    const [example] = readExamples("notify-reaches-queue").good;
    const { inputs, outputs } = materialise(example!, true);
    const resources = inputs.map((facts, index) => ({
      urn: facts.urn,
      type: facts.type,
      inputs: facts.properties,
      outputs: outputs[index]?.properties,
    }));
    const path = file("checkpoint.json", { version: 3, checkpoint: { stack: "test", latest: { resources } } });
    const config = file("only.json", { all: "disabled", "notify-reaches-queue": "mandatory", "notify-terminate-exists": "mandatory" });
    const { status, stdout } = await run("analyze", path, "--config", config);
    assert.equal(stdout, "5 resources, 2 rules: 0 mandatory and 0 advisory violations");
    assert.equal(status, 0);
  });

  it("reads of each resource what rules ask for: parent, ignored changes, dependencies, and the id among the outputs", () => {
    const text = JSON.stringify({
      version: 3,
      deployment: {
        resources: [
          {
            urn: urn(group, "web"),
            type: group,
            id: "web-1",
            parent: urn("fleet:components:Fleet", "web"),
            ignoreChanges: ["desiredCapacity", 7],
            propertyDependencies: { launchTemplate: [urn(template, "web-template")], tags: null },
            inputs: { minSize: 1 },
            outputs: { name: "web-1" },
          },
          { urn: urn(group, "bare"), type: group, id: "", parent: "", inputs: [], outputs: null },
          { urn: urn(group, "own-id"), type: group, id: "x", outputs: { id: "y" } },
          { urn: "", type: group },
          { urn: urn(group, "typeless") },
          "no object",
        ],
      },
    });
    const [web, bare, own, ...rest] = readState(text, "state.json");
    const common = {
      urn: urn(group, "web"),
      type: group,
      parent: urn("fleet:components:Fleet", "web"),
      ignoreChanges: ["desiredCapacity"],
      propertyDependencies: { launchTemplate: [urn(template, "web-template")], tags: [] },
    };
    assert.deepEqual(web, {
      inputs: { ...common, properties: { minSize: 1 } },
      outputs: { ...common, properties: { id: "web-1", name: "web-1" } },
    });
    const nothing = {
      urn: urn(group, "bare"),
      type: group,
      parent: undefined,
      ignoreChanges: [],
      propertyDependencies: {},
      properties: {},
    };
    assert.deepEqual(bare, { inputs: nothing, outputs: nothing });
    assert.deepEqual(own?.outputs.properties, { id: "y" });
    assert.deepEqual(rest, []);
    assert.equal(stackOf(readState(text, "state.json")), "production");
    assert.equal(stackOf(readState('{"version":3,"deployment":{}}', "empty.json")), undefined);
  });

  for (const [what, content, message] of [
    ["another version", { version: 4, deployment: {} }, /has state version 4; this command reads version 3/],
    ["no version", { resources: [] }, /has state version none/],
    ["no deployment", { version: 3 }, /holds no deployment; give the output of: pulumi stack export/],
    ["no list of resources", { version: 3, deployment: { resources: {} } }, /resources is no list/],
    ["a list", [], /holds no object/],
    ["half a file", '{"version":3,', /odd\.json is not JSON \(.*\); give the output of: pulumi stack export/],
    ["an odd deployment", { version: 3, deployment: [] }, /holds no deployment/],
    ["an odd checkpoint", { version: 3, checkpoint: { latest: null } }, /holds no deployment/],
  ] as const) {
    it(`refuses ${what} with a sentence and status 2`, async () => {
      const { status, stdout, stderr } = await run("analyze", file("odd.json", content));
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at /);
    });
  }

  it("refuses a configuration with every fault in it, and leaves unknown names to pack-config-known", async () => {
    const wrong = file("wrong.json", {
      "image-instance-type-match": { mode: "exactly" },
      "group-size-bounds": { maximum: "many" },
      "queue-encrypted": "strict",
      "image-max-age": 90,
      "image-pinned": null,
      "key-rotation": ["mandatory"],
      "notify-tls-only": { enforcementLevel: "hard" },
    });
    const { status, stderr } = await run("analyze", file("state.json", exported), "--config", wrong);
    assert.equal(status, 2);
    for (const fault of [
      'image-instance-type-match.mode is "exactly"; it must be one of exact, family, architecture',
      "group-size-bounds.maximum is of type string; it must be a whole number",
      'queue-encrypted has level "strict"; it must be one of advisory, mandatory, remediate, disabled',
      "image-max-age must be a level or an object",
      "image-pinned must be a level or an object",
      "key-rotation must be a level or an object",
      'notify-tls-only has level "hard"; it must be one of advisory, mandatory, remediate, disabled',
    ])
      assert.ok(stderr.includes(`- ${fault}`), `${fault}\n${stderr}`);
    const misspelt = file("misspelt.json", { all: "disabled", "pack-config-known": "mandatory", "queue-encryption": "mandatory" });
    const second = await run("analyze", file("state.json", exported), "--config", misspelt);
    assert.equal(second.status, 1);
    assert.match(second.stdout, /there is no rule queue-encryption/);
    const option = file("option.json", { all: "disabled", "pack-config-known": "mandatory", "queue-encrypted": { level: "mandatory" } });
    assert.match(
      (await run("analyze", file("state.json", exported), "--config", option)).stdout,
      /queue-encrypted\.level is not an option/,
    );
  });

  for (const [what, content, message] of [
    ["half an object", '{"all":', /^policies: .*config\.json is not JSON: /],
    ["a list", [], /^policies: .*config\.json holds no object of rules$/],
    ["a text", '"advisory"', /holds no object of rules$/],
    ["nothing", "null", /holds no object of rules$/],
  ] as const) {
    it(`refuses ${what} as configuration`, async () => {
      const { status, stderr } = await run("analyze", file("state.json", exported), "--config", file("config.json", content));
      assert.equal(status, 2);
      assert.match(stderr, message);
    });
  }

  it("takes an empty configuration for none", async () => {
    const [empty, none] = [
      await run("analyze", file("state.json", exported), "--config", file("empty.json", "\n")),
      await run("analyze", file("state.json", exported)),
    ];
    assert.deepEqual(empty, none);
    assert.equal(none.status, 1);
  });

  it("refuses arguments that it does not know, with the usage", async () => {
    for (const args of [
      [],
      ["analyse", "x"],
      ["analyze"],
      ["analyze", "a", "b"],
      ["analyze", "x", "--fromat", "json"],
      ["analyze", "x", "--format", "xml"],
    ]) {
      const { status, stderr } = await run(...args);
      assert.equal(status, 2, args.join(" "));
      assert.match(stderr, /^policies: /);
    }
    assert.match((await run("analyse", "x")).stderr, /^policies: Usage:\n {2}npm run policies -- analyze STATE/);
    const help = await run("--help");
    assert.deepEqual([help.status, help.stderr], [0, ""]);
    assert.match(help.stdout, /Exit status: 0 nothing mandatory is violated, 1 something is, 2 /);
  });
});

describe("a finding about several resources", () => {
  const urns = ["web", "worker"].map((name) => `urn:pulumi:test::fleet::aws:autoscaling/group:Group::${name}`);
  const message = 'a-rule is unproved: name is encrypted (Group "web", Group "worker")';
  const analysis = {
    rules: [packNothingUnproved],
    resources: 2,
    violations: [{ rule: packNothingUnproved, level: "advisory" as const, message, urns }],
  };
  const source = { file: "state.json", text: urns.map((urn) => `"urn": "${urn}"`).join("\n"), version: "1.0.0" };

  it("is one in every output, and names them all", () => {
    assert.match(
      render(analysis, "text", source),
      /^advisory pack-nothing-unproved \(medium\): 2 resources\n {2}a-rule is unproved: name is/,
    );
    const [one] = (JSON.parse(render(analysis, "json", source)) as { violations: object[] }).violations;
    assert.deepEqual(one && { ...one, title: "", remediation: "", url: "" }, {
      rule: "pack-nothing-unproved",
      level: "advisory",
      severity: "medium",
      urns,
      message,
      title: "",
      remediation: "",
      url: "",
      controls: [],
    });
    const [result] = (JSON.parse(render(analysis, "sarif", source)) as Log).runs[0]?.results ?? [];
    assert.ok(result);
    assert.deepEqual(
      result.locations?.map(({ physicalLocation, logicalLocations }) => [
        physicalLocation?.region?.startLine,
        logicalLocations?.[0]?.fullyQualifiedName,
      ]),
      [
        [1, urns[0]],
        [2, urns[1]],
      ],
    );
    assert.equal(result.message.text, `2 resources: ${message}`);
    assert.deepEqual(result.partialFingerprints, { ruleAndResource: `pack-nothing-unproved ${urns.join(" ")}` });
  });
});
