/**
 * The embedded engine against Pulumi's own CLI, on the same programs with the same provider: equal plans, equal steps, equal
 * order among what depends on each other, equal states. The CLI's side is recorded; where `pulumi` and `pulumi-language-nodejs`
 * are on the PATH, both run side by side too.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as embedded from "../../../sandbox/engine/engine.ts";
import type { DeployResult, DeploymentEngine } from "../../../sandbox/engine/api.ts";
import { findOnPath } from "../../../sandbox/pulumi-cli/process.ts";
import * as cli from "../../../sandbox/pulumi-cli.ts";
import { TestStack, errorsOf, nameOf, operations } from "./stack.ts";

interface Thing {
  readonly name: string;
  readonly [key: string]: unknown;
}

/** Lists of things, one run each; the last run is a destroy. */
const scenarios: Readonly<Record<string, readonly (readonly Thing[])[]>> = {
  "nothing changes": [
    [
      { name: "a", inputs: { x: 1 } },
      { name: "b", from: { of: "a.arn" } },
      { name: "g", component: true, inputs: { n: 1 } },
      { name: "c", parent: "g" },
    ],
    [
      { name: "a", inputs: { x: 1 } },
      { name: "b", from: { of: "a.arn" } },
      { name: "g", component: true, inputs: { n: 1 } },
      { name: "c", parent: "g" },
    ],
  ],
  "updates, creates and deletions": [
    [
      { name: "a", inputs: { x: 1 } },
      { name: "b", dependsOn: ["a"] },
      { name: "c", dependsOn: ["b"] },
    ],
    [
      { name: "a", inputs: { x: 2 } },
      { name: "d", from: { of: "a.version" } },
    ],
  ],
  "a replacement, created first": [
    [
      { name: "a", inputs: { key: 1 } },
      { name: "b", from: { of: "a.arn" } },
      { name: "c", from: { key: "b.arn" } },
    ],
    [
      { name: "a", inputs: { key: 2 } },
      { name: "b", from: { of: "a.arn" } },
      { name: "c", from: { key: "b.arn" } },
    ],
  ],
  "a replacement, deleted first, with what must go with it": [
    [
      { name: "a", inputs: { exclusive: 1 } },
      { name: "b", from: { key: "a.arn" } },
      { name: "c", from: { of: "a.arn" } },
      { name: "d", from: { key: "b.arn" } },
    ],
    [
      { name: "a", inputs: { exclusive: 2 } },
      { name: "b", from: { key: "a.arn" } },
      { name: "c", from: { of: "a.arn" } },
      { name: "d", from: { key: "b.arn" } },
    ],
  ],
  "deletedWith across a replacement": [
    [
      { name: "group", inputs: { key: 1 } },
      { name: "note", deletedWith: "group" },
      { name: "other", from: { of: "note.arn" } },
    ],
    [
      { name: "group", inputs: { key: 2 } },
      { name: "note", deletedWith: "group" },
      { name: "other", from: { of: "note.arn" } },
    ],
    [{ name: "note" }],
  ],
  "deletedWith, deleted first": [
    [
      { name: "group", inputs: { exclusive: 1 } },
      { name: "note", deletedWith: "group" },
    ],
    [
      { name: "group", inputs: { exclusive: 2 } },
      { name: "note", deletedWith: "group" },
    ],
  ],
  "aliases of a component and its children": [
    [
      { name: "old", component: true },
      { name: "old-a", parent: "old" },
      { name: "b", from: { of: "old-a.arn" } },
    ],
    [
      { name: "new", component: true, options: { aliases: [{ name: "old" }] } },
      { name: "new-a", parent: "new" },
      { name: "b", from: { of: "new-a.arn" } },
    ],
  ],
  "options that steer a replacement": [
    [
      { name: "a", inputs: { x: 1 }, options: { replaceOnChanges: ["x"] } },
      { name: "b", inputs: { key: 1 }, options: { deleteBeforeReplace: true } },
      { name: "c", inputs: { exclusive: 1 }, options: { deleteBeforeReplace: false } },
      { name: "d", replaceWith: ["a"] },
      { name: "e", inputs: { x: 1 }, options: { ignoreChanges: ["x"] } },
      { name: "f", options: { replacementTrigger: "one" } },
      { name: "g", options: { retainOnDelete: true } },
    ],
    [
      { name: "a", inputs: { x: 2 }, options: { replaceOnChanges: ["x"] } },
      { name: "b", inputs: { key: 2 }, options: { deleteBeforeReplace: true } },
      { name: "c", inputs: { exclusive: 2 }, options: { deleteBeforeReplace: false } },
      { name: "d", replaceWith: ["a"] },
      { name: "e", inputs: { x: 2 }, options: { ignoreChanges: ["x"] } },
      { name: "f", options: { replacementTrigger: "two" } },
    ],
  ],
  "secrets and component inputs": [
    [
      { name: "a", secretInputs: { password: "hunter2" } },
      { name: "b", from: { of: "a.password" } },
      { name: "g", component: true, secretInputs: { s: "t" }, outputs: { o: 1 } },
    ],
    [
      { name: "a", secretInputs: { password: "hunter3" } },
      { name: "b", from: { of: "a.password" } },
      { name: "g", component: true, secretInputs: { s: "u" }, outputs: { o: 2 } },
    ],
  ],
  "what is not ready is tried again": [[{ name: "a", inputs: { fail: "partial" } }], [{ name: "a", inputs: { fail: "no" } }]],
  "protection is removed first": [
    [{ name: "a", options: { protect: true, customTimeouts: { create: "5m", delete: "1h" } } }],
    [{ name: "a", options: { protect: false, customTimeouts: { create: "5m" } } }],
  ],
};

