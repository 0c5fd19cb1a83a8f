/** The state of a run under way, and the only one who writes it. */
import type { Checkpoint, CheckpointContent } from "./checkpoint.ts";
import { CheckpointWriter, sameContent } from "./checkpoint.ts";
import { renameReferences } from "./resource-state.ts";
import type { PendingOperation, ResourceState } from "./resource-state.ts";

export class Snapshot {
  /** What the run started with, as it stands now: replaced ones are marked, deleted ones gone. */
  readonly #base: Map<ResourceState, ResourceState>;
  /** What this run has dealt with, in the order in which it was done; dependencies stand before dependents. */
  readonly #done = new Map<string, ResourceState>();
  readonly #pending = new Set<PendingOperation>();
  readonly #writer: CheckpointWriter | undefined;
  #written: CheckpointContent = [];
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #dirty = false;
  #writing = false;
  #failure: Error | undefined;

  /** Without a file nothing is written: a preview. */
  constructor(checkpoint: Checkpoint, stateFile: string | undefined) {
    this.#base = new Map(checkpoint.resources.map((state) => [state, state]));
    for (const operation of checkpoint.pending) this.#pending.add(operation);
    if (stateFile === undefined) return;
    this.#writer = new CheckpointWriter(stateFile, checkpoint.crypter);
    if (checkpoint.exists) this.#written = this.#writer.content(checkpoint.resources, checkpoint.pending);
  }

  /** Dependencies first. */
  resources(): ResourceState[] {
    return [...this.#done.values(), ...this.#base.values()];
  }

  /** Writes down that the operation may happen from now on. */
  async begin(type: PendingOperation["type"], resource: ResourceState): Promise<PendingOperation> {
    const operation = { type, resource };
    this.#pending.add(operation);
    await this.commit();
    return operation;
  }

  end(operation: PendingOperation): void {
    this.#pending.delete(operation);
    this.#schedule();
  }

  /** `state` takes the place of `old`. */
  put(old: ResourceState | undefined, state: ResourceState): void {
    if (old !== undefined) this.#base.delete(old);
    this.#done.set(state.urn, state);
  }

  /** Lets what the run started with refer to a resource by its new URN. */
  rename(from: string, to: string): void {
    for (const [original, state] of this.#base) {
      const renamed = renameReferences(state, from, to);
      if (renamed !== state) this.#base.set(original, renamed);
    }
  }

  /** Changes what the run started with, in its place. */
  mark(old: ResourceState, state: ResourceState): void {
    if (this.#base.has(old)) this.#base.set(old, state);
  }

  /** What `old`, known from the beginning of the run, has become; undefined when it is gone or was put. */
  marked(old: ResourceState): ResourceState | undefined {
    return this.#base.get(old);
  }

  remove(old: ResourceState): void {
    this.#base.delete(old);
  }

  /** Resolves when what was changed up to now is on the disk; changes made meanwhile share the next write. */
  commit(): Promise<void> {
    if (this.#writer === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#schedule();
    });
  }

  /** The last write of a run; throws also what a write without a waiter met. */
  async finish(): Promise<void> {
    await this.commit();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #schedule(): void {
    this.#dirty = true;
    if (this.#writing || this.#writer === undefined) return;
    this.#writing = true;
    void this.#writeAll(this.#writer).finally(() => (this.#writing = false));
  }

  async #writeAll(writer: CheckpointWriter): Promise<void> {
    while (this.#dirty) {
      // One turn of the loop later, so that changes of the same moment share the write.
      await new Promise((resolve) => setImmediate(resolve));
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#dirty = false;
      try {
        const content = writer.content(this.resources(), this.#pending);
        if (!sameContent(content, this.#written)) await writer.write(content);
        this.#written = content;
        for (const one of waiting) one.resolve();
      } catch (error) {
        this.#failure ??= error as Error;
        for (const one of waiting) one.reject(error as Error);
      }
    }
  }
}
