/** One simulated instance: whether it runs, what of its boot is left, since when it is billed. */
import type { Due } from "../due-heap.ts";

/** EC2 bills by the second while an instance runs, and at least a minute for each start: https://aws.amazon.com/ec2/pricing/on-demand/ */
const leastBilledMs = 60_000;

export interface Pending extends Due {
  readonly happens: "running" | "booted";
  readonly instanceIds: readonly string[];
  /** From running to booted. */
  readonly thenMs: number;
}

export class SimulatedInstance {
  /** When it was asked to serve: launched, or taken out of the warm pool; NaN while nobody asks. */
  wantedMs: number;
  /** Came through the warm pool. */
  warm = false;
  /** A launch hook holds it. */
  waits = false;
  /** Runs and has booted. */
  ready = false;
  bootLeftMs: number;
  /** What happens to it next; anything else that was planned is void. */
  due: Pending | undefined = undefined;
  #runningSinceMs = NaN;
  #billedSinceMs = NaN;

  constructor(nowMs: number, bootLeftMs: number) {
    this.wantedMs = nowMs;
    this.bootLeftMs = bootLeftMs;
  }

  get isRunning(): boolean {
    return !Number.isNaN(this.#runningSinceMs);
  }

  run(nowMs: number): void {
    this.#runningSinceMs = nowMs;
    this.#billedSinceMs = nowMs;
  }

  boot(): void {
    this.ready = true;
    this.bootLeftMs = 0;
    this.due = undefined;
  }

  /** Interrupts a boot; it goes on from there at the next start. */
  stop(nowMs: number): void {
    if (this.isRunning) this.bootLeftMs = Math.max(0, this.bootLeftMs - (nowMs - this.#runningSinceMs));
    this.ready = false;
    this.waits = false;
    this.due = undefined;
    this.wantedMs = NaN;
    this.#runningSinceMs = NaN;
  }

  /** What EC2 bills for this start until now. */
  billedMs(nowMs: number): number {
    return this.isRunning ? Math.max(leastBilledMs, nowMs - this.#billedSinceMs) : 0;
  }

  /** Whatever ran before is not counted. */
  beginCounting(nowMs: number): void {
    this.#billedSinceMs = nowMs;
  }
}
