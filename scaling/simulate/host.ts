/** EC2 in virtual time for one simulated group: carries out what the model wants, and counts what serves and what it costs. */
import { popDue, pushDue } from "../due-heap.ts";
import { createModel } from "../model.ts";
import type { ScalingModelApi } from "../model-types.ts";
import type { Effect, LaunchEffect, OwnedAlarm, PutEventEffect } from "../types/effects.ts";
import type { Arrivals } from "./types.ts";
import { SimulatedInstance, type Pending } from "./instance.ts";

/** Nobody reads activities afterwards: beside the longest that one lasts a few minutes will do. */
const marginMs = 600_000;
const zones = ["a", "b", "c"];
const launchedEvent = "EC2 Instance Launch Successful";
const launchHookEvent = "EC2 Instance-launch Lifecycle Action";
const terminateHookEvent = "EC2 Instance-terminate Lifecycle Action";

export const simulatedGroup = "simulated";
export const launchHookName = "launch";
const template = { launchTemplateId: "lt-simulated", launchTemplateName: "simulated" };
export const simulatedTemplate = { launchTemplate: { launchTemplateId: template.launchTemplateId, version: "1" } };
export const simulatedSubnets = zones.map((zone) => `subnet-${zone}`);

export interface HostOptions {
  readonly startMs: number;
  /** From a launch, or a start out of the warm pool, to the state running. */
  readonly launchMs: number;
  /** From a launch to the end of booting. */
  readonly bootMs: number;
  /** From a start out of the warm pool to serving, of an instance that had booted before. */
  readonly warmMs: number;
  /** That a hook holds a departing instance; 0 = none. */
  readonly holdMs: number;
}

