/** What a drill expects, and what came of it. */

/** One expectation and what came of it. */
export interface Verdict {
  readonly name: "up" | "down" | "nothing left";
  readonly withinSeconds: number;
  /** Absent = it did not happen. */
  readonly tookSeconds?: number;
  readonly met: boolean;
  /** What is missing, or what was found, when it was not met. */
  readonly detail?: string;
}

/** @param detail said only when it did not happen */
export function verdict(name: Verdict["name"], withinSeconds: number, tookMs: number | undefined, detail: string): Verdict {
  if (tookMs === undefined) return { name, withinSeconds, met: false, detail };
  const tookSeconds = Math.round(tookMs / 1000);
  return { name, withinSeconds, tookSeconds, met: tookSeconds <= withinSeconds };
}

export function verdictText({ name, withinSeconds, tookSeconds, detail }: Verdict): string {
  const took = tookSeconds === undefined ? "did not happen" : `took ${tookSeconds} s`;
  return `${name}: ${took}, expected within ${withinSeconds} s${detail === undefined ? "" : ` (${detail})`}`;
}
