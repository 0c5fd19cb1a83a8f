import type { Effect } from "./types/effects.ts";
import type { ModelOptions } from "./model-types.ts";
import type { ActivityState, GroupState, InstanceState, ModelState, Timer, TimerKind } from "./state.ts";
import { popDue, pushDue } from "./due-heap.ts";
import { uuidOf } from "./uuid.ts";
import { validationError } from "./error.ts";

const sixWeeksMs = 42 * 86_400_000;

/** The state together with the few things every rule needs: time, ids, effects, timers, and who must be looked at again. */
export class Core {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly activitiesKeptMs: number;
  readonly briefEvents: boolean;
  readonly state: ModelState;
  readonly #makeId: (sequence: number) => string;
  #effects: Effect[];
  /** Groups whose capacity may have to change. */
  readonly #touched = new Set<GroupState>();
  /** Derived, not part of the snapshot. */
  readonly instances = new Map<string, InstanceState>();
  readonly activities = new Map<string, ActivityState>();

  constructor(options: ModelOptions, state: ModelState) {
    this.partition = options.partition ?? "aws";
    this.region = options.region;
    this.accountId = options.accountId;
    this.activitiesKeptMs = options.activitiesKeptMs ?? sixWeeksMs;
    this.briefEvents = options.briefEvents ?? false;
    this.#makeId = options.makeId ?? uuidOf;
    this.state = state;
    this.#effects = [...state.effects];
    for (const activity of state.pastActivities) this.activities.set(activity.id, activity);
    for (const group of state.groups.values()) {
      for (const activity of group.activities) this.activities.set(activity.id, activity);
      for (const instance of group.instances.values()) this.instances.set(instance.id, instance);
    }
  }

  get nowMs(): number {
    return this.state.nowMs;
  }

  newId(): string {
    return this.#makeId(this.state.idCount++);
  }

  /** `arn:aws:autoscaling:<region>:<account>:<resource>` */
  arn(resource: string): string {
    return `arn:${this.partition}:autoscaling:${this.region}:${this.accountId}:${resource}`;
  }

  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  takeEffects(): Effect[] {
    const taken = this.#effects;
    this.#effects = [];
    return taken;
  }

  /** The state with the effects that nobody has taken yet. */
  completeState(): ModelState {
    return { ...this.state, effects: this.#effects };
  }

  schedule(atMs: number, kind: TimerKind, group: string, ref = ""): void {
    pushDue(this.state.timers, { atMs, order: this.state.timerCount++, kind, group, ref });
  }

  /** The earliest timer due by `untilMs`, taken out. */
  takeTimer(untilMs: number): Timer | undefined {
    const first = this.state.timers[0];
    return first === undefined || first.atMs > untilMs ? undefined : popDue(this.state.timers);
  }

  /** Has the group's capacity looked at before the current command, fact or timer ends. */
  touch(group: GroupState): void {
    this.#touched.add(group);
  }

  takeTouched(): GroupState | undefined {
    for (const group of this.#touched) {
      this.#touched.delete(group);
      return group;
    }
    return undefined;
  }

  /** @throws AutoScalingError when there is no such group. */
  group(name: string): GroupState {
    const group = this.state.groups.get(name);
    if (group === undefined) throw validationError(`AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`);
    return group;
  }

  groupOf(instance: InstanceState): GroupState {
    const group = this.state.groups.get(instance.group);
    if (group === undefined) throw new Error(`instance ${instance.id} outlived its group ${instance.group}`);
    return group;
  }
}
