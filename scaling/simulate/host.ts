/** EC2 in virtual time for one simulated group: carries out what the model wants, and counts what serves and what it costs. */
import { popDue, pushDue } from "../due-heap.ts";
import type { Due } from "../due-heap.ts";
import { createModel } from "../model.ts";
import type { ScalingModelApi } from "../model-types.ts";
import type { Effect, LaunchEffect, OwnedAlarm } from "../types/effects.ts";

/** EC2 bills by the second, and at least a minute: https://aws.amazon.com/ec2/pricing/on-demand/ */
const leastBilledMs = 60_000;
/** Nobody reads them afterwards, and a launch hook lasts two hours at most here. */
const activitiesKeptMs = 6 * 3_600_000;
const zones = ["a", "b", "c"];

export const simulatedGroup = "simulated";
const template = { launchTemplateId: "lt-simulated", launchTemplateName: "simulated" };
export const simulatedTemplate = { launchTemplate: { launchTemplateId: template.launchTemplateId, version: "1" } };
export const simulatedSubnets = zones.map((zone) => `subnet-${zone}`);

interface Pending extends Due {
  readonly happens: "running" | "booted";
  readonly instanceIds: readonly string[];
}

export interface HostOptions {
  readonly startMs: number;
  readonly launchMs: number;
  readonly bootMs: number;
  /** Whether a launch hook holds instances until they have booted. */
  readonly hook: boolean;
}

export class SimulatedHost {
  readonly model: ScalingModelApi;
  readonly #options: HostOptions;
  readonly #pending: Pending[] = [];
  readonly #runningSinceMs = new Map<string, number>();
  readonly #serving = new Set<string>();
  readonly #inService = new Set<string>();
  #order = 0;
  #nowMs: number;
  #billedMs = 0;
  launches = 0;
  terminations = 0;
  onAlarm: (alarm: OwnedAlarm) => void = () => undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#nowMs = options.startMs;
    const { startMs } = options;
    this.model = createModel({ region: "us-east-1", accountId: "123456789012", startMs, activitiesKeptMs });
    for (const zone of zones) this.model.setSubnet({ subnetId: `subnet-${zone}`, zone: `us-east-1${zone}` });
    this.model.setLaunchTemplate({ ...template, defaultVersion: 1, latestVersion: 1, versions: { 1: { instanceType: "m5.large" } } });
  }

  get inService(): number {
    return this.#inService.size;
  }
  /** In service and booted. */
  get serving(): number {
    return this.#serving.size;
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
      if (ownDueMs <= dueMs) this.#happen();
      this.#carryOut();
    }
    this.#nowMs = nowMs;
    this.model.advance(nowMs);
    this.#carryOut();
  }

  /** What EC2 bills until now. */
  billedSeconds(): number {
    let running = 0;
    for (const sinceMs of this.#runningSinceMs.values()) running += Math.max(leastBilledMs, this.#nowMs - sinceMs);
    return (this.#billedMs + running) / 1000;
  }

  /** Forgets what was billed and counted so far; what runs is billed from now on. */
  beginCounting(): void {
    this.#billedMs = 0;
    this.launches = 0;
    this.terminations = 0;
    for (const instanceId of this.#runningSinceMs.keys()) this.#runningSinceMs.set(instanceId, this.#nowMs);
  }

  #happen(): void {
    const due = popDue(this.#pending) as Pending;
    for (const instanceId of due.instanceIds) {
      if (!this.#runningSinceMs.has(instanceId)) continue; // gone meanwhile
      if (due.happens === "running") this.#run(instanceId);
      else this.#booted(instanceId);
    }
    if (due.happens === "running") this.#later(this.#options.bootMs - this.#options.launchMs, "booted", due.instanceIds);
  }

  #run(instanceId: string): void {
    this.model.instanceStateChanged({ instanceId, state: "running" });
    if (!this.#options.hook) this.#inService.add(instanceId);
  }

  #booted(instanceId: string): void {
    if (this.#options.hook) {
      this.model.completeLifecycleAction({ group: simulatedGroup, hook: "boot", instanceId, result: "CONTINUE" });
      this.#inService.add(instanceId);
    }
    this.#serving.add(instanceId);
  }

  #later(delayMs: number, happens: Pending["happens"], instanceIds: readonly string[]): void {
    pushDue(this.#pending, { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, happens, instanceIds });
  }

  #carryOut(): void {
    for (let effects = this.model.takeEffects(); effects.length > 0; effects = this.model.takeEffects()) {
      for (const effect of effects) this.#carryOutOne(effect);
    }
  }

  #carryOutOne(effect: Effect): void {
    if (effect.kind === "launch") this.#launch(effect);
    else if (effect.kind === "terminate") for (const instanceId of effect.instanceIds) this.#terminate(instanceId);
    else if (effect.kind === "ensureAlarm") this.onAlarm(effect.alarm);
  }

  #launch({ activityIds }: LaunchEffect): void {
    const instanceIds = activityIds.map((activityId) => {
      const instanceId = `i-${activityId}`;
      this.#runningSinceMs.set(instanceId, this.#nowMs);
      this.model.instanceLaunched({ activityId, instanceId });
      return instanceId;
    });
    this.launches += instanceIds.length;
    this.#later(this.#options.launchMs, "running", instanceIds);
  }

  /** EC2 stops billing when the termination begins. */
  #terminate(instanceId: string): void {
    const sinceMs = this.#runningSinceMs.get(instanceId) ?? this.#nowMs;
    this.#billedMs += Math.max(leastBilledMs, this.#nowMs - sinceMs);
    this.#runningSinceMs.delete(instanceId);
    this.#inService.delete(instanceId);
    this.#serving.delete(instanceId);
    this.terminations++;
    this.model.instanceStateChanged({ instanceId, state: "terminated" });
  }
}
