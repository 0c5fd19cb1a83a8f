import { popDue, pushDue } from "./due-heap.ts";
import type { Due } from "./due-heap.ts";

/**
 * Time as a port. Everything that waits takes a clock, so that the same scenario runs in real time, sped up, or
 * stepped by a test, with the same outcome. Times are milliseconds since 1970, UTC.
 */
export interface Clock {
  now(): number;
  /** Runs `action` once at `atMs` (at once when that has passed); the result cancels it. */
  schedule(atMs: number, action: () => void): () => void;
}

/** `setTimeout` fires at once for delays over 2^31 - 1 ms; longer waits are cut into pieces. */
const longestTimeoutMs = 2 ** 31 - 1;

/** The machine's clock, or one that runs `speed` times as fast from the moment of its creation. */
export class RealClock implements Clock {
  readonly #speed: number;
  readonly #startedAt: number;

  /** @param speed virtual seconds per real second, more than 0; 1 = real time. */
  constructor(speed = 1) {
    if (!(speed > 0 && Number.isFinite(speed))) throw new RangeError(`speed is ${speed}; it must be a number greater than 0`);
    this.#speed = speed;
    this.#startedAt = Date.now();
  }

  now(): number {
    return this.#startedAt + (Date.now() - this.#startedAt) * this.#speed;
  }

  schedule(atMs: number, action: () => void): () => void {
    let timer: NodeJS.Timeout;
    const arm = () => {
      const delay = Math.max(0, Math.ceil((atMs - this.now()) / this.#speed));
      timer = setTimeout(fire, Math.min(delay, longestTimeoutMs));
    };
    const fire = () => (this.now() < atMs ? arm() : action()); // a timeout may be early by a millisecond, or was cut
    arm();
    return () => clearTimeout(timer);
  }
}

interface Entry extends Due {
  readonly action: () => void;
  cancelled: boolean;
}

/** A clock that stands still until a test or simulation moves it; actions due at one time run in the order of their scheduling. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #entries: Entry[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  schedule(atMs: number, action: () => void): () => void {
    const entry = { atMs: Math.max(atMs, this.#now), order: this.#order++, action, cancelled: false };
    pushDue(this.#entries, entry);
    return () => {
      entry.cancelled = true;
    };
  }

  /** Moves to `atMs` and runs everything that falls due on the way, what it schedules included. */
  advanceTo(atMs: number): void {
    for (let next = this.#entries[0]; next !== undefined && next.atMs <= atMs; next = this.#entries[0]) {
      popDue(this.#entries);
      if (next.cancelled) continue;
      this.#now = next.atMs;
      next.action();
    }
    this.#now = Math.max(this.#now, atMs);
  }

  advanceBy(milliseconds: number): void {
    this.advanceTo(this.#now + milliseconds);
  }
}
