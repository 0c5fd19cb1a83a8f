/**
 * A host in virtual time: it carries out the model's effects with latencies and failures that a test sets, and keeps
 * everything that it saw.
 */
import type { InstanceNotice, Notice } from "../../contract/notices.ts";
import { VirtualClock } from "../../scaling/clock.ts";
import { createModel } from "../../scaling/model.ts";
import type { ModelOptions, ModelSnapshot, ScalingModelApi } from "../../scaling/model-types.ts";
import type { CreateGroup } from "../../scaling/types/commands.ts";
import type { Effect, LaunchEffect } from "../../scaling/types/effects.ts";
import type { GroupView, InstanceView } from "../../scaling/types/views.ts";

export const seconds = (count: number) => count * 1000;
export const minutes = (count: number) => count * 60_000;
export const hours = (count: number) => count * 3_600_000;

export const startMs = Date.UTC(2026, 0, 1);
export const options: ModelOptions = { region: "eu-central-1", accountId: "123456789012", startMs };
export const topicArn = "arn:aws:sns:eu-central-1:123456789012:notices";

export interface Latencies {
  launchMs: number;
  runMs: number;
  terminateMs: number;
  stopMs: number;
  registerMs: number;
  drainMs: number;
}

/** What EC2 says to one launch: nothing = it works. */
export type LaunchFault = (effect: LaunchEffect) => { code: string; message: string } | undefined;

export class Host {
  readonly clock: VirtualClock;
  model: ScalingModelApi;
  readonly latencies: Latencies = { launchMs: 1000, runMs: 5000, terminateMs: 3000, stopMs: 4000, registerMs: 500, drainMs: 2000 };
  launchFault: LaunchFault = () => undefined;
  terminateFault: (instanceId: string) => { code: string; message: string } | undefined = () => undefined;
  /** Effects that only inform, and all others, in order. */
  readonly effects: Effect[] = [];
  /** EC2's view: state by instance. */
  readonly ec2 = new Map<string, string>();
  readonly terminateCalls = new Map<string, number>();
  #instanceCount = 0;
  #wakeAt: number | undefined;
  onStep: () => void = () => undefined;

  constructor(modelOptions: ModelOptions = options) {
    this.clock = new VirtualClock(modelOptions.startMs);
    this.model = createModel(modelOptions);
    for (const zone of ["a", "b", "c"]) this.model.setSubnet({ subnetId: `subnet-${zone}`, zone: `eu-central-1${zone}` });
    this.template("lt-1", "app", 1);
  }

  /** Reports a template with versions 1 to `latest`. */
  template(id: string, name: string, latest: number, defaultVersion = 1, instanceType = "m5.large"): void {
    const versions = Object.fromEntries(
      Array.from({ length: latest }, (_, index) => [index + 1, { instanceType, imageId: `ami-${index + 1}` }]),
    );
    this.model.setLaunchTemplate({ launchTemplateId: id, launchTemplateName: name, defaultVersion, latestVersion: latest, versions });
  }

  /** A command or fact at the present time, and then its effects. */
  do<Result>(act: (model: ScalingModelApi) => Result): Result {
    this.model.advance(this.clock.now());
    try {
      return act(this.model);
    } finally {
      this.carryOut();
    }
  }

  /** A group with sensible defaults. */
  create(input: Partial<CreateGroup> = {}): void {
    const launch = input.mixedInstancesPolicy === undefined ? { launchTemplate: { launchTemplateId: "lt-1", version: "1" } } : {};
    this.do((model) =>
      model.createGroup({
        name: "web",
        minSize: 0,
        maxSize: 10,
        subnetIds: ["subnet-a", "subnet-b", "subnet-c"],
        ...launch,
        ...input,
      }),
    );
  }

  /** Lets time pass; everything that falls due happens at its own time. */
  pass(milliseconds: number): void {
    const until = this.clock.now() + milliseconds;
    this.clock.advanceTo(until);
    this.model.advance(until);
    this.carryOut();
  }

  group(name = "web"): GroupView {
    const group = this.model.group(name);
    if (group === undefined) throw new Error(`there is no group ${name}`);
    return group;
  }

  instances(name = "web"): readonly InstanceView[] {
    return this.group(name).instances;
  }

  inService(name = "web"): InstanceView[] {
    return this.instances(name).filter((instance) => instance.lifecycleState === "InService");
  }

  only(): InstanceView {
    const [first, ...rest] = this.instances();
    if (first === undefined || rest.length > 0) throw new Error(`${rest.length + 1} instances where one was expected`);
    return first;
  }

  notices(): Notice[] {
    return this.effects.flatMap((effect) => (effect.kind === "publishNotice" ? [effect.notice] : []));
  }

  noticesOf(event: InstanceNotice["Event"]): InstanceNotice[] {
    return this.notices().filter((notice): notice is InstanceNotice => notice.Event === event);
  }

  events(detailType: string) {
    return this.effects.flatMap((effect) => (effect.kind === "putEvent" && effect.detailType === detailType ? [effect] : []));
  }

