import { inParallel } from "./pool.ts";
import { handleMessage, type CoreDependencies } from "./core.ts";
import { batchLimit, settle, type QueueMessage, type QueuePort } from "./queue.ts";
import { logOutcome, Metrics, type Log } from "./report.ts";

export interface WorkerOptions {
  /** Messages worked on at the same time. */
  readonly concurrency: number;
  /** Seconds that a received message stays hidden: the queue's visibility time-out. */
  readonly visibilitySeconds: number;
  /** Seconds to wait for messages in one receive; default 20, the most that SQS allows. */
  readonly waitSeconds?: number;
  /** Ends when a receive brings nothing. */
  readonly once?: boolean;
}

export interface WorkerDependencies {
  readonly core: CoreDependencies;
  readonly queue: QueuePort;
  readonly log: Log;
  /** Where metric lines go. */
  readonly print: (line: string) => void;
  readonly namePrefix: string;
  readonly now: () => number;
}

/** Longest pause after receives that fail one after the other, milliseconds. */
const longestPauseMs = 30_000;
/** A receive brings ten messages and takes a few tens of milliseconds, as a removal does: one for so many places keeps them filled. */
const placesPerReceiver = 16;
/** How long a receive waits for places to become free, so that it brings ten messages and not one; a worker at its limit frees ten in less. */
const placesLingerMs = 50;
/** Deletions wait this long for company: SQS takes ten in one call. The places of what waits are free, and a stop waits for none. */
const deleteLingerMs = 100;

