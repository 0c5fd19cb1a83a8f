/** What happens during a drill, as AWS times it. Pure. */
import type { Activity } from "@aws-sdk/client-auto-scaling";

export type DrillEventKind = "load" | "alarm" | "launch" | "inService" | "terminate" | "terminated" | "failed" | "queue" | "chef" | "drill";

export interface DrillEvent {
  /** Milliseconds since 1970, AWS's time. */
  readonly atMs: number;
  readonly kind: DrillEventKind;
  readonly text: string;
  readonly instanceId?: string;
}

/** The group at one look. */
export interface Sample {
  readonly atMs: number;
  readonly desired: number;
  readonly inService: number;
}

/** Value of the metric in one period. */
export interface MetricPoint {
  readonly atMs: number;
  readonly value: number;
}

const instancePattern = /\b(i-[0-9a-f]{8,17})\b/;

const at = (date: Date | undefined): number => date?.getTime() ?? 0;

/** What an activity says by now: its beginning, and its end when it has one. */
export function activityEvents(activity: Activity): DrillEvent[] {
  const { Description: description = "", StatusCode: status, StatusMessage: message } = activity;
  const instanceId = instancePattern.exec(description)?.[1];
  const launches = description.startsWith("Launching");
  if (!launches && !description.startsWith("Terminating")) return [];
  const named = instanceId === undefined ? {} : { instanceId };
  const who = instanceId ?? "an instance";
  const begun: DrillEvent = {
    atMs: at(activity.StartTime),
    kind: launches ? "launch" : "terminate",
    text: `${launches ? "launch" : "termination"} of ${who} begins: ${reasonOf(activity.Cause)}`,
    ...named,
  };
  if (status === "Successful") {
    const kind = launches ? "inService" : "terminated";
    return [begun, { atMs: at(activity.EndTime), kind, text: `${who} is ${launches ? "in service" : "terminated"}`, ...named }];
  }
  if (status !== "Failed" && status !== "Cancelled") return [begun];
  const why = message ?? "no reason given";
  return [
    begun,
    { atMs: at(activity.EndTime), kind: "failed", text: `${launches ? "launch" : "termination"} of ${who} failed: ${why}`, ...named },
  ];
}

/** `At 2026-…Z a monitor alarm X in state ALARM triggered policy Y …` without its times, which the timeline has. */
function reasonOf(cause = ""): string {
  const [first = ""] = cause.split(/\.\s+(?=At )/);
  return first.replace(/^At \S+Z,? /, "").replace(/\.$/, "") || "no reason given";
}

/** Key of an event that is told once. */
export const eventKey = ({ kind, instanceId, atMs, text }: DrillEvent): string => `${kind} ${instanceId ?? text} ${atMs}`;

/** `+2:05` */
export function clockText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  return `+${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

export const eventLine = (event: DrillEvent, startMs: number): string =>
  `${clockText(event.atMs - startMs).padStart(7)}  ${event.kind.padEnd(10)} ${event.text}`;
