/** Every property of every type: what changes in place, what replaces, what is no change at all. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import { resourceFiles } from "../../../sandbox/plugins/aws/registry.ts";
import { resourceSchema } from "../../../sandbox/plugins/aws/schema.ts";
import type { ReplaceSet, Shape } from "../../../sandbox/plugins/aws/schema.ts";
import { isObject, plainProperties, unknown } from "../../../sandbox/plugins/protocol/values.ts";
import type { Properties, Value } from "../../../sandbox/plugins/protocol/values.ts";
import { PluginProcess, urnOf } from "./client.ts";

const replaceSets = JSON.parse(readFileSync(join(import.meta.dirname, "../../../sandbox/plugins/aws/replace-sets.json"), "utf8")) as Record<
  string,
  ReplaceSet
>;

function sample(shape: Shape): Value {
  if (typeof shape !== "string") {
    if ("list" in shape) return [sample(shape.list)];
    if ("map" in shape) return { key: sample(shape.map) };
    return Object.fromEntries(Object.entries(shape.object).map(([key, member]) => [key, sample(member.type)]));
  }
  return { string: "a", number: 1, boolean: true, any: { hash: "a" } }[shape];
}

/** The value with its first leaf changed. */
function changed(value: Value): Value {
  if (typeof value === "string") return `${value}-changed`;
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  if (Array.isArray(value)) return [changed(value[0]!), ...value.slice(1)];
  assert.ok(isObject(value));
  const [[key, first], ...rest] = Object.entries(value) as [[string, Value], ...[string, Value][]];
  return { [key]: changed(first), ...Object.fromEntries(rest) };
}

const kinds = pb.PropertyDiff.Kind;
const replacingKinds: readonly number[] = [kinds.ADD_REPLACE, kinds.DELETE_REPLACE, kinds.UPDATE_REPLACE];

