/** Which snapshots are old enough to go. Pure; whether one is in use is asked in `in-use.ts`. */
import type { FoundSnapshot } from "./snapshots.ts";

/** A snapshot stays when either number keeps it. */
export interface KeepRules {
  /** So many of the newest completed ones stay. */
  readonly newest?: number;
  /** Whatever is younger than so many days stays. */
  readonly days?: number;
}

const dayMs = 24 * 60 * 60 * 1_000;

/**
 * Those that no rule keeps, oldest first. The newest completed one always stays: instances are made of it. One that failed is
 * of no use, however young; one that is pending, or in a state that is not known here, is left alone.
 */
export function beyondKeeping(snapshots: readonly FoundSnapshot[], { newest, days }: KeepRules, nowMs: number): readonly FoundSnapshot[] {
  if (newest === undefined && days === undefined) return [];
  const started = ({ startedAt }: FoundSnapshot) => Date.parse(startedAt);
  const completed = snapshots.filter(({ state }) => state === "completed").sort((one, other) => started(other) - started(one));
  const isYoung = (one: FoundSnapshot) => days !== undefined && nowMs - started(one) < days * dayMs;
  const old = completed.filter((one, index) => index >= Math.max(1, newest ?? 0) && !isYoung(one));
  const failed = snapshots.filter(({ state }) => state === "error");
  return [...failed, ...old].sort((one, other) => started(one) - started(other));
}
