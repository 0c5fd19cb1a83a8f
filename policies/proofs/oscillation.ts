/**
 * Proves that two alarms on one metric never send a group to and fro: for every size, every metric value at which an
 * alarm acts, and every step, the size and metric that follow must not set off the opposite alarm.
 *
 * Assumed: the metric is an average over the instances and the load is constant, so that size times metric stays the same.
 * Within one step the metric that follows rises with the metric before, so that the ends of each interval decide.
 */
import { selectStep, sizeAfterStep, type CapacityLimits, type StepPolicyArithmetic } from "../../scaling/adjustment.ts";

export interface Trigger {
  readonly alarm: string;
  /** Side of the threshold on which the alarm is on, and whether the threshold itself belongs to it. */
  readonly side: "above" | "below";
  readonly inclusive: boolean;
  readonly threshold: number;
  readonly policy: StepPolicyArithmetic;
  /**
   * How often the policy acts before its instances serve: 1 when the warm-up covers the boot, else once more for each
   * warm-up or alarm period that passes while they still boot.
   */
  readonly repeats: number;
}

export interface Scaling {
  readonly limits: CapacityLimits;
  readonly out: Trigger;
  readonly in: Trigger;
  /** Part of the opposite threshold that must be left, 0 to 1. */
  readonly margin: number;
}

export interface CounterExample {
  readonly kind: "oscillates" | "stuck at zero";
  readonly size: number;
  readonly metric: number;
  readonly first: Trigger;
  readonly nextSize: number;
  readonly nextMetric: number;
  readonly second: Trigger;
}

interface Point {
  readonly metric: number;
  /** Whether the metric takes the value itself or only comes arbitrarily near to it. */
  readonly attained: boolean;
  /** A metric of the same step, at which the step is looked up. */
  readonly within: number;
}

/** Ends of the intervals in which a trigger acts, on the side nearest to the opposite alarm; metrics below 0 do not exist. */
function worstPoints({ side, inclusive, threshold, policy }: Trigger): Point[] {
  const bounds = policy.steps.flatMap((step) => [step.metricIntervalLowerBound ?? [], step.metricIntervalUpperBound ?? []].flat());
  const edges = [...new Set([0, ...bounds])]
    .map((bound) => threshold + bound)
    .filter((edge) => edge >= 0 && (side === "above" ? edge >= threshold : edge <= threshold));
  edges.sort((one, other) => one - other);
  return edges.flatMap((edge, index): Point[] => {
    const neighbour = side === "above" ? (edges[index + 1] ?? edge + 1) : (edges[index - 1] ?? Math.min(0, edge));
    const onEdge = edge !== threshold || inclusive;
    return [
      ...(onEdge ? [{ metric: edge, attained: true, within: edge }] : []),
      { metric: edge, attained: false, within: (edge + neighbour) / 2 },
    ];
  });
}

/** Size after the trigger has acted as often as it does before the new instances serve. */
function sizeAfter(size: number, within: number, { threshold, policy, repeats }: Trigger, limits: CapacityLimits): number {
  let next = size;
  for (let time = 0; time < repeats; time++) next = sizeAfterStep(next, within - threshold, policy, limits);
  return next;
}

/** Whether the alarm is on at the metric, or would be with the margin; `attained` as in `Point`. */
function fires({ side, inclusive, threshold }: Trigger, metric: number, attained: boolean, margin: number): boolean {
  const edge = side === "above" ? threshold * (1 - margin) : threshold * (1 + margin);
  const beyond = side === "above" ? metric > edge : metric < edge;
  return beyond || (metric === edge && inclusive && attained);
}

function follow(size: number, point: Point, first: Trigger, second: Trigger, { limits, margin }: Scaling): CounterExample | undefined {
  if (selectStep(first.policy.steps, point.within - first.threshold) === undefined) return undefined;
  const nextSize = sizeAfter(size, point.within, first, limits);
  const moved = first.side === "below" ? nextSize < size : nextSize > size;
  if (!moved) return undefined;
  const found = { size, metric: point.metric, first, nextSize, second };
  if (nextSize === 0) return { kind: "stuck at zero", ...found, nextMetric: NaN };
  const nextMetric = (point.metric * size) / nextSize;
  return fires(second, nextMetric, point.attained, margin) ? { kind: "oscillates", ...found, nextMetric } : undefined;
}

/** The first size, from the smallest, at which one alarm leads to the other. Sizes below the minimum are left by AWS at once. */
export function findOscillation(scaling: Scaling): CounterExample | undefined {
  const { limits, out, in: back } = scaling;
  const outPoints = worstPoints(out);
  const inPoints = worstPoints(back);
  for (let size = Math.max(limits.min, 1); size <= limits.max; size++) {
    for (const point of inPoints) {
      const found = follow(size, point, back, out, scaling);
      if (found) return found;
    }
    for (const point of outPoints) {
      const found = follow(size, point, out, back, scaling);
      if (found) return found;
    }
  }
  return undefined;
}
