/** Other thresholds for the same fleet, and which of them keeps the objective at the least cost. */
import type { Figures } from "./figures.ts";
import type { SimulatedFleet } from "./types.ts";

/** What is varied: the threshold of the first policy in a direction, or the target of the first target tracking. */
export type Knob = "up" | "down" | "target";

export type Candidate = Readonly<Partial<Record<Knob, number>>>;

export interface Range {
  readonly knob: Knob;
  readonly from: number;
  readonly to: number;
  readonly by: number;
}

/** More take longer than anybody waits. */
export const mostCandidates = 5000;

/** All combinations that leave room between up and down. */
export function candidatesOf(ranges: readonly Range[]): Candidate[] {
  let all: Candidate[] = [{}];
  for (const { knob, from, to, by } of ranges) {
    const count = Math.floor((to - from) / by + 1e-9) + 1;
    // Counted from the beginning, so that steps of 0.1 do not add up their errors.
    const values = Array.from({ length: count }, (_, index) => Number((from + index * by).toPrecision(12)));
    all = all.flatMap((candidate) => values.map((value) => ({ ...candidate, [knob]: value })));
  }
  return all.filter(({ up = Infinity, down = -Infinity }) => down < up);
}

/** The fleet with a candidate's thresholds. */
export function withCandidate(fleet: SimulatedFleet, candidate: Candidate): SimulatedFleet {
  const done = new Set<Knob>();
  const policies = fleet.scaling.policies.map((policy) => {
    const knob: Knob = policy.kind === "target" ? "target" : policy.direction;
    const value = candidate[knob];
    if (value === undefined || done.has(knob)) return policy;
    done.add(knob);
    return policy.kind === "target" ? { ...policy, target: value } : { ...policy, threshold: value };
  });
  return { ...fleet, scaling: { ...fleet.scaling, policies } };
}

export interface Outcome {
  readonly candidate: Candidate;
  readonly figures: Figures;
}

/** Those that keep the objective, the cheapest first; of equal cost the calmer. */
export function rank(outcomes: readonly Outcome[], keptPercent: number): Outcome[] {
  return outcomes
    .filter(({ figures }) => figures.keptPercent >= keptPercent)
    .toSorted(
      ({ figures: one }, { figures: other }) =>
        one.instanceHours - other.instanceHours || one.flaps - other.flaps || other.keptPercent - one.keptPercent,
    );
}

/** Knobs that the fleet has. */
export const knobsOf = ({ scaling }: SimulatedFleet): Knob[] => [
  ...new Set(scaling.policies.map((policy): Knob => (policy.kind === "target" ? "target" : policy.direction))),
];
