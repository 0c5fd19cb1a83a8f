/** The model is a reference: every rule says which page of AWS's documentation it comes from. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../scaling");

/** How the model works inside, not what Auto Scaling does. */
const machinery = [
  "clock.ts",
  "core.ts",
  "due-heap.ts",
  "heap.ts",
  "iso-time.ts",
  "model-types.ts",
  "model.ts",
  "policy-state.ts",
  "refresh-state.ts",
  "settle.ts",
  "snapshot.ts",
  "state.ts",
  "timers.ts",
  "uuid.ts",
  "alarms/reason.ts",
  "checks/fault.ts",
  "checks/policies.ts",
  "types/effects.ts",
];

describe("the rules of the model", () => {
  it("cite their pages, file by file", () => {
    const files = globSync("{*,alarms/*,alarms/math/*,checks/*,types/*}.ts", { cwd: folder });
    assert.ok(files.length > 60);
    const without = files.filter((file) => !readFileSync(join(folder, file), "utf8").includes("https://docs.aws.amazon.com/"));
    assert.deepEqual(
      without.filter((file) => !machinery.includes(file)),
      [],
    );
  });
});
