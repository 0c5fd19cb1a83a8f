/** Seeds fast-check for every test file from FLEET_PROPERTY_SEED (set by run.ts); unset, each run draws its own. */
import fc from "fast-check";

const seed = process.env["FLEET_PROPERTY_SEED"];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
