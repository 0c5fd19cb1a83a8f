/** `policies -- analyze` as a process, on a state that the sandbox's engine wrote in its format and on files that are none. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  this.timeout(60_000);
  let directory: string;

  before(() => (directory = mkdtempSync(join(tmpdir(), "fleet-analyze-"))));
  after(() => rmSync(directory, { recursive: true, force: true }));

  function file(name: string, content: unknown): string {
    const path = join(directory, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content, undefined, 2));
    return path;
  }

  function run(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: "utf8" });
    return { status, stdout, stderr };
  }

  interface Output {
    readonly summary: { readonly resources: number; readonly rules: number; readonly mandatory: number };
    readonly violations: readonly { readonly rule: string; readonly level: string; readonly urn?: string; readonly message: string }[];
  }

  it("evaluates resources and stack, leaves out what waits for its deletion, and fails on mandatory violations", () => {
    const { status, stdout } = run("analyze", file("state.json", exported), "--format", "json");
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

  it("takes levels and options from a file, and the stack's name from the command line", () => {
    const config = file("config.json", {
      all: "disabled",
      "image-instance-type-match": { enforcementLevel: "advisory", mode: "family" },
      "group-size-bounds": "mandatory",
    });
    const { status, stdout } = run("analyze", file("state.json", exported), "--config", config, "--stack", "staging", "--format", "json");
    assert.equal(status, 0);
    const { summary, violations } = JSON.parse(stdout) as Output;
    assert.equal(summary.rules, 2);
    assert.deepEqual(violations, []);
  });

  it("writes SARIF that points at the line of each resource", () => {
    const path = file("state.json", exported);
    const { stdout } = run("analyze", path, "--format", "sarif");
    const sarif = JSON.parse(stdout) as {
      version: string;
      runs: {
        tool: { driver: { rules: { id: string }[] } };
        results: {
          ruleId: string;
          ruleIndex: number;
          level: string;
          locations: { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } } }[];
        }[];
      }[];
    };
    assert.equal(sarif.version, "2.1.0");
    const [{ tool, results }] = sarif.runs as [(typeof sarif.runs)[number]];
    for (const { ruleId, ruleIndex } of results) assert.equal(tool.driver.rules[ruleIndex]?.id, ruleId);
    const match = results.find(({ ruleId }) => ruleId === "image-instance-type-match");
    const lines = JSON.stringify(exported, undefined, 2).split("\n");
    assert.equal(match?.level, "error");
    assert.equal(match.locations[0]?.physicalLocation.artifactLocation.uri, path);
    assert.ok(lines[match.locations[0].physicalLocation.region.startLine - 1]?.includes(urn(group, "web")));
  });

  it("writes text that ends with a summary", () => {
    const { stdout } = run("analyze", file("state.json", exported));
    assert.match(
      stdout,
      /^mandatory group-size-bounds \(high\): Group "web"\n {2}minSize is 1; in production at least 2 instances stay\n {2}Set minSize/m,
    );
    assert.match(stdout, /\n3 resources, 61 rules: \d+ mandatory and \d+ advisory violations\n$/);
  });

  it("reads a checkpoint of a local backend, and finds nothing wrong with good examples", () => {
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
    const { status, stdout } = run("analyze", path, "--config", config);
    assert.equal(stdout, "5 resources, 2 rules: 0 mandatory and 0 advisory violations\n");
    assert.equal(status, 0);
  });

  for (const [what, content, message] of [
    ["another version", { version: 4, deployment: {} }, /has state version 4; this command reads version 3/],
    ["no version", { resources: [] }, /has state version none/],
    ["no deployment", { version: 3 }, /holds no deployment; give the output of: pulumi stack export/],
    ["no list of resources", { version: 3, deployment: { resources: {} } }, /resources is no list/],
    ["a list", [], /holds no object/],
    ["half a file", '{"version":3,', /is not JSON/],
  ] as const) {
    it(`refuses ${what} with a sentence and status 2`, () => {
      const { status, stdout, stderr } = run("analyze", file("odd.json", content));
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at /);
    });
  }

  it("refuses a configuration with every fault in it, and leaves unknown names to pack-config-known", () => {
    const wrong = file("wrong.json", {
      "image-instance-type-match": { mode: "exactly" },
      "group-size-bounds": { maximum: "many" },
      "queue-encrypted": "strict",
      "image-max-age": 90,
    });
    const { status, stderr } = run("analyze", file("state.json", exported), "--config", wrong);
    assert.equal(status, 2);
    for (const fault of [
      'image-instance-type-match.mode is "exactly"; it must be one of exact, family, architecture',
      "group-size-bounds.maximum is of type string; it must be a whole number",
      'queue-encrypted has level "strict"; it must be one of advisory, mandatory, remediate, disabled',
      "image-max-age must be a level or an object",
    ])
      assert.ok(stderr.includes(`- ${fault}`), `${fault}\n${stderr}`);
    const misspelt = file("misspelt.json", { all: "disabled", "pack-config-known": "mandatory", "queue-encryption": "mandatory" });
    const second = run("analyze", file("state.json", exported), "--config", misspelt);
    assert.equal(second.status, 1);
    assert.match(second.stdout, /there is no rule queue-encryption/);
  });

  it("refuses arguments that it does not know, with the usage", () => {
    for (const args of [
      [],
      ["analyse", "x"],
      ["analyze"],
      ["analyze", "a", "b"],
      ["analyze", "x", "--fromat", "json"],
      ["analyze", "x", "--format", "xml"],
    ]) {
      const { status, stderr } = run(...args);
      assert.equal(status, 2, args.join(" "));
      assert.match(stderr, /^policies: /);
    }
    assert.equal(run("--help").status, 0);
  });
});
