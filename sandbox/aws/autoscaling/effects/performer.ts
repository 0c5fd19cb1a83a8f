/** Carries out what the model wants done, each kind by its own function, and reports the outcome as facts. */
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../../../scaling/clock.ts";
import type { Effect } from "../../../../scaling/types/effects.ts";
import type { Fact, NumberedEffect } from "../host/host.ts";

/** What a performing function may use beside its effect. */
export interface Performance {
  /** The effect comes from an earlier process, or an attempt of this one ended without an answer: it may already be done. */
  readonly maybeDone: boolean;
  /** Reports facts before the effect is finished, so that a launch of many comes into service piece by piece. */
  readonly report: (facts: readonly Fact[]) => void;
}

type EffectOf<Kind extends Effect["kind"]> = Extract<Effect, { kind: Kind }>;

/** Each returns the facts that finish its effect; throws PartyAway when the party behind it gives no answer and it should be tried again. */
export type Performers = {
  readonly [Kind in Effect["kind"]]: (effect: EffectOf<Kind>, performance: Performance) => Promise<readonly Fact[]>;
};

/** The party gave no answer; the effect is tried again later. */
export class PartyAway extends Error {
  override name = "PartyAway";
}

export interface PerformerOptions {
  readonly clock: Clock;
  readonly performers: Performers;
  report(facts: readonly Fact[], done: readonly number[]): void;
  background(work: Promise<unknown>): void;
  log(line: string): void;
}

/** Notices of one instance stay in order; those of different instances go out side by side, so that a thousand take seconds. */
const noticeLanes = 8;
const firstRetryMs = 1000;
const longestRetryMs = 60_000;

/** Effects that are carried out as one. */
type Batch = [NumberedEffect, ...NumberedEffect[]];

interface Lane {
  work: Promise<void>;
  /** The last of the lane, as long as it has not begun. */
  waiting: Batch | undefined;
}

export class Performer {
  readonly #options: PerformerOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #cancellations = new Set<() => void>();
  #closed = false;

  constructor(options: PerformerOptions) {
    this.#options = options;
  }

  /**
   * Queues the effect behind the others of its lane; never acts before it returns. The model speaks of one instance at a time: what waits
   * side by side goes into one call, so that a thousand instances take seconds.
   */
  perform(effect: NumberedEffect): void {
    const lane = this.#lanes.get(laneOf(effect.effect));
    if (lane?.waiting !== undefined && belongTogether(lane.waiting[0], effect)) lane.waiting.push(effect);
    else this.#queue([effect], 0);
  }

  #queue(batch: Batch, attempt: number): void {
    const name = laneOf(batch[0].effect);
    const lane = this.#lanes.get(name) ?? { work: Promise.resolve(), waiting: undefined };
    this.#lanes.set(name, lane);
    lane.waiting = batch;
    const work = lane.work.then(() => {
      if (lane.waiting === batch) lane.waiting = undefined;
      return this.#try(batch, attempt);
    });
    lane.work = work;
    this.#options.background(
      work.finally(() => {
        if (lane.work === work) this.#lanes.delete(name);
      }),
    );
  }

  /** Nothing new begins; what is under way ends without being recorded, and the next process finds it in the journal. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#cancellations) cancel();
  }

  async #try(batch: Batch, attempt: number): Promise<void> {
    if (this.#closed) return;
    const effect = together(batch);
    const numbers = batch.map(({ number }) => number);
    const report = (facts: readonly Fact[], done: readonly number[]) => {
      if (!this.#closed) this.#options.report(facts, done);
    };
    try {
      const performance: Performance = { maybeDone: batch[0].inherited || attempt > 0, report: (facts) => report(facts, []) };
      const perform = this.#options.performers[effect.kind] as (effect: Effect, performance: Performance) => Promise<readonly Fact[]>;
      report(await perform(effect, performance), numbers);
    } catch (error) {
      if (error instanceof PartyAway) {
        this.#later(batch, attempt, error);
        return;
      }
      this.#options.log(`auto scaling: ${describe(effect)}: ${error instanceof Error ? error.message : String(error)}`);
      report([], numbers);
    }
  }

  #later(batch: Batch, attempt: number, error: PartyAway): void {
    const delayMs = Math.min(longestRetryMs, firstRetryMs * 2 ** attempt);
    this.#options.log(`auto scaling: ${describe(batch[0].effect)}: ${error.message}; again in ${delayMs / 1000} s`);
    const cancel = this.#options.clock.schedule(this.#options.clock.now() + delayMs, () => {
      this.#cancellations.delete(cancel);
      this.#queue(batch, attempt + 1);
    });
    this.#cancellations.add(cancel);
  }
}

/** The same for other instances. */
function belongTogether(one: NumberedEffect, other: NumberedEffect): boolean {
  if (one.inherited !== other.inherited || !("instanceIds" in one.effect) || !("instanceIds" in other.effect)) return false;
  return isDeepStrictEqual({ ...one.effect, instanceIds: [] }, { ...other.effect, instanceIds: [] });
}

function together(batch: Batch): Effect {
  const [{ effect }] = batch;
  if (!("instanceIds" in effect)) return effect;
  return { ...effect, instanceIds: batch.flatMap((one) => ("instanceIds" in one.effect ? one.effect.instanceIds : [])) };
}

/** Effects of one lane are done one after the other, in the model's order. */
function laneOf(effect: Effect): string {
  switch (effect.kind) {
    case "launch":
    case "terminate":
    case "stop":
    case "start":
    case "tagInstances":
      return `ec2 ${effect.group}`;
    case "registerTargets":
    case "deregisterTargets":
      return `targets ${effect.targetGroupArn}`;
    case "publishNotice":
      return `notices ${effect.group} ${sharedLane("EC2InstanceId" in effect.notice ? effect.notice.EC2InstanceId : "")}`;
    case "publishHookMessage":
      return `notices ${effect.group} ${sharedLane("EC2InstanceId" in effect.message ? effect.message.EC2InstanceId : "")}`;
    case "putEvent":
      return `events ${sharedLane(JSON.stringify(effect.detail["EC2InstanceId"] ?? ""))}`;
    case "putGroupMetrics":
      return `metrics ${effect.group}`;
    case "ensureAlarm":
      return `alarm ${effect.alarm.alarmName}`;
    case "deleteAlarm":
      return `alarm ${effect.alarmName}`;
  }
}

function sharedLane(id: string): number {
  let sum = 0;
  for (let index = 0; index < id.length; index++) sum += id.charCodeAt(index);
  return sum % noticeLanes;
}

const describe = (effect: Effect) => ("group" in effect ? `${effect.kind} of ${effect.group}` : effect.kind);