describe("changes that the AWS plugin sees", () => {
  let plugin: PluginProcess;
  before(async () => {
    plugin = await PluginProcess.start("aws", "", { AWS_ENDPOINT_URL: "http://127.0.0.1:9" });
    await plugin.configure({ region: "a" });
  });
  after(() => plugin.stop());

  for (const [token, file] of Object.entries(resourceFiles)) {
    it(`${token}: each property alone is one update or one replacement`, async () => {
      const { definition } = await file();
      const urn = urnOf(token, "one");
      const inputs: Properties = {};
      for (const [key, property] of Object.entries(resourceSchema(token))) {
        if (property.input === undefined || key === "tagsAll" || definition.unsupported?.includes(key)) continue;
        inputs[key] = definition.json?.includes(key) ? '{"a":1}' : sample(property.type);
      }
      const state: Properties = { ...inputs };
      const none = { changes: "none", replaces: [], diffs: [], detailed: {}, deleteBeforeReplace: false };
      assert.deepEqual(await plugin.diff(urn, "id", inputs, state, inputs), none, "equal inputs");
      for (const [key, value] of Object.entries(inputs)) {
        const news = { ...inputs, [key]: definition.json?.includes(key) ? '{"a":2}' : changed(value) };
        const replaces = replaceSets[token]!.replace.includes(key);
        const result = await plugin.diff(urn, "id", inputs, state, news);
        assert.deepEqual([result.changes, result.diffs, result.replaces], ["some", [key], replaces ? [key] : []], key);
        assert.ok(Object.keys(result.detailed).length > 0, `${key} in detail`);
        for (const kind of Object.values(result.detailed)) assert.equal(replacingKinds.includes(kind), replaces, key);
        if (replaces || resourceSchema(token)[key]?.output === undefined) continue;
        const previewed = plainProperties(await plugin.update(urn, "id", inputs, state, news, true));
        assert.deepEqual(previewed[key], news[key], `${key} in the preview of the update`);
        for (const other of Object.keys(inputs))
          if (other !== key && previewed[other] !== unknown) assert.deepEqual(previewed[other], inputs[other], `${other} beside ${key}`);
      }
    });

    it(`${token}: an unknown value of a replacing property replaces, of another one updates`, async () => {
      const { definition } = await file();
      for (const [key, property] of Object.entries(resourceSchema(token))) {
        if (property.input === undefined || key === "tagsAll" || definition.unsupported?.includes(key)) continue;
        const old = { [key]: definition.json?.includes(key) ? '{"a":1}' : sample(property.type) };
        const result = await plugin.diff(urnOf(token, "one"), "id", old, old, { [key]: unknown });
        assert.deepEqual([result.changes, result.replaces.includes(key)], ["some", replaceSets[token]!.replace.includes(key)], key);
      }
    });
  }

  it("a property that is taken away is a change, unless the provider computes it then", async () => {
    const urn = urnOf("aws:sqs/queue:Queue", "one");
    const old = { delaySeconds: 5, policy: "{}" };
    assert.deepEqual((await plugin.diff(urn, "id", old, old, { policy: "{}" })).detailed, { delaySeconds: kinds.DELETE });
    assert.equal((await plugin.diff(urn, "id", old, old, { delaySeconds: 5 })).changes, "none");
  });

  it("sets have no order, lists have one, JSON has neither order of keys nor space", async () => {
    const group = urnOf("aws:autoscaling/group:Group", "one");
    const changes = async (urn: string, one: Properties, other: Properties) => (await plugin.diff(urn, "id", one, one, other)).changes;
    assert.equal(await changes(group, { vpcZoneIdentifiers: ["a", "b"] }, { vpcZoneIdentifiers: ["b", "a"] }), "none");
    assert.equal(await changes(group, { terminationPolicies: ["a", "b"] }, { terminationPolicies: ["b", "a"] }), "some");
    const role = urnOf("aws:iam/role:Role", "one");
    const policy = (text: string) => ({ assumeRolePolicy: text });
    assert.equal(await changes(role, policy('{"a":["x"],"b":["y","z"]}'), policy('{ "b": ["z", "y"], "a": "x" }')), "none");
    assert.equal(await changes(role, policy('{"a":["x"]}'), policy('{"a":["y"]}')), "some");
  });

  it("nested changes are shown at their own place", async () => {
    const urn = urnOf("aws:ec2/launchTemplate:LaunchTemplate", "one");
    const old = { tags: { "fleet:role": "app", plain: "1" }, blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: 8 } }] };
    const news = { tags: { "fleet:role": "web" }, blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: 9, iops: 3000 } }] };
    assert.deepEqual((await plugin.diff(urn, "id", old, old, news)).detailed, {
      'tags["fleet:role"]': kinds.UPDATE,
      "tags.plain": kinds.DELETE,
      "blockDeviceMappings[0].ebs.volumeSize": kinds.UPDATE,
      "blockDeviceMappings[0].ebs.iops": kinds.ADD,
    });
  });

  it("changed default tags of the provider update every tagged resource", async () => {
    const own = await PluginProcess.start("aws", "", { AWS_ENDPOINT_URL: "http://127.0.0.1:9" });
    try {
      await own.configure({ region: "a", defaultTags: JSON.stringify({ tags: { team: "new" } }) });
      const urn = urnOf("aws:sqs/queue:Queue", "one");
      const inputs = { tags: { own: "1" } };
      const state = { ...inputs, tagsAll: { own: "1", team: "old" } };
      assert.deepEqual((await own.diff(urn, "id", inputs, state, inputs)).detailed, { "tagsAll.team": kinds.UPDATE });
      const preview = await own.update(urn, "id", inputs, state, inputs, true);
      assert.deepEqual(preview["tagsAll"], { own: "1", team: "new" });
    } finally {
      await own.stop();
    }
  });

  it("a fixed name must be free before its replacement is made, a generated one need not", async () => {
    const urn = urnOf("aws:sqs/queue:Queue", "one");
    const replaced = async (inputs: Properties) =>
      plugin.diff(urn, "id", { ...inputs, fifoQueue: false }, inputs, { ...inputs, fifoQueue: true });
    assert.equal((await replaced({ name: "fixed" })).deleteBeforeReplace, true);
    assert.equal((await replaced({ name: "made-1234567", __defaults: ["name"] })).deleteBeforeReplace, false);
  });
});