export class SimulatedHost {
  readonly model: ScalingModelApi;
  readonly #options: HostOptions;
  readonly #pending: Pending[] = [];
  readonly #instances = new Map<string, SimulatedInstance>();
  /** In service and still booting. */
  readonly #booting = new Set<string>();
  #arrivals = noArrivals();
  #order = 0;
  #nowMs: number;
  #billedMs = 0;
  launches = 0;
  terminations = 0;
  onAlarm: (alarm: OwnedAlarm) => void = () => undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#nowMs = options.startMs;
    const { startMs, bootMs, warmMs, holdMs } = options;
    const activitiesKeptMs = Math.max(bootMs, warmMs, holdMs) + marginMs;
    this.model = createModel({ region: "us-east-1", accountId: "123456789012", startMs, activitiesKeptMs, briefEvents: true });
    for (const zone of zones) this.model.setSubnet({ subnetId: `subnet-${zone}`, zone: `us-east-1${zone}` });
    this.model.setLaunchTemplate({ ...template, defaultVersion: 1, latestVersion: 1, versions: { 1: { instanceType: "m5.large" } } });
  }

  get inService(): number {
    return this.model.count(simulatedGroup, "InService");
  }
  /** In service and booted. */
  get serving(): number {
    return this.inService - this.#booting.size;
  }
  /** In the warm pool and running: prepared, or being prepared. */
  get warmRunning(): number {
    return this.model.count(simulatedGroup, "Warmed:Running", "Warmed:Pending", "Warmed:Pending:Wait", "Warmed:Pending:Proceed");
  }
  /** In the warm pool, stopped or hibernated. */
  get warmResting(): number {
    return this.model.count(simulatedGroup, "Warmed:Stopped", "Warmed:Hibernated");
  }
  /** What began to serve since the counting began. */
  get arrivals(): Arrivals {
    return this.#arrivals;
  }

  /** A command or fact now, and its effects. */
  do<Result>(act: (model: ScalingModelApi) => Result): Result {
    const result = act(this.model);
    this.#carryOut();
    return result;
  }

  /** Moves time; everything that falls due on the way happens at its own time. */
  runUntil(nowMs: number): void {
    for (;;) {
      const modelDueMs = this.model.nextDueAt() ?? Infinity;
      const ownDueMs = this.#pending[0]?.atMs ?? Infinity;
      const dueMs = Math.min(modelDueMs, ownDueMs);
      if (dueMs > nowMs) break;
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      this.model.advance(this.#nowMs);
      if (ownDueMs <= dueMs) this.#happen(popDue(this.#pending) as Pending);
      this.#carryOut();
    }
    this.#nowMs = nowMs;
    this.model.advance(nowMs);
    this.#carryOut();
  }

  /** What EC2 bills until now. */
  billedSeconds(): number {
    let running = 0;
    for (const instance of this.#instances.values()) running += instance.billedMs(this.#nowMs);
    return (this.#billedMs + running) / 1000;
  }

  /** Forgets what was billed and counted so far; what runs is billed from now on. */
  beginCounting(): void {
    this.#billedMs = 0;
    this.launches = 0;
    this.terminations = 0;
    this.#arrivals = noArrivals();
    for (const instance of this.#instances.values()) instance.beginCounting(this.#nowMs);
  }

  #happen(due: Pending): void {
    for (const instanceId of due.instanceIds) {
      const instance = this.#instances.get(instanceId);
      if (instance?.due !== due) continue; // gone or stopped meanwhile
      if (due.happens === "booted") {
        this.#booted(instanceId, instance);
      } else {
        instance.run(this.#nowMs);
        this.model.instanceStateChanged({ instanceId, state: "running" });
      }
    }
    if (due.happens === "running") this.#later(due.thenMs, { happens: "booted", instanceIds: due.instanceIds, thenMs: 0 });
  }

  #booted(instanceId: string, instance: SimulatedInstance): void {
    instance.boot();
    if (this.#booting.delete(instanceId)) this.#arrived(instance);
    this.#completeHook(instanceId, instance);
  }

  /** Nodes complete their launch hook when they have booted; one that rested running has. */
  #completeHook(instanceId: string, instance: SimulatedInstance): void {
    if (!instance.waits || !instance.ready) return;
    instance.waits = false;
    this.model.completeLifecycleAction({ group: simulatedGroup, hook: launchHookName, instanceId, result: "CONTINUE" });
  }

  #arrived(instance: SimulatedInstance): void {
    const kind = instance.warm ? "warm" : "cold";
    const { count, seconds } = this.#arrivals[kind];
    this.#arrivals[kind] = { count: count + 1, seconds: seconds + (this.#nowMs - instance.wantedMs) / 1000 };
    instance.wantedMs = NaN;
  }

  #later(delayMs: number, what: Pick<Pending, "happens" | "instanceIds" | "thenMs">): void {
    const due: Pending = { ...what, atMs: this.#nowMs + delayMs, order: this.#order++ };
    for (const instanceId of what.instanceIds) {
      const instance = this.#instances.get(instanceId);
      if (instance !== undefined && (what.happens === "running" || instance.isRunning)) instance.due = due;
    }
    pushDue(this.#pending, due);
  }

  #carryOut(): void {
    for (let effects = this.model.takeEffects(); effects.length > 0; effects = this.model.takeEffects()) {
      for (const effect of effects) this.#carryOutOne(effect);
    }
  }

  #carryOutOne(effect: Effect): void {
    switch (effect.kind) {
      case "launch":
        this.#launch(effect);
        break;
      case "terminate":
        for (const instanceId of effect.instanceIds) this.#terminate(instanceId);
        break;
      case "stop":
        for (const instanceId of effect.instanceIds) this.#stop(instanceId);
        break;
      case "start":
        for (const instanceId of effect.instanceIds) this.#start(instanceId);
        break;
      case "putEvent":
        this.#hear(effect);
        break;
      case "ensureAlarm":
        this.onAlarm(effect.alarm);
        break;
      default: // messages and targets: nobody listens
        break;
    }
  }

  #launch({ activityIds }: LaunchEffect): void {
    const { launchMs, bootMs } = this.#options;
    const instanceIds = activityIds.map((activityId) => {
      const instanceId = `i-${activityId}`;
      this.#instances.set(instanceId, new SimulatedInstance(this.#nowMs, bootMs - launchMs));
      this.model.instanceLaunched({ activityId, instanceId });
      return instanceId;
    });
    this.launches += instanceIds.length;
    this.#later(launchMs, { happens: "running", instanceIds, thenMs: bootMs - launchMs });
  }

  #terminate(instanceId: string): void {
    const instance = this.#instances.get(instanceId);
    this.#billedMs += instance?.billedMs(this.#nowMs) ?? 0;
    this.#instances.delete(instanceId);
    this.#booting.delete(instanceId);
    this.terminations++;
    this.model.instanceStateChanged({ instanceId, state: "terminated" });
  }

  /** Into the warm pool. Stopping takes EC2 a while, in which nothing is billed. */
  #stop(instanceId: string): void {
    const instance = this.#instances.get(instanceId);
    this.#billedMs += instance?.billedMs(this.#nowMs) ?? 0;
    instance?.stop(this.#nowMs);
    this.#booting.delete(instanceId);
    this.model.instanceStateChanged({ instanceId, state: "stopped" });
  }

  /** Out of the warm pool. What had not booted when it was stopped has to go on with that. */
  #start(instanceId: string): void {
    const { launchMs, warmMs } = this.#options;
    const instance = this.#instances.get(instanceId);
    if (instance === undefined) return;
    instance.wantedMs = this.#nowMs;
    this.#later(launchMs, { happens: "running", instanceIds: [instanceId], thenMs: Math.max(instance.bootLeftMs, warmMs - launchMs) });
  }

  /** Where an instance is on its way: what EventBridge is told. */
  #hear({ detailType, detail }: PutEventEffect): void {
    const instanceId = String(detail["EC2InstanceId"]);
    const instance = this.#instances.get(instanceId);
    if (instance === undefined) return;
    if (detail["Origin"] === "WarmPool" && detailType !== terminateHookEvent) {
      instance.warm = true;
      if (Number.isNaN(instance.wantedMs)) instance.wantedMs = this.#nowMs; // it has waited running: there was no start
    }
    if (detailType === launchedEvent) {
      if (detail["Destination"] === "WarmPool") instance.wantedMs = NaN;
      else if (instance.ready) this.#arrived(instance);
      else this.#booting.add(instanceId);
    } else if (detailType === launchHookEvent) {
      instance.waits = true;
      this.#completeHook(instanceId, instance);
    } else if (detailType === terminateHookEvent) {
      instance.waits = false;
      this.#booting.delete(instanceId);
    }
  }
}

const noArrivals = () => ({ cold: { count: 0, seconds: 0 }, warm: { count: 0, seconds: 0 } });
