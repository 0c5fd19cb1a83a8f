/** Every setting of a fleet, and what the simulator makes of it: whoever adds one decides here. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fleetSchema } from "../../../settings/fleet-schema.ts";
import { groupOptions, warmPool } from "../../../settings/instances-schema.ts";
import { scalingSchema } from "../../../settings/scaling-schema.ts";

const simulated = "simulated";
const named = "named as left out";
/** Changes neither sizes nor costs as long as every instance works and nothing is rolled out. */
const beside = "beside the point";
type Verdict = typeof simulated | typeof named | typeof beside;
const all = (verdict: Verdict, ...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, verdict]));

const settings: Record<string, readonly [object, Record<string, Verdict>]> = {
  fleet: [
    fleetSchema.shape,
    {
      ...all(simulated, "size", "bootSeconds", "scaling", "launchHook", "terminateHook", "warmPool", "group"),
      ...all(named, "mixedInstances"),
      ...all(beside, "role", "formerly", "exemptions", "image", "instanceType", "provisioning", "chef", "managedNode", "boot", "health"),
      ...all(beside, "loadBalancing", "securityGroupIds", "ingress", "egress", "rootVolume", "volumes", "maintenance", "rollout"),
      ...all(beside, "deletionProtection", "zonalShift"),
    },
  ],
  scaling: [
    scalingSchema.shape,
    { ...all(simulated, "up", "down", "metrics", "targets", "schedules"), ...all(named, "predictive", "composites") },
  ],
  warmPool: [warmPool.shape, all(simulated, "state", "min", "maxPrepared", "reuse")],
  group: [
    groupOptions.shape,
    {
      ...all(simulated, "scaleInProtection", "terminationPolicies"),
      ...all(named, "maxLifetimeDays"),
      ...all(beside, "zoneDistribution"),
    },
  ],
};

describe("the settings of a fleet", () => {
  const docs = readFileSync(join(import.meta.dirname, "../../../docs/simulate.md"), "utf8");
  for (const [part, [shape, verdicts]] of Object.entries(settings)) {
    it(`are each simulated, named or beside the point: ${part}`, () => {
      assert.deepEqual(Object.keys(shape).sort(), Object.keys(verdicts).sort());
      if (part === "fleet") return;
      for (const [name, verdict] of Object.entries(verdicts))
        if (verdict === named) assert.match(docs, new RegExp(`\`[^\`\n]*\\b${name}\\b[^\`\n]*\`.*\\| named`), name);
    });
  }
});
