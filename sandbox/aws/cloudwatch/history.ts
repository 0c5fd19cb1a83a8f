/** What happened to alarms. CloudWatch keeps it for 30 days. */
import type { Alarm } from "./alarm.ts";

export const historyTypes = ["ConfigurationUpdate", "StateUpdate", "Action"] as const;
export type HistoryType = (typeof historyTypes)[number];

export interface HistoryItem {
  readonly alarmName: string;
  readonly alarmKind: Alarm["kind"];
  readonly atMs: number;
  readonly type: HistoryType;
  readonly summary: string;
  readonly data: string;
}

const keptMs = 30 * 86_400_000;
/** An alarm that repeats a scaling action for a month writes 43,200 items; older ones than that many go first. */
const mostItems = 50_000;

export class History {
  #items: HistoryItem[] = [];

  add(alarm: Alarm, atMs: number, type: HistoryType, summary: string, data: unknown): void {
    this.#items.push({ alarmName: alarm.name, alarmKind: alarm.kind, atMs, type, summary, data: JSON.stringify(data) });
    if (this.#items.length > 2 * mostItems) this.#items = this.#items.slice(-mostItems);
  }

  /** Oldest first. */
  read(nowMs: number): readonly HistoryItem[] {
    return this.#items.filter(({ atMs }) => atMs >= nowMs - keptMs);
  }
}
