/** States of the alarms that a refresh names, read from CloudWatch while one that names any is under way. */
import { DescribeAlarmsCommand, type CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { Clock } from "../../../scaling/clock.ts";
import type { ScalingModelViews } from "../../../scaling/model-types.ts";
import type { RefreshStatus } from "../../../scaling/types/common.ts";
import { messageOf } from "./effects/clients.ts";
import type { Fact } from "./host/host.ts";

export interface AlarmWatchOptions {
  readonly clock: Clock;
  readonly views: ScalingModelViews;
  readonly cloudWatch: CloudWatchClient;
  readonly report: (facts: readonly Fact[]) => void;
  readonly background: (work: Promise<unknown>) => void;
  readonly log: (line: string) => void;
}

/** The shortest period of an alarm: no state changes more often. */
const intervalMs = 10_000;
const underWay: readonly RefreshStatus[] = ["Pending", "InProgress", "Baking", "RollbackInProgress"];

export class AlarmWatch {
  readonly #options: AlarmWatchOptions;
  #cancel: (() => void) | undefined;

  constructor(options: AlarmWatchOptions) {
    this.#options = options;
  }

  /** Reads these alarms now; an alarm that does not exist counts as none. */
  async read(alarmNames: readonly string[]): Promise<void> {
    if (alarmNames.length === 0) return;
    const { cloudWatch, report, log } = this.#options;
    try {
      const answer = await cloudWatch.send(
        new DescribeAlarmsCommand({ AlarmNames: [...alarmNames], AlarmTypes: ["MetricAlarm", "CompositeAlarm"] }),
      );
      const alarms = [...(answer.MetricAlarms ?? []), ...(answer.CompositeAlarms ?? [])];
      report(
        alarms.flatMap(({ AlarmName, StateValue }): Fact[] =>
          AlarmName === undefined || StateValue === undefined ? [] : [["alarmStateChanged", { alarmName: AlarmName, state: StateValue }]],
        ),
      );
    } catch (error) {
      // The next reading is soon; a refresh does not end because one failed.
      log(`auto scaling: the alarms ${alarmNames.join(", ")} cannot be read: ${messageOf(error)}`);
    }
  }

  /** Begins to read every ten seconds if a refresh that names alarms is under way, and ends by itself. */
  start(): void {
    if (this.#cancel !== undefined || this.#names().length === 0) return;
    const { clock, background } = this.#options;
    this.#cancel = clock.schedule(clock.now() + intervalMs, () => {
      this.#cancel = undefined;
      background(this.read(this.#names()).then(() => this.start()));
    });
  }

  close(): void {
    this.#cancel?.();
  }

  #names(): string[] {
    const { views } = this.#options;
    const refreshes = views.groupNames().flatMap((group) => views.refreshes(group)[0] ?? []);
    return [...new Set(refreshes.filter(({ status }) => underWay.includes(status)).flatMap(({ preferences }) => preferences.alarms ?? []))];
  }
}
