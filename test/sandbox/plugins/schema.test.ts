import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { functionFiles, resourceFiles } from "../../../sandbox/plugins/aws/registry.ts";
import { resourceSchema } from "../../../sandbox/plugins/aws/schema.ts";
import type { ReplaceSet, Shape } from "../../../sandbox/plugins/aws/schema.ts";
import { schemaFromDeclarations, schemaPath } from "./declarations.ts";

const plugin = join(import.meta.dirname, "../../../sandbox/plugins/aws");
const replaceSets = JSON.parse(readFileSync(join(plugin, "replace-sets.json"), "utf8")) as Record<string, ReplaceSet>;
const schema = JSON.parse(readFileSync(schemaPath, "utf8")) as { resources: object; functions: object };

function shapeAt(shape: Shape, path: readonly string[]): Shape | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return shape;
  if (typeof shape === "string") return undefined;
  if ("list" in shape) return shapeAt(shape.list, path);
  if ("map" in shape) return undefined;
  const member = shape.object[first];
  return member && shapeAt(member.type, rest);
}

describe("tables of the AWS plugin", () => {
  it("schema.json is what the declarations of @pulumi/aws say (node test/sandbox/plugins/declarations.ts writes it)", () => {
    assert.ok(readFileSync(schemaPath, "utf8") === schemaFromDeclarations(), "schema.json is out of date");
  });

  it("every type has a file, a schema and a replace set, and the file is that type's", async () => {
    assert.deepEqual(Object.keys(resourceFiles).sort(), Object.keys(schema.resources).sort());
    assert.deepEqual(Object.keys(functionFiles).sort(), Object.keys(schema.functions).sort());
    assert.deepEqual(Object.keys(replaceSets).sort(), Object.keys(schema.resources).sort());
    for (const [token, file] of Object.entries(resourceFiles)) assert.equal((await file()).definition.token, token);
    for (const [token, file] of Object.entries(functionFiles)) assert.equal((await file()).dataSource.token, token);
  });

  it("replace sets name inputs of their type and the provider's source file", () => {
    for (const [token, { source, replace }] of Object.entries(replaceSets)) {
      assert.match(source, /^internal\/service\/[a-z0-9]+\/[a-z_0-9]+\.go$/, token);
      assert.deepEqual([...replace].sort(), replace, `${token} is sorted`);
      for (const path of replace) assert.ok(resourceSchema(token)[path.split(".")[0]!]?.input, `${token}: ${path} is no input`);
    }
  });

  it("what a definition says of properties is about properties that there are", async () => {
    for (const [token, file] of Object.entries(resourceFiles)) {
      const { definition } = await file();
      const properties = resourceSchema(token);
      const shape: Shape = { object: Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, { type: one.type }])) };
      const inputs = [...Object.keys(definition.defaults ?? {}), ...(definition.unsupported ?? []), ...(definition.json ?? [])];
      for (const key of inputs) assert.ok(properties[key]?.input, `${token}: ${key} is no input`);
      for (const path of [
        ...(definition.sets ?? []),
        ...Object.keys(definition.nestedDefaults ?? {}),
        ...Object.keys(definition.same ?? {}),
      ])
        assert.ok(shapeAt(shape, path.split(".")), `${token}: ${path} is no property`);
      for (const [path, defaults] of Object.entries(definition.nestedDefaults ?? {}))
        for (const key of Object.keys(defaults)) assert.ok(shapeAt(shape, [...path.split("."), key]), `${token}: ${path}.${key}`);
      for (const key of definition.secretOutputs ?? []) assert.ok(properties[key]?.output, `${token}: ${key} is no output`);
      if (definition.naming) assert.ok(properties[definition.naming.property ?? "name"]?.input, `${token} has no name`);
    }
  });
});
