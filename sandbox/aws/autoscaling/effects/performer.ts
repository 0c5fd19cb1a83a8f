/** Carries out what the model wants done, each kind by its own function, and reports the outcome as facts. */
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

export class Performer {
  readonly #options: PerformerOptions;
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #cancellations = new Set<() => void>();
  #closed = false;

  constructor(options: PerformerOptions) {
    this.#options = options;
  }

  /** Queues the effect behind the others of its lane; never acts before it returns. */
  perform(effect: NumberedEffect, attempt = 0): void {
    const lane = laneOf(effect.effect);
    const work = (this.#lanes.get(lane) ?? Promise.resolve()).then(() => this.#try(effect, attempt));
    this.#lanes.set(lane, work);
    this.#options.background(
      work.finally(() => {
        if (this.#lanes.get(lane) === work) this.#lanes.delete(lane);
      }),
    );
  }

  /** Nothing new begins; what is under way ends without being recorded, and the next process finds it in the journal. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#cancellations) cancel();
  }

  async #try(numbered: NumberedEffect, attempt: number): Promise<void> {
    if (this.#closed) return;
    const report = (facts: readonly Fact[], done: readonly number[]) => {
      if (!this.#closed) this.#options.report(facts, done);
    };
    try {
      const performance: Performance = { maybeDone: numbered.inherited || attempt > 0, report: (facts) => report(facts, []) };
      const perform = this.#options.performers[numbered.effect.kind] as (
        effect: Effect,
        performance: Performance,
      ) => Promise<readonly Fact[]>;
      report(await perform(numbered.effect, performance), [numbered.number]);
    } catch (error) {
      if (error instanceof PartyAway) {
        this.#later(numbered, attempt, error);
        return;
      }
      this.#options.log(`auto scaling: ${describe(numbered.effect)}: ${error instanceof Error ? error.message : String(error)}`);
      report([], [numbered.number]);
    }
  }

  #later(numbered: NumberedEffect, attempt: number, error: PartyAway): void {
    const delayMs = Math.min(longestRetryMs, firstRetryMs * 2 ** attempt);
    this.#options.log(`auto scaling: ${describe(numbered.effect)}: ${error.message}; again in ${delayMs / 1000} s`);
    const cancel = this.#options.clock.schedule(this.#options.clock.now() + delayMs, () => {
      this.#cancellations.delete(cancel);
      this.perform(numbered, attempt + 1);
    });
    this.#cancellations.add(cancel);
  }
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
