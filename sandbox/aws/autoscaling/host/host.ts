/**
 * The model with its surroundings: it is moved by the clock, everything that changes it goes through the journal, and what it wants done
 * is handed to a performer. Calls are synchronous, so changes of a group never interleave.
 */
import type { Clock } from "../../../../scaling/clock.ts";
import type { ScalingModelApi, ScalingModelCommands, ScalingModelFacts, ModelSnapshot } from "../../../../scaling/model-types.ts";
import type { Effect } from "../../../../scaling/types/effects.ts";
import { Journal } from "./journal.ts";

type Commands = ScalingModelCommands;
type Calls = ScalingModelCommands & ScalingModelFacts;

/** One command or fact, by name. */
export type Call = { [Name in keyof Calls]: readonly [name: Name, argument: Parameters<Calls[Name]>[0]] }[keyof Calls];
export type Fact = {
  [Name in keyof ScalingModelFacts]: readonly [name: Name, argument: Parameters<Calls[Name]>[0]];
}[keyof ScalingModelFacts];

/** An effect with the number under which the journal knows it. */
export interface NumberedEffect {
  readonly number: number;
  readonly effect: Effect;
  /** Left by an earlier process, which may or may not have begun it. */
  readonly inherited: boolean;
}

interface HostSnapshot {
  readonly model: ModelSnapshot;
  readonly nextNumber: number;
  readonly pending: readonly (readonly [number, Effect])[];
}

interface Entry {
  readonly atMs: number;
  readonly calls?: readonly Call[];
  /** Numbers of effects that are finished. */
  readonly done?: readonly number[];
}

/** After so many entries a snapshot is written: a replay stays under a second, and a snapshot of 1,000 instances takes some 20 ms. */
const usualEntriesPerSnapshot = 5000;

export interface HostOptions {
  readonly clock: Clock;
  readonly directory: string;
  /** A new model, or one from the snapshot of an earlier one. */
  makeModel(snapshot: ModelSnapshot | undefined): ScalingModelApi;
  perform(effect: NumberedEffect): void;
  /** Default: 5,000. */
  readonly entriesPerSnapshot?: number;
}

export class ModelHost {
  readonly model: ScalingModelApi;
  readonly #options: HostOptions;
  readonly #journal: Journal<HostSnapshot, Entry>;
  readonly #pending = new Map<number, Effect>();
  #nextNumber = 0;
  #started = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#journal = new Journal(options.directory);
    const { snapshot, entries } = this.#journal.open();
    this.model = options.makeModel(snapshot?.model);
    this.#nextNumber = snapshot?.nextNumber ?? 0;
    for (const [number, effect] of snapshot?.pending ?? []) this.#pending.set(number, effect);
    for (const entry of entries) this.#replay(entry);
    // The time at which the model began is part of its state.
    if (snapshot === undefined) this.#journal.compact(this.#snapshot());
  }

  #replay({ atMs, calls, done }: Entry): void {
    this.model.advance(atMs);
    for (const call of calls ?? []) this.#apply(call);
    this.#takeEffects();
    for (const number of done ?? []) this.#pending.delete(number);
  }

  /** Effects that an earlier process has not finished. */
  inherited(): readonly NumberedEffect[] {
    return [...this.#pending].map(([number, effect]) => ({ number, effect, inherited: true }));
  }

  /** From here on effects are performed and time moves the model. */
  start(): void {
    this.#started = true;
    for (const effect of this.inherited()) this.#options.perform(effect);
    this.#tick();
  }

  /** @throws AutoScalingError when the model refuses; nothing has changed then. */
  run<Name extends keyof Commands>(name: Name, argument: Parameters<Commands[Name]>[0]): ReturnType<Commands[Name]> {
    const advanced = this.#advance();
    try {
      const result = this.#apply([name, argument] as unknown as Call) as ReturnType<Commands[Name]>;
      this.#commit([[name, argument] as unknown as Call], [], advanced);
      return result;
    } catch (error) {
      this.#commit([], [], advanced);
      throw error;
    }
  }

  /** Facts about the world, and the effects that are finished with them, in one entry. */
  report(facts: readonly Fact[], done: readonly number[] = []): void {
    const advanced = this.#advance();
    for (const fact of facts) this.#apply(fact);
    this.#commit(facts, done, advanced);
  }

  close(): void {
    this.#cancelTimer?.();
    this.#started = false;
    this.#journal.compact(this.#snapshot());
    this.#journal.close();
  }

  #apply([name, argument]: Call): unknown {
    return (this.model[name] as (argument: unknown) => unknown).call(this.model, argument);
  }

  #advance(): NumberedEffect[] {
    this.model.advance(Math.floor(this.#options.clock.now()));
    return this.#takeEffects();
  }

  #commit(calls: readonly Call[], done: readonly number[], advanced: readonly NumberedEffect[]): void {
    const effects = [...advanced, ...this.#takeEffects()];
    const known = done.filter((number) => this.#pending.delete(number));
    if (calls.length > 0 || known.length > 0 || effects.length > 0) {
      this.#journal.append({
        atMs: this.model.now(),
        ...(calls.length > 0 && { calls }),
        ...(known.length > 0 && { done: known }),
      });
    }
    if (this.#journal.entries >= (this.#options.entriesPerSnapshot ?? usualEntriesPerSnapshot)) this.#journal.compact(this.#snapshot());
    if (!this.#started) return;
    for (const effect of effects) this.#options.perform(effect);
    this.#arm();
  }

  #takeEffects(): NumberedEffect[] {
    return this.model.takeEffects().map((effect) => {
      const number = this.#nextNumber++;
      this.#pending.set(number, effect);
      return { number, effect, inherited: false };
    });
  }

  #tick(): void {
    this.#commit([], [], this.#advance());
  }

  #arm(): void {
    this.#cancelTimer?.();
    const dueAt = this.model.nextDueAt();
    this.#cancelTimer = dueAt === undefined ? undefined : this.#options.clock.schedule(dueAt, () => this.#tick());
  }

  #snapshot(): HostSnapshot {
    return { model: this.model.snapshot(), nextNumber: this.#nextNumber, pending: [...this.#pending] };
  }
}
