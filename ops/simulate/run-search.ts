/** All candidates of a search, over as many threads as the machine has processors. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { FigureOptions, Figures } from "../../scaling/simulate/figures.ts";
import type { Candidate, Outcome } from "../../scaling/simulate/search.ts";
import type { Demand, SimulatedFleet, SimulationOptions } from "../../scaling/simulate/types.ts";

/** What each thread gets; plain data. */
export interface SearchWork {
  readonly fleet: SimulatedFleet;
  readonly demand: Demand;
  readonly options: SimulationOptions;
  readonly figures: FigureOptions;
}

export interface SearchDone {
  readonly index: number;
  readonly figures: Figures;
}

export async function runSearch(work: SearchWork, candidates: readonly Candidate[], say: (done: number) => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  let done = 0;
  const thread = async () => {
    const worker = new Worker(new URL("search-worker.ts", import.meta.url), { workerData: work });
    try {
      while (next < candidates.length) {
        const index = next++;
        const candidate = candidates[index] ?? {};
        outcomes[index] = { candidate, figures: await ask(worker, index, candidate) };
        say(++done);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), candidates.length) }, thread));
  return outcomes;
}

function ask(worker: Worker, index: number, candidate: Candidate): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(error);
    const ended = (code: number) => reject(new Error(`a thread of the search ended with ${code}`));
    worker.once("error", failed).once("exit", ended);
    worker.once("message", ({ figures }: SearchDone) => {
      worker.off("error", failed).off("exit", ended);
      resolve(figures);
    });
    worker.postMessage({ index, candidate });
  });
}
