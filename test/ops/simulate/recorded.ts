import { join } from "node:path";
import { demandOf, parseLoads, type LoadFault } from "../../../scaling/simulate/load.ts";
import { simulate } from "../../../scaling/simulate/simulate.ts";
import { scenarioMinutes, type Scenario } from "./scenarios.ts";

/** What the local Auto Scaling service did in a scenario: the sizes at each minute. */
export interface Recorded {
  readonly name: string;
  readonly startMs: number;
  readonly desired: readonly number[];
  readonly inService: readonly number[];
  /** In the warm pool, whatever their state. */
  readonly warm?: readonly number[];
}

export const recordedFile = join(import.meta.dirname, "recorded.json");

export function simulated({ fleet, load, capacity, metric, initial, launchHook, warmSeconds }: Scenario, startMs: number) {
  const faults: LoadFault[] = [];
  const demand = demandOf(parseLoads(load, faults), { startMs, seconds: scenarioMinutes * 60, stepSeconds: 60, seed: 1 });
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  const options = { capacityPerInstance: capacity, metric, initialSize: initial, launchSeconds: 0, warmSeconds, launchHook };
  return { demand, simulation: simulate(fleet, demand, options) };
}
