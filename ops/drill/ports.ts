/** What a drill needs of the world. */
import type { Activity, AutoScalingGroup, InstanceRefresh } from "@aws-sdk/client-auto-scaling";
import type { MetricPoint } from "./events.ts";

/** Raises a group's CPU utilization. Whatever it does ends by itself some time after the drill would have. */
export interface LoadSource {
  /** What it is, for people. */
  readonly what: string;
  /** @param instanceIds those in service */
  raise(instanceIds: readonly string[], cpuPercent: number): Promise<void>;
  /** What keeps the load from working, when something does. */
  trouble(): Promise<string | undefined>;
  /** Takes the load away; the group idles. */
  calm(): Promise<void>;
  /** Puts back what `raise` and `calm` changed. Runs in every case, also after neither. */
  restore(): Promise<void>;
}

export interface AlarmLook {
  readonly name: string;
  readonly state: string;
  readonly reason: string;
  readonly changedMs: number;
}

/** What is left behind by instances that have gone. */
export interface Remains {
  /** Messages in the queue, in whatever state. */
  readonly messages: number;
  readonly deadLetters: number;
  /** Names of the nodes in Chef; 20 at most. */
  readonly nodes: readonly string[];
}

export interface DrillPorts {
  /** AWS's time. */
  now(): Promise<number>;
  group(): Promise<AutoScalingGroup | undefined>;
  /** Newest first, one page. */
  activities(): Promise<readonly Activity[]>;
  refreshes(): Promise<readonly InstanceRefresh[]>;
  alarms(): Promise<readonly AlarmLook[]>;
  /** Average CPU utilization of the group by the minute. */
  metric(fromMs: number, toMs: number): Promise<readonly MetricPoint[]>;
  /** Absent = nothing removes departed nodes. */
  readonly remains?: () => Promise<Remains>;
  readonly load: LoadSource;
  /** Rejects when the user ends the drill. */
  sleep(): Promise<void>;
  readonly tell: (line: string) => void;
}