/**
 * The consumer as a process: receives, works on up to `concurrency` messages at once, keeps them hidden while it works,
 * deletes what is done. It holds no state that matters: a crash at any point leaves each message to come back.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #deps: WorkerDependencies;
  readonly #metrics: Metrics;
  readonly #stopping = new AbortController();
  readonly #inFlight = new Map<QueueMessage, Promise<void>>();
  #toDelete: QueueMessage[] = [];
  #deleteTimer: NodeJS.Timeout | undefined;
  #deleting: Promise<void> = Promise.resolve();
  #lastReceiveMs = 0;
  #failuresInARow = 0;
  /** Places that receives under way may fill. */
  #reserved = 0;
  /** Done when a place may have become free. */
  #freed = Promise.withResolvers<undefined>();
  /** The receiver that waits for places; the others queue behind it. */
  #gathering: Promise<unknown> = Promise.resolve();

  constructor(options: WorkerOptions, deps: WorkerDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#metrics = new Metrics(deps.namePrefix);
  }

  /** For a health check: what it is doing, and whether the queue answers. */
  get health(): { readonly ok: boolean; readonly inFlight: number; readonly failuresInARow: number; readonly lastReceiveMs: number } {
    return {
      ok: this.#failuresInARow < 5,
      inFlight: this.#inFlight.size,
      failuresInARow: this.#failuresInARow,
      lastReceiveMs: this.#lastReceiveMs,
    };
  }

  /** Stops receiving; `run` ends once the messages in hand are done. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Runs until `stop` (or, with `once`, until the queue is empty). */
  async run(): Promise<void> {
    const heartbeat = setInterval(() => void this.#keepHidden(), (this.#options.visibilitySeconds * 1000) / 3);
    const report = setInterval(() => this.#printMetrics(), 60_000);
    try {
      const receivers = Math.ceil(this.#options.concurrency / placesPerReceiver);
      await Promise.all(Array.from({ length: receivers }, () => this.#receiveLoop()));
      await Promise.all(this.#inFlight.values());
      await this.#flushDeletes();
    } finally {
      clearInterval(heartbeat);
      clearInterval(report);
      this.#printMetrics();
    }
  }

  async #receiveLoop(): Promise<void> {
    for (;;) {
      const places = await this.#reserve();
      if (places === 0) return;
      const messages = await this.#receive(places);
      this.#reserved -= places; // in one turn with the starts below, so that no other receiver sees the places free
      for (const message of messages ?? []) this.#start(message);
      this.#tellFreed();
      if (this.#options.once !== true || messages === undefined || messages.length > 0) continue;
      if (this.#inFlight.size === 0) return;
      await this.#freed.promise;
    }
  }

  /** Places for one receive, kept free for it; 0 after a stop. One receiver after the other, so that they do not share out what ten of one would fill. */
  #reserve(): Promise<number> {
    const places = this.#gathering.then(() => this.#gather());
    this.#gathering = places;
    return places;
  }

  /** Waits a moment for a whole batch, since every call to the queue costs the same. */
  async #gather(): Promise<number> {
    const { concurrency } = this.#options;
    const wanted = Math.min(batchLimit, concurrency);
    const linger: { over: boolean; until?: Promise<void> } = { over: false };
    while (!this.#stopping.signal.aborted) {
      const places = Math.min(wanted, concurrency - this.#inFlight.size - this.#reserved);
      if (places === wanted || (places > 0 && linger.over)) {
        this.#reserved += places;
        return places;
      }
      if (places > 0) linger.until ??= this.#pause(placesLingerMs).then(() => void (linger.over = true));
      await (linger.until === undefined ? this.#freed.promise : Promise.race([this.#freed.promise, linger.until]));
    }
    return 0;
  }

  #tellFreed(): void {
    this.#freed.resolve(undefined);
    this.#freed = Promise.withResolvers();
  }

  /** Undefined after a failure, once the pause is over. */
  async #receive(count: number): Promise<QueueMessage[] | undefined> {
    try {
      const wait = this.#options.once === true ? 0 : (this.#options.waitSeconds ?? 20);
      const messages = await this.#deps.queue.receive(count, wait, this.#stopping.signal);
      this.#failuresInARow = 0;
      this.#lastReceiveMs = this.#deps.now();
      return messages;
    } catch (error) {
      if (this.#stopping.signal.aborted) return undefined;
      this.#failuresInARow++;
      const pauseMs = Math.min(longestPauseMs, 250 * 2 ** this.#failuresInARow) * (0.5 + Math.random() / 2);
      this.#deps.log("error", "the queue does not answer", {
        error: String(error),
        failuresInARow: this.#failuresInARow,
        pauseMs: Math.round(pauseMs),
      });
      if (this.#options.once === true && this.#failuresInARow >= 5) throw error;
      await this.#pause(pauseMs);
      return undefined;
    }
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#stopping.signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#stopping.signal.addEventListener("abort", done);
    });
  }

  #start(message: QueueMessage): void {
    const work = this.#work(message).finally(() => {
      this.#inFlight.delete(message);
      this.#tellFreed();
    });
    this.#inFlight.set(message, work);
  }

  async #work(message: QueueMessage): Promise<void> {
    const startedAt = this.#deps.now();
    const outcome = await handleMessage(message, this.#deps.core);
    logOutcome(this.#deps.log, message, outcome, this.#deps.now() - startedAt);
    this.#metrics.add(message, outcome, this.#deps.now());
    if (this.#deps.core.dryRun) return;
    try {
      if ((await settle(message, outcome, this.#deps.queue)) === "delete") this.#deleteSoon(message);
    } catch (error) {
      this.#deps.log("warn", "the queue did not take the outcome; the message comes back", { messageId: message.id, error: String(error) });
    }
  }

  #deleteSoon(message: QueueMessage): void {
    this.#toDelete.push(message);
    if (this.#toDelete.length >= batchLimit) void this.#flushDeletes();
    else this.#deleteTimer ??= setTimeout(() => void this.#flushDeletes(), deleteLingerMs);
  }

  async #flushDeletes(): Promise<void> {
    clearTimeout(this.#deleteTimer);
    this.#deleteTimer = undefined;
    const batch = this.#toDelete;
    this.#toDelete = [];
    if (batch.length > 0) this.#deleting = Promise.all([this.#deleting, this.#delete(batch)]).then(() => undefined);
    await this.#deleting;
  }

  async #delete(batch: readonly QueueMessage[]): Promise<void> {
    try {
      await this.#deps.queue.remove(batch);
    } catch (error) {
      this.#deps.log("warn", "the queue kept messages that are done; they come back and are found done", {
        count: batch.length,
        error: String(error),
      });
    }
  }

  /** Hides the messages in hand anew; one that is no longer ours comes back, which does no harm. */
  async #keepHidden(): Promise<void> {
    await inParallel([...this.#inFlight.keys()], 10, (message) =>
      this.#deps.queue.returnAfter(message, this.#options.visibilitySeconds).catch(() => undefined),
    );
  }

  #printMetrics(): void {
    const line = this.#metrics.line(this.#deps.now());
    if (line !== undefined) this.#deps.print(line);
  }
}
