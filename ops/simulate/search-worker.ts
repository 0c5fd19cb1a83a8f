/** A thread of a search: simulates one candidate after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { figuresOf } from "../../scaling/simulate/figures.ts";
import { withCandidate, type Candidate } from "../../scaling/simulate/search.ts";
import { simulate } from "../../scaling/simulate/simulate.ts";
import type { SearchDone, SearchWork } from "./run-search.ts";

const { fleet, demand, options, figures } = workerData as SearchWork;

parentPort?.on("message", ({ index, candidate }: { readonly index: number; readonly candidate: Candidate }) => {
  const simulation = simulate(withCandidate(fleet, candidate), demand, options);
  const done: SearchDone = { index, figures: figuresOf(simulation, fleet.size.max, figures) };
  parentPort?.postMessage(done);
});
