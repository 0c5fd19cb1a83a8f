/**
 * A fleet under a load, in virtual time: the model of Auto Scaling, the rules of alarms, and metrics that follow from demand and from what
 * serves. It is the same code as the local Auto Scaling service, so the two agree.
 */
import { hookTransitions } from "../../contract/hooks.ts";
import type { OwnedAlarm } from "../types/effects.ts";
import { AlarmRun, type SimulatedAlarm } from "./alarm.ts";
import { launchHookName, SimulatedHost, simulatedGroup, simulatedSubnets, simulatedTemplate } from "./host.ts";
import { isCalculable, leftOut, terminationPolicies } from "./left-out.ts";
import { MathRun } from "./math.ts";
import { MetricRun } from "./metric.ts";
import { ownedAlarm, scheduledAction, stepAlarm, stepPolicy, targetPolicy, watchedGroupMetrics, watchedMetrics } from "./policies.ts";
import type { Samples } from "./samples.ts";
import type { Demand, SimulatedFleet, Simulation, SimulationOptions } from "./types.ts";

const minuteMs = 60_000;
/** Auto Scaling's default cooldown: before it is over a simple policy would not answer. */
const settlingMs = 300_000;
/** The longest that there is: nodes send heartbeats while they boot. */
const heartbeatSeconds = 7200;

export function simulate(fleet: SimulatedFleet, demand: Demand, options: SimulationOptions): Simulation {
  return new Run(fleet, demand, options).run();
}

class Run {
  readonly #fleet: SimulatedFleet;
  readonly #demand: Demand;
  readonly #host: SimulatedHost;
  /** By metric name: what follows from demand, and what the group publishes of itself. */
  readonly #metrics = new Map<string, MetricRun>();
  readonly #groupMetrics = new Map<ReturnType<typeof watchedGroupMetrics>[number], Float64Array>();
  readonly #math = new Map<string, MathRun>();
  readonly #alarms: AlarmRun[] = [];
  #policy = "";

  constructor(fleet: SimulatedFleet, demand: Demand, options: SimulationOptions) {
    this.#fleet = fleet;
    this.#demand = demand;
    const launchMs = options.launchSeconds * 1000;
    const bootMs = Math.max(options.launchSeconds, fleet.bootSeconds) * 1000;
    const warmMs = Math.max(options.launchSeconds, options.warmSeconds ?? 0) * 1000;
    const beforeMs = Math.ceil((bootMs + settlingMs) / minuteMs) * minuteMs;
    const holdMs = (fleet.terminateHook?.heartbeatSeconds ?? 0) * 1000;
    this.#host = new SimulatedHost({ startMs: demand.startMs - beforeMs, launchMs, bootMs, warmMs, holdMs });
    for (const name of watchedMetrics(fleet))
      this.#metrics.set(name, new MetricRun(options.metrics?.[name] ?? options.metric, options.capacityPerInstance, demand));
    for (const name of watchedGroupMetrics(fleet)) this.#groupMetrics.set(name, new Float64Array(demand.values.length).fill(NaN));
    this.#createGroup(options);
    this.#host.runUntil(demand.startMs);
    this.#host.beginCounting();
    this.#createPolicies();
  }

