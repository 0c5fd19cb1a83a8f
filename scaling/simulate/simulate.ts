/**
 * A fleet under a load, in virtual time: the model of Auto Scaling, the rules of alarms, and metrics that follow from demand and from what
 * serves. It is the same code as the local Auto Scaling service, so the two agree.
 */
import { AlarmRun } from "./alarm.ts";
import { SimulatedHost, simulatedGroup, simulatedSubnets, simulatedTemplate } from "./host.ts";
import { MetricRun } from "./metric.ts";
import { ownedAlarm, scheduledAction, stepAlarm, stepPolicy, targetPolicy, watchedMetrics } from "./policies.ts";
import type { SimulatedAlarm, Samples } from "./alarm.ts";
import type { Demand, SimulatedFleet, Simulation, SimulationOptions } from "./types.ts";

const minuteMs = 60_000;
/** Auto Scaling's default cooldown: before it is over a simple policy would not answer. */
const settlingMs = 300_000;

export function simulate(fleet: SimulatedFleet, demand: Demand, options: SimulationOptions): Simulation {
  return new Run(fleet, demand, options).run();
}

class Run {
  readonly #fleet: SimulatedFleet;
  readonly #demand: Demand;
  readonly #host: SimulatedHost;
  readonly #metrics = new Map<string, MetricRun>();
  readonly #alarms: AlarmRun[] = [];
  readonly #leftOut: string[] = [];
  #policy = "";

  constructor(fleet: SimulatedFleet, demand: Demand, options: SimulationOptions) {
    this.#fleet = fleet;
    this.#demand = demand;
    const launchMs = options.launchSeconds * 1000;
    const bootMs = Math.max(options.launchSeconds, fleet.bootSeconds) * 1000;
    const beforeMs = Math.ceil((bootMs + settlingMs) / minuteMs) * minuteMs;
    this.#host = new SimulatedHost({ startMs: demand.startMs - beforeMs, launchMs, bootMs, hook: options.launchHook });
    for (const name of watchedMetrics(fleet))
      this.#metrics.set(name, new MetricRun(options.metrics?.[name] ?? options.metric, options.capacityPerInstance, demand));
    this.#createGroup(options);
    this.#host.runUntil(demand.startMs);
    this.#host.beginCounting();
    this.#createPolicies();
  }

  #createGroup({ initialSize, launchHook }: SimulationOptions): void {
    const { size, bootSeconds } = this.#fleet;
    this.#host.do((model) =>
      model.createGroup({
        name: simulatedGroup,
        minSize: size.min,
        maxSize: size.max,
        desiredCapacity: initialSize ?? size.min,
        subnetIds: simulatedSubnets,
        ...simulatedTemplate,
        defaultInstanceWarmupSeconds: bootSeconds,
        terminationPolicies: ["OldestLaunchTemplate", "Default"],
        ...(launchHook
          ? { initialHooks: [{ name: "boot", transition: "autoscaling:EC2_INSTANCE_LAUNCHING", heartbeatTimeoutSeconds: 7200 }] }
          : {}),
      }),
    );
  }

  #createPolicies(): void {
    const { policies, predictive, schedules = [] } = this.#fleet.scaling;
    this.#host.onAlarm = (alarm) => this.#watch(ownedAlarm(alarm, this.#policy));
    for (const policy of policies) {
      const command = policy.kind === "step" ? stepPolicy(policy) : targetPolicy(policy);
      if (command === undefined) {
        this.#leftOut.push(`target tracking ${(policy as { name: string }).name}: it calculates its metric`);
        continue;
      }
      this.#policy = command.name;
      const { arn } = this.#host.do((model) => model.putScalingPolicy(command));
      if (policy.kind === "step") this.#watch(stepAlarm(policy, arn));
    }
    if (predictive !== undefined) this.#leftOut.push("predictive scaling: its forecast is AWS's own");
    for (const schedule of schedules) {
      const command = scheduledAction(schedule, this.#demand.startMs);
      if (command !== undefined) this.#host.do((model) => model.putScheduledAction(command));
    }
  }

  #watch(alarm: SimulatedAlarm): void {
    const metric = this.#metrics.get(alarm.metric);
    if (metric === undefined) throw new Error(`alarm ${alarm.name} watches ${alarm.metric}, which nobody measures`);
    this.#alarms.push(new AlarmRun(alarm, this.#samples(metric), this.#demand.startMs));
  }

  #samples({ values }: MetricRun): Samples {
    return { values, startMs: this.#demand.startMs, stepMs: this.#demand.stepSeconds * 1000 };
  }

  run(): Simulation {
    const { values, startMs, stepSeconds } = this.#demand;
    const desired = new Int32Array(values.length);
    const inService = new Int32Array(values.length);
    const serving = new Int32Array(values.length);
    for (let step = 0; step < values.length; step++) {
      this.#until(startMs + step * stepSeconds * 1000);
      desired[step] = this.#desired();
      inService[step] = this.#host.inService;
      serving[step] = this.#host.serving;
      for (const metric of this.#metrics.values()) metric.sample(step, values[step] ?? 0, this.#host.serving);
    }
    const endMs = startMs + values.length * stepSeconds * 1000;
    this.#until(endMs);
    return {
      startMs,
      stepSeconds,
      demand: values,
      metrics: Object.fromEntries([...this.#metrics].map(([name, metric]) => [name, metric.values])),
      desired,
      inService,
      serving,
      alarms: this.#alarms.map((alarm) => alarm.figures(endMs)),
      instanceSeconds: this.#host.billedSeconds(),
      launches: this.#host.launches,
      terminations: this.#host.terminations,
      leftOut: this.#leftOut,
    };
  }

  #until(nowMs: number): void {
    this.#host.runUntil(nowMs);
    for (const run of this.#alarms) {
      const told = run.evaluate(nowMs);
      if (told === undefined) continue;
      const { policyArn, name: alarmName, arn: alarmArn, threshold } = run.alarm;
      const breach = told.value === undefined ? {} : { metricValue: told.value };
      this.#host.do((model) => model.alarmAction({ policyArn, alarmName, alarmArn, state: "ALARM", threshold, ...breach }));
    }
    this.#host.runUntil(nowMs); // what takes no time
  }

  #desired(): number {
    return this.#host.model.sizes(simulatedGroup)?.desiredCapacity ?? 0;
  }
}
