/**
 * The simulator: 30 days at steps of a minute of a fleet that follows a daily wave up to a thousand instances and back, in a process of its
 * own (that of a user's call: cold code, memory from the start), then warm; the same of a fleet with a tenth of the instances and of one at
 * rest, to show that events cost and not instances × minutes; and a search over 200 pairs of thresholds on all processors.
 *
 *   npm run bench -- simulate [--days N] [--candidates N]
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import type { StepPolicyOutput } from "../contract/fleets-output.ts";
import { runSearch } from "../ops/simulate/run-search.ts";
import { demandOf, parseLoads } from "../scaling/simulate/load.ts";
import { candidatesOf } from "../scaling/simulate/search.ts";
import { simulate } from "../scaling/simulate/simulate.ts";
import type { SimulatedFleet, SimulationOptions } from "../scaling/simulate/types.ts";

const { values } = parseArgs({
  options: {
    days: { type: "string", default: "30" },
    candidates: { type: "string", default: "200" },
    once: { type: "boolean", default: false },
  },
});
const seconds = Number(values.days) * 86_400;
const startMs = Date.UTC(2026, 0, 5);
const options: SimulationOptions = {
  capacityPerInstance: 100,
  metric: { kind: "utilization", idle: 0, max: 100 },
  launchSeconds: 30,
  launchHook: false,
};

function policy(direction: "up" | "down", threshold: number, periods: number, steps: StepPolicyOutput["steps"]): StepPolicyOutput {
  const metric = { namespace: "AWS/EC2", name: "CPUUtilization", statistic: "Average" } as const;
  const alarm = {
    metric,
    threshold,
    periodSeconds: 60,
    evaluationPeriods: periods,
    datapointsToAlarm: periods,
    missingData: "missing",
  } as const;
  return {
    kind: "step",
    direction,
    policyArn: "",
    alarmName: "",
    adjustmentType: "PercentChangeInCapacity",
    minAdjustmentMagnitude: 1,
    steps,
    ...alarm,
  };
}

const fleetOf = (most: number): SimulatedFleet => ({
  size: { min: most / 10, max: most },
  bootSeconds: 180,
  scaling: { policies: [policy("up", 70, 2, [{ lower: 0, adjustment: 10 }]), policy("down", 40, 15, [{ upper: 0, adjustment: -10 }])] },
});
const demand = (pattern: string) => demandOf(parseLoads([pattern], []), { startMs, seconds, stepSeconds: 60, seed: 1 });
const wave = (most: number) => demand(`wave:low=${most * 20},high=${most * 68}`);

function timed(act: () => { readonly launches: number; readonly terminations: number }): {
  readonly cpuSeconds: number;
  readonly moves: number;
} {
  const before = process.cpuUsage();
  const { launches, terminations } = act();
  const { user, system } = process.cpuUsage(before);
  return { cpuSeconds: (user + system) / 1e6, moves: launches + terminations };
}

const large = () => simulate(fleetOf(1000), wave(1000), options);

if (values.once) {
  const started = performance.now();
  const before = process.cpuUsage();
  const { launches, terminations } = large();
  const { user, system } = process.cpuUsage(before);
  console.log(
    JSON.stringify({
      seconds: (performance.now() - started) / 1000,
      cpuSeconds: (user + system) / 1e6,
      rss: process.resourceUsage().maxRSS * 1024,
      launches,
      terminations,
    }),
  );
} else {
  const child = spawnSync(process.execPath, [import.meta.filename, "--once", "--days", values.days], { encoding: "utf8" });
  const once = JSON.parse(child.stdout) as { seconds: number; cpuSeconds: number; rss: number; launches: number; terminations: number };
  console.log(
    `${values.days} days of 1000 instances, first in a process: ${once.seconds.toFixed(2)} s, ${once.cpuSeconds.toFixed(2)} s of processor time, ${once.launches} launches, ${once.terminations} terminations`,
  );
  console.log(`memory of that process, at most: ${Math.round(once.rss / 2 ** 20)} MiB`);
  for (let round = 0; round < 3; round++) large();
  const thousand = timed(large);
  const hundred = timed(() => simulate(fleetOf(100), wave(100), options));
  const rest = timed(() => simulate(fleetOf(1000), demand("constant:value=40000"), { ...options, initialSize: 1000 }));
  console.log(`the same again: ${thousand.cpuSeconds.toFixed(2)} s of processor time`);
  console.log(`a tenth of the instances: ${hundred.cpuSeconds.toFixed(2)} s`);
  console.log(`1000 instances at rest: ${rest.cpuSeconds.toFixed(2)} s`);
  const perMove = (1e6 * (thousand.cpuSeconds - rest.cpuSeconds)) / thousand.moves;
  console.log(`per launch or termination: ${perMove.toFixed(1)} µs`);
  const side = Math.ceil(Math.sqrt(Number(values.candidates)));
  const candidates = candidatesOf([
    { knob: "up", from: 60, to: 60 + side - 1, by: 1 },
    { knob: "down", from: 30, to: 30 + side - 1, by: 1 },
  ]).slice(0, Number(values.candidates));
  const started = performance.now();
  const before = process.cpuUsage();
  const figures = { capacityPerInstance: 100, keepPercent: 90, flapSeconds: 1800, pricePerHour: 0.1 };
  await runSearch({ fleet: fleetOf(1000), demand: wave(1000), options, figures }, candidates, () => undefined);
  const { user, system } = process.cpuUsage(before);
  console.log(
    `search over ${candidates.length} candidates on ${availableParallelism()} processors: ${((performance.now() - started) / 1000).toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of processor time`,
  );
}