/** Random digits of names, ids of providers. */
const withoutChance = (text: string) =>
  text.replaceAll(/-[0-9a-f]{7}\b/g, "-#").replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>");

/** What differs by nature, or is left out by one engine when it is empty. */
const ignored = new Set(["created", "modified", "sourcePosition", "stackTrace", "aliases"]);

function comparable(stack: TestStack): unknown {
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).filter(([key, item]) => !ignored.has(key) && !isEmpty(item));
    return Object.fromEntries(entries.map(([key, item]) => [key, key === "ciphertext" ? "#" : clean(item)]));
  };
  const states = stack.state().resources.map((state) => JSON.parse(withoutChance(JSON.stringify(clean(state)))) as { urn: string });
  return states.sort((one, other) => (one.urn < other.urn ? -1 : 1));
}

const isEmpty = (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** Names that each thing depends on, itself included, over all runs of a scenario. */
function related(runs: readonly (readonly Thing[])[]): (one: string, other: string) => boolean {
  const edges = new Set<string>();
  for (const { name, from = {}, dependsOn = [], deletedWith, parent, replaceWith = [] } of runs.flat() as (Thing & {
    from?: Record<string, string>;
    dependsOn?: string[];
    deletedWith?: string;
    parent?: string;
    replaceWith?: string[];
  })[]) {
    const sources = [...Object.values(from).map((source) => source.split(".")[0]), ...dependsOn, deletedWith, parent, ...replaceWith];
    for (const source of sources) if (source !== undefined) edges.add(`${name} ${source}`).add(`${source} ${name}`);
  }
  return (one, other) => one === other || edges.has(`${one} ${other}`);
}

/** Which call came before which, where that matters. */
function orders(history: readonly string[], areRelated: (one: string, other: string) => boolean): string[] {
  const name = (call: string) => call.split(" ")[1] ?? "";
  return history
    .flatMap((one, index) => history.slice(index + 1).flatMap((other) => (areRelated(name(one), name(other)) ? [`${one} < ${other}`] : [])))
    .sort();
}

const sorted = (operationsByName: Record<string, string[]>) =>
  Object.entries(operationsByName)
    .map(([name, list]) => `${name}: ${[...list].sort().join(" ")}`)
    .sort();

/** Steps of all previews so far. */
const planned = (stack: TestStack) =>
  stack.events
    .flatMap((event) =>
      event.kind === "step" && event.phase === "preview" && event.state === "done" ? [`${event.op} ${nameOf(event.urn)}`] : [],
    )
    .sort();

const replaceReasons = (result: DeployResult) =>
  Object.fromEntries(
    result.steps.filter(({ op }) => op === "replace").map(({ urn, replaceReasons = [] }) => [nameOf(urn), [...replaceReasons].sort()]),
  );

/** What an engine did in one command of a scenario. */
interface Seen {
  readonly command: string;
  readonly ok: boolean;
  readonly operations: readonly string[];
  readonly changeSummary: DeployResult["changeSummary"];
  readonly replaceReasons: Readonly<Record<string, readonly string[]>>;
  /** Of all previews so far. */
  readonly planned: readonly string[];
  readonly outputs: unknown;
  readonly existing: readonly string[];
  readonly states: unknown;
  readonly order: readonly string[];
}

async function observe(engine: DeploymentEngine, runs: readonly (readonly Thing[])[]): Promise<Seen[]> {
  using stack = new TestStack("declared", engine);
  const areRelated = related(runs);
  let calls = 0;
  const seen: Seen[] = [];
  const note = (command: string, result: DeployResult) => {
    seen.push({
      command,
      ok: result.ok,
      operations: sorted(operations(result)),
      changeSummary: result.changeSummary,
      replaceReasons: replaceReasons(result),
      planned: planned(stack),
      outputs: JSON.parse(withoutChance(JSON.stringify(result.outputs))) as unknown,
      existing: stack.existing(),
      states: comparable(stack),
      order: orders(stack.history(calls), areRelated),
    });
    calls = stack.calls().length;
  };
  for (const [index, things] of runs.entries()) note(`up ${index}`, await stack.up(things));
  note("refresh", await stack.refresh());
  note("destroy", await stack.destroy());
  return seen;
}

/** One engine leaves out what is empty, the other keeps it, and a refresh does not do as an update does. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, withoutEmpty(item)] as const);
  return Object.fromEntries(entries.filter(([, item]) => !isEmpty(item)));
}

function compare(own: readonly Seen[], other: readonly Seen[]): void {
  assert.deepEqual(
    own.map(({ command }) => command),
    other.map(({ command }) => command),
  );
  for (const [index, theirs] of other.entries()) {
    const ours = own[index] ?? theirs;
    const { command, outputs, replaceReasons: reasons } = theirs;
    // Only an update answers with the outputs of the program.
    const alike = command.startsWith("up") ? {} : { outputs };
    // The CLI gives no reason for what must go with another or is triggered; ours does.
    for (const [name, list] of Object.entries(reasons))
      if (list.length > 0) assert.deepEqual(ours.replaceReasons[name], list, `${command} ${name}`);
    assert.deepEqual(withoutEmpty({ ...ours, ...alike, replaceReasons: reasons }), withoutEmpty(theirs), command);
  }
}

/** What Pulumi's CLI did, so that the comparison needs none. `FLEET_RECORD_PULUMI=<version of the CLI on the PATH>` writes it anew. */
const recordFile = join(import.meta.dirname, "fixtures/pulumi-cli.json");

interface Recorded {
  /** As given when it was recorded. */
  readonly version: string;
  readonly scenarios: Readonly<Record<string, readonly Seen[]>>;
}

const isHere = ["pulumi", "pulumi-language-nodejs"].every((name) => findOnPath(name, process.env["PATH"] ?? ""));
const version = process.env["FLEET_RECORD_PULUMI"];

if (version !== undefined) {
  if (!isHere) throw new Error("FLEET_RECORD_PULUMI needs `pulumi` and `pulumi-language-nodejs` on the PATH");
  const recorded: Record<string, readonly Seen[]> = {};
  for (const [title, runs] of Object.entries(scenarios)) recorded[title] = await observe(cli, runs);
  const { format, resolveConfig } = await import("prettier");
  const text = JSON.stringify({ version, scenarios: recorded } satisfies Recorded);
  writeFileSync(recordFile, await format(text, { ...(await resolveConfig(recordFile)), filepath: recordFile }));
}

describe("the embedded engine does what Pulumi's CLI does", function () {
  const { version: recordedVersion, scenarios: recorded } = JSON.parse(readFileSync(recordFile, "utf8")) as Recorded;

  it("in every scenario that is recorded", () => {
    assert.deepEqual(Object.keys(recorded), Object.keys(scenarios));
  });

  for (const [title, runs] of Object.entries(scenarios)) {
    it(`${title}, as recorded of ${recordedVersion}`, async () => {
      compare(await observe(embedded, runs), recorded[title] ?? []);
    });
  }

  if (!isHere) return;

  for (const [title, runs] of Object.entries(scenarios)) {
    it(`${title}, beside the CLI on the PATH`, async () => {
      compare(await observe(embedded, runs), await observe(cli, runs));
    });
  }

  it("hands a stack from one to the other and back, and nothing changes", async () => {
    using stack = new TestStack("declared", embedded);
    const things = [
      { name: "a", secretInputs: { password: "hunter2" } },
      { name: "b", from: { of: "a.arn" } },
    ];
    const options = () => stack.options({ things });
    assert.equal(errorsOf(await embedded.up(options())), "");
    const through = await cli.up(options());
    assert.equal(errorsOf(through), "");
    assert.deepEqual(through.changeSummary, { same: 3 });
    assert.deepEqual((await embedded.up(options())).changeSummary, { same: 3 });
    assert.deepEqual((await cli.destroy(options())).changeSummary, { delete: 3 });
    assert.deepEqual(stack.existing(), []);
  });
});