  ofKind<Kind extends Effect["kind"]>(kind: Kind): Extract<Effect, { kind: Kind }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { kind: Kind }> => effect.kind === kind);
  }

  statesByZone(name = "web"): Record<string, number> {
    const zones: Record<string, number> = {};
    for (const { zone } of this.inService(name)) zones[zone] = (zones[zone] ?? 0) + 1;
    return zones;
  }

  /** Goes on with a model made from a snapshot, as after a restart of the host. */
  restart(): void {
    const snapshot = JSON.parse(JSON.stringify(this.model.snapshot())) as ModelSnapshot;
    this.model = createModel({ ...options, startMs: this.clock.now() }, snapshot);
    this.#wakeAt = undefined;
    this.carryOut();
  }

  /** Something happens to an instance behind Auto Scaling's back. */
  ec2Changes(instanceId: string, state: "stopping" | "stopped" | "shutting-down" | "terminated" | "running"): void {
    this.ec2.set(instanceId, state);
    this.do((model) => model.instanceStateChanged({ instanceId, state }));
    if (state !== "shutting-down") return;
    this.later(this.latencies.terminateMs, (model) => {
      this.ec2.set(instanceId, "terminated");
      model.instanceStateChanged({ instanceId, state: "terminated" });
    });
  }

  private later(milliseconds: number, act: (model: ScalingModelApi) => void): void {
    this.clock.schedule(this.clock.now() + milliseconds, () => this.do(act));
  }

  private carryOut(): void {
    for (let taken = this.model.takeEffects(); taken.length > 0; taken = this.model.takeEffects()) {
      for (const effect of taken) {
        this.effects.push(effect);
        this.carryOutOne(effect);
      }
    }
    this.onStep();
    this.wakeWhenDue();
  }

  private wakeWhenDue(): void {
    const dueAt = this.model.nextDueAt();
    if (dueAt === undefined || (this.#wakeAt !== undefined && this.#wakeAt <= dueAt && this.#wakeAt > this.clock.now())) return;
    this.#wakeAt = dueAt;
    this.clock.schedule(dueAt, () => {
      this.#wakeAt = undefined;
      this.do(() => undefined);
    });
  }

  private carryOutOne(effect: Effect): void {
    switch (effect.kind) {
      case "launch":
        this.later(this.latencies.launchMs, () => this.launch(effect));
        break;
      case "terminate":
        for (const id of effect.instanceIds) this.terminate(id);
        break;
      case "stop":
        for (const id of effect.instanceIds) this.powerLater(id, this.latencies.stopMs, "stopped");
        break;
      case "start":
        for (const id of effect.instanceIds) this.powerLater(id, this.latencies.runMs, "running");
        break;
      case "registerTargets":
        for (const instanceId of effect.instanceIds) {
          this.later(this.latencies.registerMs, (model) =>
            model.targetHealthChanged({ instanceId, targetGroupArn: effect.targetGroupArn, state: "healthy" }),
          );
        }
        break;
      case "deregisterTargets":
        for (const instanceId of effect.instanceIds) {
          this.later(this.latencies.drainMs, (model) =>
            model.targetHealthChanged({ instanceId, targetGroupArn: effect.targetGroupArn, state: "unused" }),
          );
        }
        break;
      default:
        break;
    }
  }

  /** Stops or starts, unless the instance has gone meanwhile. */
  private powerLater(instanceId: string, milliseconds: number, state: "stopped" | "running"): void {
    this.later(milliseconds, (model) => {
      if (this.ec2.get(instanceId) === "shutting-down" || this.ec2.get(instanceId) === "terminated") return;
      this.ec2.set(instanceId, state);
      model.instanceStateChanged({ instanceId, state });
    });
  }

  private launch(effect: LaunchEffect): void {
    const fault = this.launchFault(effect);
    for (const activityId of effect.activityIds) {
      if (fault !== undefined) {
        this.do((model) => model.launchFailed({ activityId, ...fault }));
        continue;
      }
      const instanceId = `i-${(++this.#instanceCount).toString(16).padStart(17, "0")}`;
      this.ec2.set(instanceId, "pending");
      this.do((model) => model.instanceLaunched({ activityId, instanceId }));
      this.later(this.latencies.runMs, (model) => {
        if (this.ec2.get(instanceId) !== "pending") return;
        this.ec2.set(instanceId, "running");
        model.instanceStateChanged({ instanceId, state: "running" });
      });
    }
  }

  private terminate(instanceId: string): void {
    this.terminateCalls.set(instanceId, (this.terminateCalls.get(instanceId) ?? 0) + 1);
    const fault = this.terminateFault(instanceId);
    this.later(this.latencies.terminateMs, (model) => {
      if (fault !== undefined) {
        model.terminateFailed({ instanceId, ...fault });
        return;
      }
      this.ec2.set(instanceId, "terminated");
      model.instanceStateChanged({ instanceId, state: "terminated" });
    });
  }
}
