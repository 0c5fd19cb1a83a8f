/**
 * A load that a person puts on a group, as the CPU utilization that EC2 would report: once a minute for each instance in service, under
 * its id and under its group's name.
 */
import type { Clock } from "../../../scaling/clock.ts";
import type { ScalingModelViews } from "../../../scaling/model-types.ts";
import type { AwsDeps } from "../deps.ts";

export interface GroupLoad {
  /** Percent of one instance's CPU; each instance has it whole, or `shared` all have it together. Shown as at most 100. */
  readonly cpuPercent: number;
  /** Default: false. */
  readonly shared?: boolean;
}

/** Detailed monitoring. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html */
const periodMs = 60_000;

export class Loads {
  readonly #clock: Clock;
  readonly #views: ScalingModelViews;
  readonly #putMetricData: AwsDeps["putMetricData"];
  readonly #loads = new Map<string, GroupLoad>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, views: ScalingModelViews, putMetricData: AwsDeps["putMetricData"]) {
    this.#clock = clock;
    this.#views = views;
    this.#putMetricData = putMetricData;
  }

  /** Undefined takes the load away: the group then reports nothing. */
  set(group: string, load: GroupLoad | undefined): void {
    if (load === undefined) this.#loads.delete(group);
    else this.#loads.set(group, load);
    this.close();
    if (this.#loads.size > 0) this.#publish();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #publish(): void {
    const now = this.#clock.now();
    for (const [group, load] of this.#loads) this.#publishGroup(group, load, now);
    this.#cancel = this.#clock.schedule(now + periodMs, () => this.#publish());
  }

  #publishGroup(group: string, { cpuPercent, shared }: GroupLoad, timestampMs: number): void {
    const serving = this.#views.group(group)?.instances.filter(({ lifecycleState }) => lifecycleState === "InService") ?? [];
    const value = Math.min(100, shared === true ? cpuPercent / Math.max(1, serving.length) : cpuPercent);
    const metric = { name: "CPUUtilization", value, timestampMs, unit: "Percent" };
    const values = serving.flatMap(({ instanceId }) => [
      { ...metric, dimensions: { InstanceId: instanceId } },
      { ...metric, dimensions: { AutoScalingGroupName: group } },
    ]);
    if (values.length > 0) this.#putMetricData("AWS/EC2", values);
  }
}
