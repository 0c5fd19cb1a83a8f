/**
 * Load, as the metric that the fleet's alarms watch: published once and again as the service that measures it would. The alarms see it,
 * evaluate it and act by themselves.
 */
import type { FleetOutput, StepPolicyOutput } from "../../contract/fleets-output.ts";
import type { LocalAws } from "../aws/lifetime.ts";
import { StoryError } from "./narrator.ts";

export type Level = "high" | "low";

interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Twice in each period, so that none is without a value. */
const valuesPerPeriod = 2;
/** A third of a second is quick enough for any sensible speed, and no burden. */
const shortestPauseMs = 100;

/** Clearly beyond a threshold, whatever its size. */
const above = (threshold: number) => threshold + Math.max(1, Math.abs(threshold) * 0.2);
const below = (threshold: number) => threshold - Math.max(1, Math.abs(threshold) * 0.5);

export interface StepPair {
  readonly up: StepPolicyOutput;
  readonly down: StepPolicyOutput;
}

/** The fleet's step policies; the story needs one in each direction. */
export function stepPair(fleet: FleetOutput): StepPair {
  const steps = fleet.scaling.policies.filter((policy) => policy.kind === "step");
  const up = steps.find(({ direction }) => direction === "up");
  const down = steps.find(({ direction }) => direction === "down");
  if (up === undefined || down === undefined)
    throw new StoryError(`fleet ${fleet.name} has no step policy in both directions; the story needs one up and one down`);
  return { up, down };
}

export class Load {
  readonly #aws: LocalAws;
  readonly #group: string;
  readonly #pair: StepPair;
  readonly #pauseMs: number;
  #timer: NodeJS.Timeout | undefined;
  #level: Level = "low";
  fault: Error | undefined;

  /** @param speed virtual seconds per second */
  constructor(aws: LocalAws, group: string, pair: StepPair, speed: number) {
    this.#aws = aws;
    this.#group = group;
    this.#pair = pair;
    const periodSeconds = Math.min(pair.up.periodSeconds, pair.down.periodSeconds);
    this.#pauseMs = Math.max(shortestPauseMs, (periodSeconds * 1000) / speed / valuesPerPeriod);
  }

  /** The value that stands for a level, for telling it. */
  value(level: Level): number {
    return level === "high" ? above(this.#pair.up.threshold) : below(this.#pair.down.threshold);
  }

  /** From now on, until another level or `close`. */
  set(level: Level): void {
    this.#level = level;
    clearTimeout(this.#timer);
    void this.#publish();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #publish(): Promise<void> {
    this.#timer = setTimeout(() => void this.#publish(), this.#pauseMs);
    const { up, down } = this.#pair;
    const value = this.value(this.#level);
    // Two different metrics: the other one stays where its own alarm is off.
    const calm = this.#level === "high" ? above(down.threshold) : below(up.threshold);
    const same = JSON.stringify(this.#metric(up)) === JSON.stringify(this.#metric(down));
    const other = this.#level === "high" ? down : up;
    try {
      await this.#put(this.#metric(this.#level === "high" ? up : down), value);
      if (!same) await this.#put(this.#metric(other), calm);
    } catch (error) {
      this.fault = error as Error;
    }
  }

  #metric({ metric }: StepPolicyOutput): Metric {
    return { namespace: metric.namespace, name: metric.name, dimensions: metric.dimensions ?? { AutoScalingGroupName: this.#group } };
  }

  async #put(metric: Metric, value: number): Promise<void> {
    const answer = await fetch(`${this.#aws.endpoint}/_fleet/metrics`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...metric, value }),
      signal: AbortSignal.timeout(5_000),
    });
    if (!answer.ok) throw new StoryError(`the local AWS refuses the metric ${metric.name}: ${await answer.text()}`);
  }
}
