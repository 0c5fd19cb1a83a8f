import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as sdk from "@aws-sdk/client-auto-scaling";
import { compactModel, readBotocore } from "../../../../../sandbox/aws/autoscaling/protocol/compact-model.ts";
import { serviceModel } from "../../../../../sandbox/aws/autoscaling/protocol/shapes.ts";

const root = join(import.meta.dirname, "../../../../..");

type Schema = readonly [number, string, string, unknown, ...unknown[]];
const schemas = (Object.values(sdk) as unknown[]).filter((value): value is Schema => Array.isArray(value) && typeof value[0] === "number");
const resolve = (reference: unknown): unknown => (typeof reference === "function" ? (reference as () => unknown)() : reference);
/** The SDK is younger than the pinned botocore; what it has beside is refused (InvalidAction, InvalidQueryParameter). */
const newerOperations = ["DescribeAccountSettings", "PutAccountSetting"];
const newerMember = "IncludeManagedResources";
const newerStructures = [
  "AccountSetting",
  "DescribeAccountSettingsAnswer",
  "DescribeAccountSettingsType",
  "PutAccountSettingAnswer",
  "PutAccountSettingType",
];

const nameOf = (reference: unknown) => {
  const schema = resolve(reference);
  return Array.isArray(schema) ? (schema[2] as string) : undefined;
};

describe("service model", () => {
  it("is what the installed botocore describes", () => {
    const [folder] = globSync(".venv/lib/python3.*/site-packages/botocore", { cwd: root });
    assert.ok(folder, ".venv holds no botocore: npm run setup");
    const expected = compactModel(readBotocore(join(root, folder))).map((line) => JSON.stringify(line));
    const file = readFileSync(join(root, "sandbox/aws/autoscaling/protocol/service-model.jsonl"), "utf8");
    assert.deepEqual(file.trimEnd().split("\n"), expected);
  });

  it("has the operations of the JavaScript SDK with the same inputs and outputs", () => {
    const operations = schemas.filter((schema) => schema[0] === 9);
    const theirs = operations
      .map((schema) => [schema[2], nameOf(schema[4]), nameOf(schema[5])] as const)
      .filter(([name]) => !newerOperations.includes(name))
      .sort();
    const ours = [...serviceModel.operations].map(([name, { input, output }]) => [name, input, output] as const).sort();
    assert.deepEqual(ours, theirs);
    assert.equal(ours.length, 66);
  });

  it("has the structures of the JavaScript SDK with the same members", () => {
    const theirs = schemas
      .filter((schema) => schema[0] === 3)
      .map((schema) => [schema[2], (schema[4] as string[]).filter((member) => member !== newerMember).sort()] as const)
      .filter(([name]) => !newerStructures.includes(name));
    for (const [name, members] of theirs) {
      const shape = serviceModel.shapes.get(name);
      assert.equal(shape?.type, "structure", name);
      assert.deepEqual(shape.members.map((member) => member.name).sort(), members, name);
    }
    assert.ok(theirs.length > 150);
  });

  it("has the error codes and statuses of the JavaScript SDK", () => {
    const theirs = schemas
      .filter((schema) => schema[0] === -3)
      .flatMap((schema) => Object.values(schema[3] as object).filter((trait): trait is [string, number] => Array.isArray(trait)))
      .sort();
    assert.deepEqual([...serviceModel.errorStatus].sort(), theirs);
    assert.equal(serviceModel.errorStatus.get("AlreadyExists"), 400);
  });
});
