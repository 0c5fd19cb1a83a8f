import assert from "node:assert/strict";
import { TestStack, errorsOf, operations } from "./stack.ts";

const first = [
  { name: "same", inputs: { x: 1 } },
  { name: "updated", inputs: { x: 1 } },
  { name: "replaced", inputs: { key: 1 } },
  { name: "reader", from: { of: "replaced.arn" } },
  { name: "follower", replaceWith: ["replaced"] },
  { name: "exclusive", inputs: { exclusive: 1 } },
  { name: "keyed-by-exclusive", from: { key: "exclusive.arn" } },
  { name: "reads-exclusive", from: { of: "exclusive.arn" } },
  { name: "group", inputs: { key: 1 } },
  { name: "notification", deletedWith: "group", inputs: { x: 1 } },
  { name: "ignoring", inputs: { x: 1, list: [{ a: 1, b: 1 }] }, options: { ignoreChanges: ["x", "list[0].a"] } },
  { name: "replaced-on-change", inputs: { x: 1 }, options: { replaceOnChanges: ["x"] } },
  { name: "deleted-first", inputs: { key: 1 }, options: { deleteBeforeReplace: true } },
  { name: "triggered", options: { replacementTrigger: 1 } },
  { name: "retained", options: { retainOnDelete: true } },
  { name: "gone", inputs: { x: 1 } },
  { name: "gone-user", dependsOn: ["gone"] },
  { name: "former", component: true, inputs: { size: 1 } },
  { name: "former-child", parent: "former", inputs: { x: 1 } },
  { name: "component", component: true, inputs: { size: 1 }, outputs: { seen: 1 } },
];

const second = [
  { name: "same", inputs: { x: 1 } },
  { name: "updated", inputs: { x: 2 } },
  { name: "replaced", inputs: { key: 2 } },
  { name: "reader", from: { of: "replaced.arn" } },
  { name: "follower", replaceWith: ["replaced"] },
  { name: "exclusive", inputs: { exclusive: 2 } },
  { name: "keyed-by-exclusive", from: { key: "exclusive.arn" } },
  { name: "reads-exclusive", from: { of: "exclusive.arn" } },
  { name: "group", inputs: { key: 2 } },
  { name: "notification", deletedWith: "group", inputs: { x: 1 } },
  { name: "ignoring", inputs: { x: 2, list: [{ a: 2, b: 1 }] }, options: { ignoreChanges: ["x", "list[0].a"] } },
  { name: "replaced-on-change", inputs: { x: 2 }, options: { replaceOnChanges: ["x"] } },
  { name: "deleted-first", inputs: { key: 2 }, options: { deleteBeforeReplace: true } },
  { name: "triggered", options: { replacementTrigger: 2 } },
  { name: "latter", component: true, inputs: { size: 1 }, options: { aliases: [{ name: "former" }] } },
  { name: "latter-child", parent: "latter", inputs: { x: 1 } },
  { name: "component", component: true, inputs: { size: 2 }, outputs: { seen: 2 } },
  { name: "fresh", inputs: { x: 1 } },
];

const replacement = ["create-replacement", "replace", "delete-replaced"];
const deletedFirst = ["delete-replaced", "replace", "create-replacement"];
const expected = {
  updated: ["update"],
  replaced: replacement,
  reader: ["update"],
  follower: replacement,
  exclusive: deletedFirst,
  "keyed-by-exclusive": deletedFirst,
  "reads-exclusive": ["update"],
  group: replacement,
  notification: replacement,
  "replaced-on-change": replacement,
  "deleted-first": deletedFirst,
  triggered: replacement,
  retained: ["delete"],
  gone: ["delete"],
  "gone-user": ["delete"],
  component: ["update"],
  fresh: ["create"],
};

const inOrder = (result: Record<string, string[]>) =>
  Object.fromEntries(Object.entries(result).sort(([one], [other]) => (one < other ? -1 : 1)));

describe("steps of a changed program", function () {
  const stack = new TestStack();
  let from = 0;
  after(() => stack[Symbol.dispose]());

  /** Whether `one` stands before `other` in what the provider was asked since the first run. */
  const assertBefore = (one: string, other: string) => {
    const history = stack.history(from, "create", "created", "update", "delete", "deleted");
    const [first, second] = [history.indexOf(one), history.indexOf(other)];
    assert.ok(first !== -1 && second !== -1 && first < second, `${one} before ${other} in:\n${history.join("\n")}`);
  };

  it("first creates everything, dependencies before dependents", async () => {
    const result = await stack.up(first);
    assert.equal(errorsOf(result), "");
    assert.deepEqual(result.changeSummary, { create: first.length + 1 });
    assertBefore("created replaced", "create reader");
    assertBefore("created gone", "create gone-user");
  });

  it("previews what it then does", async () => {
    const preview = await stack.preview(second);
    assert.deepEqual(inOrder(operations(preview)), inOrder(expected));
    assert.deepEqual(preview.changeSummary, { same: 5, update: 4, replace: 9, delete: 3, create: 1 });
    from = stack.calls().length;
    const result = await stack.up(second);
    assert.equal(errorsOf(result), "");
    assert.deepEqual(inOrder(operations(result)), inOrder(expected));
    assert.deepEqual(result.changeSummary, preview.changeSummary);
  });

  it("creates before it deletes, unless told otherwise", () => {
    assertBefore("created replaced", "delete replaced");
    assertBefore("update reader", "delete replaced");
    assertBefore("deleted keyed-by-exclusive", "delete exclusive");
    assertBefore("deleted exclusive", "create exclusive");
    assertBefore("created exclusive", "create keyed-by-exclusive");
    assertBefore("deleted deleted-first", "create deleted-first");
    assertBefore("deleted gone-user", "delete gone");
  });

  it("leaves out deletions that go with another or are not wanted", () => {
    const deleted = stack.history(from, "delete");
    assert.ok(!deleted.includes("delete notification"));
    assert.ok(!deleted.includes("delete retained"));
    assert.ok(deleted.includes("delete group"));
  });

  it("keeps a renamed component's child as it is", () => {
    assert.equal(stack.resource("former-child"), undefined);
    assert.equal(stack.resource("latter-child")?.["parent"], stack.resource("latter")?.["urn"]);
    assert.match(String(stack.resource("latter-child")?.["id"]), /^former-child-/);
  });

  it("changes nothing when nothing has changed", async () => {
    const byUrn = () =>
      [...stack.state().resources].sort((one, other) => (one.urn < other.urn ? -1 : 1)).map((state) => ({ ...state, aliases: undefined }));
    const resources = byUrn();
    const calls = stack.calls("create", "update", "delete").length;
    const result = await stack.up(second);
    assert.deepEqual(result.changeSummary, { same: second.length + 1 });
    assert.deepEqual(byUrn(), resources);
    assert.equal(stack.calls("create", "update", "delete").length, calls);
  });

  it("destroys in reverse order and leaves what is retained", async () => {
    from = stack.calls().length;
    const result = await stack.destroy();
    assert.equal(errorsOf(result), "");
    assert.deepEqual(result.changeSummary, { delete: second.length + 1 });
    assertBefore("deleted reader", "delete replaced");
    assert.ok(!stack.history(from, "delete").includes("delete notification"));
    // The old notification and the new one went with their groups, which this cloud does not do by itself.
    assert.deepEqual(stack.existing(), ["notification", "notification", "retained"]);
    assert.deepEqual(stack.state().resources, []);
  });
});
