import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { poolSizes } from "../../../ops/simulate/report.ts";
import { recordedFile, simulated, type Recorded } from "./recorded.ts";
import { scenarios } from "./scenarios.ts";

describe("the simulator", () => {
  const recorded = JSON.parse(readFileSync(recordedFile, "utf8")) as Recorded[];
  for (const [index, scenario] of scenarios.entries()) {
    it(`has the sizes that the local Auto Scaling service had: ${scenario.name}`, () => {
      const { name, startMs, desired, inService, warm } = recorded[index]!;
      const { simulation } = simulated(scenario, startMs);
      assert.deepEqual([name, [...simulation.desired], [...simulation.inService]], [scenario.name, desired, inService]);
      if (simulation.warmPool !== undefined) assert.deepEqual([...poolSizes(simulation.warmPool)], warm);
      assert.ok(new Set(desired).size > 2, "nothing happens in it");
    });
  }
});
