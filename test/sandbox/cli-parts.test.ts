/** The parts of the sandbox's command line that need no local AWS. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineEvent, StepEvent } from "../../sandbox/engine/api.ts";
import { awsEnvironment, childEnvironment } from "../../sandbox/verbs/environment.ts";
import { bindToAws, knownStacks, stateFile } from "../../sandbox/verbs/local-state.ts";
import { Progress, shortType } from "../../sandbox/verbs/progress.ts";
import { configMap, readProject, readSettings } from "../../sandbox/verbs/project.ts";
import { doneLine, jsonReport, summaryLine } from "../../sandbox/verbs/report.ts";
import { applySets, parsePath } from "../../sandbox/verbs/set-path.ts";
import { useAws } from "../../sandbox/verbs/users.ts";
import { refusal } from "../helpers/refusal.ts";

describe("sandbox command line", () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "fleet-cli-"))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
  const project = () => readProject(dir);

  describe("project files", () => {
    it("are read as Pulumi reads them: defaults of the project, then the stack's values, keys without namespace are the project's", () => {
      write(
        "Pulumi.yaml",
        "name: shop\nmain: start.js\nconfig:\n  size: { type: integer, default: 3 }\n  aws:region: eu-west-1\n  colour: { value: red }\n  list: { type: array }\n",
      );
      write("Pulumi.dev.yaml", "config:\n  shop:colour: blue\n  shop:on: true\n  shop:table: { a: [1, two] }\n");
      const settings = readSettings(project(), "dev");
      assert.deepEqual(settings, {
        "shop:size": 3,
        "aws:region": "eu-west-1",
        "shop:colour": "blue",
        "shop:on": true,
        "shop:table": { a: [1, "two"] },
      });
      assert.deepEqual(configMap(settings), {
        "shop:size": { value: "3" },
        "aws:region": { value: "eu-west-1" },
        "shop:colour": { value: "blue" },
        "shop:on": { value: "true" },
        "shop:table": { value: '{"a":[1,"two"]}', object: true },
      });
    });

    it("that are missing or wrong are named", () => {
      assert.match(refusal(project), /Pulumi\.yaml does not exist: run this in the project's folder/);
      write("Pulumi.yaml", "name: shop\n");
      assert.match(
        refusal(() => readSettings(project(), "dev")),
        /Pulumi\.dev\.yaml does not exist: the stack has no settings/,
      );
      assert.match(
        refusal(() => readSettings(project(), "../dev")),
        /--stack is "\.\.\/dev"; allowed: letters, digits/,
      );
      write("Pulumi.dev.yaml", "config: [\n");
      assert.match(
        refusal(() => readSettings(project(), "dev")),
        /Pulumi\.dev\.yaml is no YAML/,
      );
      write("Pulumi.dev.yaml", "config:\n  shop:key: { secure: AAABAB }\n");
      assert.match(
        refusal(() => readSettings(project(), "dev")),
        /encrypted values, .*: shop:key\. Give plain ones .* --set/,
      );
    });
  });

  describe("--set", () => {
    it("takes the paths of pulumi config set --path, and values as YAML", () => {
      write("Pulumi.yaml", "name: shop\n");
      const given = { "shop:fleets": { web: { size: { min: 1, max: 2 }, tags: ["a"] } }, "shop:plain": "x" };
      const sets = [
        "fleets.web.size.max=6",
        'shop:fleets["web"].tags[1]=b',
        "aws:region=eu-west-1",
        "shop:plain=",
        "shop:fleets.web.on=true",
        "shop:fleets.web.note=a: b: c",
      ];
      assert.deepEqual(applySets(project(), given, sets), {
        "shop:fleets": { web: { size: { min: 1, max: 6 }, tags: ["a", "b"], on: true, note: "a: b: c" } },
        "aws:region": "eu-west-1",
      });
      assert.deepEqual(given["shop:fleets"].web.size, { min: 1, max: 2 }, "what was given stays as it was");
    });

    it("refuses what it cannot read", () => {
      write("Pulumi.yaml", "name: shop\n");
      assert.deepEqual(parsePath('a["b.c"][2].d'), ["a", "b.c", 2, "d"]);
      assert.match(
        refusal(() => applySets(project(), {}, ["shop:size"])),
        /--set shop:size: allowed is KEY=VALUE/,
      );
      assert.match(
        refusal(() => applySets(project(), {}, ["shop:a..b=1"])),
        /--set shop:a\.\.b: cannot be read from "\.\.b" on/,
      );
      assert.match(
        refusal(() => applySets(project(), { "shop:l": ["x"] }, ["shop:l[3]=1"])),
        /index 3 is beyond the end of a list of 1; the next one is 1/,
      );
    });
  });

  describe("environment of the children", () => {
    const before = { ...process.env };
    afterEach(() => {
      process.env = { ...before };
    });

    it("holds nothing of the caller's AWS and Pulumi settings", () => {
      const planted = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ROLE_ARN",
        "PULUMI_BACKEND_URL",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_HOME",
        "PULUMI_CONFIG",
        "HTTPS_PROXY",
        "NODE_OPTIONS",
      ];
      for (const name of planted) process.env[name] = "canary";
      process.env["HOME"] = "/home/canary";
      const aws = { endpoint: "http://127.0.0.1:1", region: "eu-west-1" };
      const env = childEnvironment(aws, "/project", "/project/.sandbox");
      assert.deepEqual(
        Object.values(env).filter((value) => value.includes("canary")),
        [],
      );
      const expected = [
        ...Object.keys(awsEnvironment(aws, "")),
        "HOME",
        "PATH",
        "PULUMI_CONFIG_PASSPHRASE",
        "PULUMI_OPTION_POLICY_PACK",
        "PULUMI_SKIP_UPDATE_CHECK",
      ];
      const compiled = ["NODE_COMPILE_CACHE", "NODE_COMPILE_CACHE_PORTABLE"];
      const kept = ["TMPDIR", "LANG", "LC_ALL", "TZ", "FLEET_TEST_RUN", "NODE_V8_COVERAGE", ...compiled].filter(
        (name) => process.env[name] !== undefined,
      );
      assert.deepEqual(Object.keys(env).sort(), [...expected, ...kept].sort());
      assert.equal(env["PULUMI_OPTION_POLICY_PACK"], "policies");
      assert.equal(env["AWS_ENDPOINT_URL"], "http://127.0.0.1:1");
    });
  });

  describe("state of a stack", () => {
    it("whose local AWS is gone is set aside with a sentence, an empty one is removed, one of the same life stays", () => {
      const state = stateFile(dir, "staging");
      const full = JSON.stringify({ version: 3, deployment: { resources: [{ urn: "u" }] } });
      assert.equal(bindToAws(dir, "staging", "one"), undefined);
      writeFileSync(state, full);
      assert.equal(bindToAws(dir, "staging", "one"), undefined);
      assert.deepEqual(knownStacks(dir), ["staging"]);
      assert.equal(
        bindToAws(dir, "staging", "two"),
        `The local AWS that stack staging stood in is gone; its state was set aside as ${state}.bak and the stack begins empty.`,
      );
      assert.equal(existsSync(state), false);
      assert.equal(readFileSync(`${state}.bak`, "utf8"), full);
      writeFileSync(state, JSON.stringify({ version: 3, deployment: { resources: [] } }));
      assert.equal(bindToAws(dir, "staging", "three"), undefined);
      assert.equal(existsSync(state), false);
      writeFileSync(state, "{ corrupt");
      assert.match(bindToAws(dir, "staging", "four") ?? "", /set aside/);
      assert.equal(readFileSync(`${state}.bak`, "utf8"), "{ corrupt");
    });
  });

  describe("users of the local AWS", () => {
    it("are counted while they run; files of dead ones are cleared away", () => {
      mkdirSync(join(dir, ".sandbox/aws/users"), { recursive: true });
      writeFileSync(join(dir, ".sandbox/aws/users/999999999"), "");
      {
        using user = useAws(dir);
        assert.equal(user.hasCompany(), false);
        assert.equal(existsSync(join(dir, ".sandbox/aws/users/999999999")), false);
        writeFileSync(join(dir, `.sandbox/aws/users/${process.ppid}`), "");
        assert.equal(user.hasCompany(), true);
      }
      assert.equal(existsSync(join(dir, `.sandbox/aws/users/${process.pid}`)), false);
    });
  });

  describe("progress", () => {
    const urn = "urn:pulumi:staging::shop::fleet:components:Fleet$aws:sns/topic:Topic::shop-topic";
    const step = (more: Partial<StepEvent>): EngineEvent => ({
      kind: "step",
      phase: "up",
      state: "done",
      op: "create",
      urn,
      type: "aws:sns/topic:Topic",
      ...more,
    });
    const shown = (isTTY: boolean, events: readonly EngineEvent[], verb: "up" | "preview" = "up") => {
      const written: string[] = [];
      const progress = new Progress({ isTTY, columns: 60, write: (text) => written.push(text) }, verb);
      for (const event of events) progress.show(event);
      progress.close();
      return written.join("");
    };

    it("is plain lines in a pipe: what changes, what fails, diagnostics without colours", () => {
      const text = shown(false, [
        { kind: "phase", phase: "up" },
        step({ state: "started" }),
        step({ durationSeconds: 1.24 }),
        step({ op: "same" }),
        step({ op: "update", state: "failed", durationSeconds: 0.5, error: "no" }),
        { kind: "diagnostic", phase: "up", severity: "error", message: "\u001b[31mno\u001b[39m\n", urn },
        { kind: "diagnostic", phase: "up", severity: "debug", message: "hidden" },
      ]);
      assert.equal(
        text,
        [
          "Updating:",
          " + create             sns.Topic                        shop-topic  1.2 s",
          " ~ update             sns.Topic                        shop-topic  0.5 s  FAILED",
          "error: shop-topic: no",
          "",
        ].join("\n"),
      );
      assert.equal(shortType("fleet:components:Fleet"), "Fleet");
    });

    it("of an up shows of its plan only what forbids, and tells nothing twice", () => {
      const violation = (enforcementLevel: "advisory" | "mandatory", phase: "preview" | "up"): EngineEvent => ({
        kind: "policyViolation",
        phase,
        urn,
        policyName: "p",
        policyPackName: "pack",
        policyPackVersion: "1",
        description: "d",
        message: "m",
        enforcementLevel,
      });
      const text = shown(false, [
        { kind: "phase", phase: "preview" },
        step({ phase: "preview" }),
        violation("advisory", "preview"),
        violation("mandatory", "preview"),
        { kind: "phase", phase: "up" },
        violation("advisory", "up"),
        violation("advisory", "up"),
      ]);
      assert.equal(text, "Previewing:\npolicy p (mandatory): shop-topic\n    m\nUpdating:\npolicy p (advisory): shop-topic\n    m\n");
      assert.match(shown(false, [{ kind: "phase", phase: "preview" }, step({ phase: "preview" })], "preview"), /create +sns\.Topic/);
    });

    it("rewrites its last line on a terminal, within its width, and removes it at the end", () => {
      const text = shown(true, [step({ state: "started" }), step({ durationSeconds: 1 })]);
      const clear = "\r\u001b[K";
      assert.ok(text.includes(`${clear}0 s, working on shop-topic`), JSON.stringify(text));
      assert.ok(text.endsWith(clear), JSON.stringify(text));
      for (const line of text.split(clear).flatMap((part) => part.split("\n"))) assert.ok(line.length < 80, line);
    });
  });

  describe("report", () => {
    it("counts in a reader's order", () => {
      assert.equal(summaryLine({ same: 3, delete: 1, create: 2 }), "2 to create, 1 to delete, 3 unchanged");
      assert.equal(doneLine({ update: 1, same: 3 }), "1 updated, 3 unchanged");
      assert.equal(summaryLine({}), "nothing to do");
    });

    it("has the keys of pulumi preview --json and what that lacks", () => {
      const result = {
        ok: true,
        steps: [],
        changeSummary: { same: 1 },
        diagnostics: [{ severity: "error" as const, message: "\u001b[1mx" }],
        policyViolations: [],
        outputs: { a: 1 },
        durationSeconds: 2,
      };
      assert.deepEqual(jsonReport(result, { "shop:a": "b", "shop:c": { d: 1 } }), {
        ...result,
        config: { "shop:a": "b", "shop:c": '{"d":1}' },
        diagnostics: [{ severity: "error", message: "x" }],
      });
    });
  });
});