  #createGroup({ initialSize, launchHook }: SimulationOptions): void {
    const { size, bootSeconds, terminateHook, warmPool, groupOptions = {} } = this.#fleet;
    const hooks = [
      ...(launchHook ? [{ name: launchHookName, transition: hookTransitions.launch, heartbeatTimeoutSeconds: heartbeatSeconds }] : []),
      ...(terminateHook === undefined ? [] : [terminatingHook(terminateHook.heartbeatSeconds)]),
    ];
    this.#host.do((model) =>
      model.createGroup({
        name: simulatedGroup,
        minSize: size.min,
        maxSize: size.max,
        desiredCapacity: initialSize ?? size.min,
        subnetIds: simulatedSubnets,
        ...simulatedTemplate,
        defaultInstanceWarmupSeconds: bootSeconds,
        terminationPolicies: terminationPolicies(groupOptions) ?? ["OldestLaunchTemplate", "Default"],
        newInstancesProtectedFromScaleIn: groupOptions.protectFromScaleIn ?? false,
        initialHooks: hooks,
      }),
    );
    if (warmPool === undefined) return;
    const { state: poolState, min, maxPrepared, reuse: reuseOnScaleIn = false } = warmPool;
    const limits = {
      ...(min === undefined ? {} : { minSize: min }),
      ...(maxPrepared === undefined ? {} : { maxGroupPreparedCapacity: maxPrepared }),
    };
    this.#host.do((model) => model.putWarmPool({ group: simulatedGroup, poolState, reuseOnScaleIn, ...limits }));
  }

  #createPolicies(): void {
    const { policies, schedules = [] } = this.#fleet.scaling;
    this.#host.onAlarm = (alarm) => this.#watchOwned(alarm);
    for (const policy of policies) {
      if (!isCalculable(policy)) continue;
      const command = policy.kind === "step" ? stepPolicy(policy) : targetPolicy(policy);
      this.#policy = command.name;
      const { arn } = this.#host.do((model) => model.putScalingPolicy(command));
      if (policy.kind === "step") this.#watch(stepAlarm(policy, arn));
    }
    for (const schedule of schedules) {
      const command = scheduledAction(schedule, this.#demand.startMs);
      if (command !== undefined) this.#host.do((model) => model.putScheduledAction(command));
    }
  }

  #watch(alarm: SimulatedAlarm): void {
    this.#alarms.push(new AlarmRun(alarm, this.#samples(alarm.metric), this.#demand.startMs));
  }

  #watchOwned(owned: OwnedAlarm): void {
    const alarm = ownedAlarm(owned, this.#policy);
    if (owned.metrics === undefined) {
      this.#watch(alarm);
      return;
    }
    // High and low alarm calculate the same.
    const math =
      this.#math.get(alarm.metric) ?? new MathRun(owned.metrics, this.#samplesOf(this.#demand.values), (metric) => this.#samples(metric));
    this.#math.set(alarm.metric, math);
    this.#alarms.push(new AlarmRun(alarm, this.#samplesOf(math.values), this.#demand.startMs, math));
  }

  #samples(metric: string): Samples {
    const values = this.#metrics.get(metric)?.values ?? [...this.#groupMetrics].find(([name]) => name === metric)?.[1];
    if (values === undefined) throw new Error(`an alarm watches ${metric}, which nobody measures`);
    return this.#samplesOf(values);
  }

  #samplesOf(values: Float64Array): Samples {
    return { values, startMs: this.#demand.startMs, stepMs: this.#demand.stepSeconds * 1000 };
  }

  run(): Simulation {
    const { values, startMs, stepSeconds } = this.#demand;
    const sizes = new Sizes(values.length, this.#fleet.warmPool !== undefined);
    for (let step = 0; step < values.length; step++) {
      this.#host.runUntil(startMs + step * stepSeconds * 1000);
      this.#sampleGroup(step);
      this.#alarm(startMs + step * stepSeconds * 1000);
      const serving = sizes.sample(step, this.#host);
      this.#sample(step, values[step] ?? 0, serving);
    }
    const endMs = startMs + values.length * stepSeconds * 1000;
    this.#host.runUntil(endMs);
    this.#alarm(endMs);
    return {
      startMs,
      stepSeconds,
      demand: values,
      metrics: this.#measured(),
      ...sizes.series(),
      alarms: this.#alarms.map((alarm) => alarm.figures(endMs)),
      arrivals: this.#host.arrivals,
      instanceSeconds: this.#host.billedSeconds(),
      launches: this.#host.launches,
      terminations: this.#host.terminations,
      leftOut: leftOut(this.#fleet),
    };
  }

  /** The group publishes its metrics on the minute, before alarms are evaluated. */
  #sampleGroup(step: number): void {
    if (this.#groupMetrics.size === 0) return;
    const now = this.#host.model.groupMetrics(simulatedGroup);
    for (const [name, values] of this.#groupMetrics) values[step] = now?.[name] ?? NaN;
  }

  #sample(step: number, demand: number, serving: number): void {
    for (const metric of this.#metrics.values()) metric.sample(step, demand, serving);
    for (const math of this.#math.values()) math.sample(step);
  }

  #measured(): Record<string, Float64Array> {
    const measured = [...this.#metrics, ...this.#math].map(([name, { values }]) => [name, values] as const);
    return Object.fromEntries([...measured, ...this.#groupMetrics]);
  }

  /** Tells the policies what their alarms say now. */
  #alarm(nowMs: number): void {
    for (const run of this.#alarms) {
      const told = run.evaluate(nowMs);
      if (told === undefined) continue;
      const { policyArn, name: alarmName, arn: alarmArn, threshold } = run.alarm;
      const breach = told.value === undefined ? {} : { metricValue: told.value };
      this.#host.do((model) => model.alarmAction({ policyArn, alarmName, alarmArn, state: "ALARM", threshold, ...breach }));
    }
    this.#host.runUntil(nowMs); // what takes no time
  }
}

/** Held for the whole heartbeat, the longest that it can be: nobody here knows how soon a node is done. */
const terminatingHook = (heartbeatTimeoutSeconds: number) =>
  ({ name: "terminate", transition: hookTransitions.terminate, heartbeatTimeoutSeconds, defaultResult: "CONTINUE" }) as const;

/** Sizes at each step. */
class Sizes {
  readonly #desired: Int32Array;
  readonly #inService: Int32Array;
  readonly #serving: Int32Array;
  readonly #warmPool: { readonly running: Int32Array; readonly resting: Int32Array } | undefined;

  constructor(length: number, hasWarmPool: boolean) {
    this.#desired = new Int32Array(length);
    this.#inService = new Int32Array(length);
    this.#serving = new Int32Array(length);
    this.#warmPool = hasWarmPool ? { running: new Int32Array(length), resting: new Int32Array(length) } : undefined;
  }

  /** @returns how many serve. */
  sample(step: number, host: SimulatedHost): number {
    this.#desired[step] = host.model.sizes(simulatedGroup)?.desiredCapacity ?? 0;
    this.#inService[step] = host.inService;
    if (this.#warmPool !== undefined) {
      this.#warmPool.running[step] = host.warmRunning;
      this.#warmPool.resting[step] = host.warmResting;
    }
    return (this.#serving[step] = host.serving);
  }

  series(): Pick<Simulation, "desired" | "inService" | "serving" | "warmPool"> {
    const warmPool = this.#warmPool;
    const series = { desired: this.#desired, inService: this.#inService, serving: this.#serving };
    return warmPool === undefined ? series : { ...series, warmPool };
  }
}
