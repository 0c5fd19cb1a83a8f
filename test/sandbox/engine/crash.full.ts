import assert from "node:assert/strict";
import { killAtEvery } from "./kill.ts";

const first = [
  { name: "a", inputs: { key: 1 } },
  { name: "b", from: { of: "a.arn" } },
  { name: "c", inputs: { x: 1 } },
];
/** A replacement, an update through it, a deletion and a create. */
const second = [
  { name: "a", inputs: { key: 2 } },
  { name: "b", from: { of: "a.arn" } },
  { name: "d", inputs: { x: 1 } },
];

describe("kill -9 of the engine, every moment", function () {
  this.timeout(600_000);

  for (const moment of ["before", "after"] as const) {
    it(`${moment} every write of a first run: the next one converges, with nothing twice and nothing lost`, async () => {
      assert.ok((await killAtEvery(moment, undefined, first, ["a", "b", "c"])) >= 7);
    });

    it(`${moment} every write of a changing run: the next one converges`, async () => {
      assert.ok((await killAtEvery(moment, first, second, ["a", "b", "d"])) >= 8);
    });
  }
});
