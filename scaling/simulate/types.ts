/** What a simulation is given and what comes of it. Times are milliseconds since 1970, UTC; a series has one value per step. */
import type { FleetOutput } from "../../contract/fleets-output.ts";

/** What the stack says of a fleet; its output `fleets` has all of it. */
export type SimulatedFleet = Pick<
  FleetOutput,
  "size" | "bootSeconds" | "launchHook" | "terminateHook" | "warmPool" | "mixedInstances" | "groupOptions" | "scaling"
>;

/**
 * How demand becomes the value of a metric. Demand is in whatever unit the load has, requests per second for example.
 * - `utilization`: idle + 100 × demand / (serving × capacity), at most `max`: processor time of a load that is spread evenly.
 *   No data while nothing serves.
 * - `total`: the demand itself, whatever serves.
 * - `per-instance`: demand / serving, such as a load balancer's requests per target. No data while nothing serves.
 * - `backlog`: work that waits: it grows by demand and shrinks by serving × capacity, both per second.
 */
export type MetricModel =
  | { readonly kind: "utilization"; readonly idle: number; readonly max: number }
  | { readonly kind: "total" }
  | { readonly kind: "per-instance" }
  | { readonly kind: "backlog" };

export interface Demand {
  /** One value per step, 0 or more. */
  readonly values: Float64Array;
  readonly stepSeconds: number;
  readonly startMs: number;
}

export interface SimulationOptions {
  /** Demand that one serving instance carries, in the load's unit. */
  readonly capacityPerInstance: number;
  /** For every metric that has none of its own. */
  readonly metric: MetricModel;
  /** By metric name, for a fleet that scales on several. */
  readonly metrics?: Readonly<Record<string, MetricModel>>;
  /** Default: the fleet's minimum. */
  readonly initialSize?: number;
  /** From launch to the state running. */
  readonly launchSeconds: number;
  /** From a start out of the warm pool to serving, of an instance that had booted before. Default: `launchSeconds`. */
  readonly warmSeconds?: number;
  /** Whether a launch hook holds instances until they have booted; without one they are in service as soon as they run. */
  readonly launchHook: boolean;
}

export interface AlarmFigures {
  readonly name: string;
  readonly metric: string;
  readonly direction: "above" | "below";
  readonly threshold: number;
  /** Time in which the metric was at or beyond the threshold. */
  readonly secondsBeyond: number;
  /** Time in the state ALARM. */
  readonly secondsInAlarm: number;
}

/** How many began to serve, and how long after they were asked to that was, summed up. */
export interface Arrivals {
  /** Launched for it. */
  cold: { readonly count: number; readonly seconds: number };
  /** Out of the warm pool. */
  warm: { readonly count: number; readonly seconds: number };
}

export interface Simulation {
  readonly startMs: number;
  readonly stepSeconds: number;
  readonly demand: Float64Array;
  /** By metric name; NaN where there are no data. */
  readonly metrics: Readonly<Record<string, Float64Array>>;
  readonly desired: Int32Array;
  readonly inService: Int32Array;
  /** In service and booted. */
  readonly serving: Int32Array;
  /** In the warm pool, by state; absent without one. */
  readonly warmPool?: { readonly running: Int32Array; readonly resting: Int32Array };
  readonly alarms: readonly AlarmFigures[];
  readonly arrivals: Readonly<Arrivals>;
  /** From running to terminated, at least a minute each: what EC2 bills. https://aws.amazon.com/ec2/pricing/on-demand/ */
  readonly instanceSeconds: number;
  readonly launches: number;
  readonly terminations: number;
  /** What of the fleet's settings was left out. */
  readonly leftOut: readonly string[];
}
