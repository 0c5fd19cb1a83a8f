/** The alarms: evaluated on the clock, their changes acted on, told and remembered. */
import { alarmsOf, holds } from "../../../scaling/alarms/composite.ts";
import { evaluate } from "../../../scaling/alarms/evaluate.ts";
import type { AlarmState, DataPoint, Evaluation } from "../../../scaling/alarms/evaluate.ts";
import { stateReason } from "../../../scaling/alarms/reason.ts";
import { evaluatedPeriods, nextEvaluationMs } from "../../../scaling/alarms/schedule.ts";
import { aggregate, parseStatistic, significantSampleCount } from "../../../scaling/alarms/statistics.ts";
import type { Clock } from "../../../scaling/clock.ts";
import type { AlarmAction, AlarmActionHandler, BusEvent } from "../deps.ts";
import { actionsFor } from "./alarm.ts";
import type { Alarm, AlarmStatus, CompositeAlarm, MetricAlarm } from "./alarm.ts";
import { stateChangeEvent, timeWithOffset } from "./alarm-message.ts";
import type { Change } from "./alarm-message.ts";
import { History } from "./history.ts";
import type { MetricStore } from "./metrics.ts";
import { querySeries } from "./queries.ts";
import { Suppression } from "./suppression.ts";

export interface AlarmPorts {
  readonly clock: Clock;
  readonly store: MetricStore;
  handlerFor(actionArn: string): AlarmActionHandler | undefined;
  putEvent(event: BusEvent): Promise<void>;
  background(work: Promise<unknown>): void;
  log(line: string): void;
}

interface Entry {
  alarm: Alarm;
  status: AlarmStatus;
  cancel: () => void;
  suppression: Suppression | undefined;
  /** When a scaling action ran last: it repeats each minute that the alarm stays in its state. */
  scaledMs: number;
  metricValue: number | undefined;
  lastChange: Change | undefined;
}

const minuteMs = 60_000;
/** A set of composite alarms that watch each other could go on for ever. */
const deepestComposition = 20;
const isScalingAction = (arn: string) => arn.split(":")[2] === "autoscaling";

export class Alarms {
  readonly history = new History();
  readonly #ports: AlarmPorts;
  readonly #entries = new Map<string, Entry>();

  constructor(ports: AlarmPorts) {
    this.#ports = ports;
  }

  get(nameOrArn: string): { readonly alarm: Alarm; readonly status: AlarmStatus } | undefined {
    const entry = this.#find(nameOrArn);
    return entry === undefined ? undefined : { alarm: entry.alarm, status: shown(entry) };
  }

  /** The newest change of the alarm's state: what a message about it tells. */
  lastChange(name: string): Change | undefined {
    return this.#entries.get(name)?.lastChange;
  }

  all(): { readonly alarm: Alarm; readonly status: AlarmStatus }[] {
    return [...this.#entries.values()].map((entry) => ({ alarm: entry.alarm, status: shown(entry) }));
  }

  /** Creates the alarm, or replaces its configuration and keeps its state. */
  put(alarm: Alarm): void {
    const { clock } = this.#ports;
    const known = this.#entries.get(alarm.name);
    const now = clock.now();
    const initial: AlarmStatus = {
      state: "INSUFFICIENT_DATA",
      reason: "Unchecked: Initial alarm creation",
      reasonData: undefined,
      updatedMs: now,
      transitionedMs: now,
      suppressedBy: undefined,
    };
    known?.cancel();
    known?.suppression?.close();
    const entry: Entry = {
      alarm,
      status: known?.status ?? initial,
      cancel: () => undefined,
      suppression: undefined,
      scaledMs: known?.scaledMs ?? 0,
      metricValue: known?.metricValue,
      lastChange: undefined,
    };
    this.#entries.set(alarm.name, entry);
    this.history.add(alarm, now, "ConfigurationUpdate", `Alarm "${alarm.name}" ${known === undefined ? "created" : "updated"}`, {
      version: "1.0",
      type: known === undefined ? "Create" : "Update",
    });
    if (alarm.kind === "MetricAlarm") this.#scheduleNext(entry, alarm);
    else this.#startComposite(entry, alarm);
  }

  delete(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.cancel();
    entry.suppression?.close();
    this.#entries.delete(name);
    this.history.add(entry.alarm, this.#ports.clock.now(), "ConfigurationUpdate", `Alarm "${name}" deleted`, {
      version: "1.0",
      type: "Delete",
    });
    this.#evaluateComposites([entry], 0);
  }

  /** SetAlarmState: acts like any change, and lasts until the next evaluation. */
  setState(name: string, state: AlarmState, reason: string, reasonData: string | undefined): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.metricValue = undefined;
    if (entry.status.state === state) entry.status = { ...entry.status, reason, reasonData, updatedMs: this.#ports.clock.now() };
    else this.#change(entry, state, reason, reasonData, [], 0);
  }

  setActionsEnabled(names: readonly string[], actionsEnabled: boolean): void {
    for (const name of names) {
      const entry = this.#entries.get(name);
      if (entry !== undefined && entry.alarm.actionsEnabled !== actionsEnabled) entry.alarm = { ...entry.alarm, actionsEnabled };
    }
  }

  close(): void {
    for (const entry of this.#entries.values()) {
      entry.cancel();
      entry.suppression?.close();
    }
  }

  #find(nameOrArn: string): Entry | undefined {
    const name = nameOrArn.startsWith("arn:") ? nameOrArn.split(":alarm:").slice(1).join(":alarm:") : nameOrArn;
    return this.#entries.get(name);
  }

  #scheduleNext(entry: Entry, alarm: MetricAlarm, afterMs = this.#ports.clock.now()): void {
    // Evaluations belong to the time they were planned for: a timer may come a little early or late.
    const atMs = nextEvaluationMs(alarm, afterMs);
    entry.cancel = this.#ports.clock.schedule(atMs, () => {
      if (entry.alarm.kind !== "MetricAlarm") return;
      this.#scheduleNext(entry, entry.alarm, Math.max(atMs, this.#ports.clock.now()));
      this.#evaluateMetric(entry, entry.alarm, atMs);
    });
  }

  #evaluateMetric(entry: Entry, alarm: MetricAlarm, atMs: number): void {
    const starts = evaluatedPeriods(alarm, atMs);
    if (this.#hasTooFewSamples(alarm, starts)) return;
    const values = seriesOf(alarm, this.#ports.store, starts);
    const points = starts.map((timestampMs, at): DataPoint => ({ timestampMs, value: values[at] }));
    const condition = isDynamoDb(alarm) ? { ...alarm, treatMissingData: "ignore" as const } : alarm;
    const evaluation = evaluate(condition, points, entry.status.state);
    entry.metricValue = evaluation.evaluated[0]?.value;
    if (evaluation.state !== entry.status.state) {
      const reason = stateReason(alarm, evaluation, entry.status.state);
      this.#change(entry, evaluation.state, reason, reasonData(alarm, evaluation, atMs), [], 0);
    } else if (Math.floor(atMs / minuteMs) > Math.floor(entry.scaledMs / minuteMs)) {
      this.#runActions(entry, actionsFor(entry.alarm, entry.status.state).filter(isScalingAction));
    }
  }

  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html */
  #hasTooFewSamples({ lowSamples, metric, periodSeconds, evaluationPeriods }: MetricAlarm, starts: readonly number[]): boolean {
    const statistic = parseStatistic(metric?.statistic ?? "");
    if (lowSamples !== "ignore" || metric === undefined || typeof statistic !== "object") return false;
    const evaluated = starts.slice(-evaluationPeriods);
    const samples = this.#ports.store.between(metric, evaluated[0] ?? 0, (evaluated.at(-1) ?? 0) + periodSeconds * 1000, metric.unit);
    return (aggregate(samples, "SampleCount") ?? 0) < significantSampleCount(statistic);
  }

  #startComposite(entry: Entry, alarm: CompositeAlarm): void {
    const { suppressor } = alarm;
    if (suppressor !== undefined) {
      entry.suppression = new Suppression({
        clock: this.#ports.clock,
        suppressorState: () => this.#find(suppressor.alarm)?.status.state,
        ownState: () => entry.status.state,
        act: (state) => this.#runActions(entry, actionsFor(entry.alarm, state)),
        waitSeconds: suppressor.waitSeconds,
        extensionSeconds: suppressor.extensionSeconds,
      });
    }
    this.#evaluateComposite(entry, alarm, [], 0);
  }

  #evaluateComposite(entry: Entry, alarm: CompositeAlarm, causes: readonly Entry[], depth: number): void {
    const state = holds(alarm.rule, (name) => this.#find(name)?.status.state) ? "ALARM" : "OK";
    if (state === entry.status.state) return;
    const [cause] = causes;
    const reason =
      cause === undefined
        ? `The rule ${alarm.ruleText} is ${state === "ALARM" ? "true" : "false"}`
        : `${cause.alarm.arn} transitioned to ${cause.status.state} at ${new Date(cause.status.transitionedMs).toUTCString()}`;
    this.#change(entry, state, reason, undefined, causes, depth);
  }

  /** Composite alarms that watch one of `changed`, or are suppressed by it. */
  #evaluateComposites(changed: readonly Entry[], depth: number): void {
    if (depth > deepestComposition) {
      this.#ports.log(`composite alarms watch each other in a circle: ${changed.map(({ alarm }) => alarm.name).join(", ")}`);
      return;
    }
    const names = new Set(changed.flatMap(({ alarm }) => [alarm.name, alarm.arn]));
    for (const entry of [...this.#entries.values()]) {
      const { alarm } = entry;
      if (alarm.kind !== "CompositeAlarm") continue;
      if (alarm.suppressor !== undefined && names.has(alarm.suppressor.alarm)) entry.suppression?.suppressorChange();
      if (alarmsOf(alarm.rule).some((name) => names.has(name))) this.#evaluateComposite(entry, alarm, changed, depth);
    }
  }

  #change(entry: Entry, state: AlarmState, reason: string, data: string | undefined, causes: readonly Entry[], depth: number): void {
    const now = this.#ports.clock.now();
    const before = entry.status;
    entry.status = { state, reason, reasonData: data, updatedMs: now, transitionedMs: now, suppressedBy: undefined };
    const children = causes.map((cause) => ({ arn: cause.alarm.arn, state: cause.status.state, atMs: cause.status.transitionedMs }));
    const change: Change = { alarm: entry.alarm, before, after: entry.status, children };
    entry.lastChange = change;
    this.history.add(entry.alarm, now, "StateUpdate", `Alarm updated from ${before.state} to ${state}`, {
      version: "1.0",
      oldState: { stateValue: before.state, stateReason: before.reason },
      newState: { stateValue: state, stateReason: reason },
    });
    this.#ports.background(this.#ports.putEvent(stateChangeEvent(change)));
    if (entry.suppression === undefined) this.#runActions(entry, actionsFor(entry.alarm, state));
    else entry.suppression.ownChange();
    this.#evaluateComposites([entry], depth + 1);
  }

  #runActions(entry: Entry, arns: readonly string[]): void {
    if (!entry.alarm.actionsEnabled || arns.length === 0) return;
    const { clock } = this.#ports;
    if (arns.some(isScalingAction)) entry.scaledMs = clock.now();
    for (const actionArn of arns) {
      const { alarm, status, metricValue } = entry;
      const threshold = alarm.kind === "MetricAlarm" ? alarm.threshold : undefined;
      const action = {
        actionArn,
        alarmName: alarm.name,
        alarmArn: alarm.arn,
        state: status.state,
        reason: status.reason,
        threshold,
        metricValue,
      };
      this.#ports.background(this.#runAction(alarm, { ...action, atMs: clock.now() }));
    }
  }

  async #runAction(alarm: Alarm, action: AlarmAction): Promise<void> {
    const { actionArn } = action;
    const handler = this.#ports.handlerFor(actionArn);
    const data = (error: string | null) => ({
      version: "1.0",
      actionState: error === null ? "Succeeded" : "Failed",
      notificationResource: actionArn,
      error,
    });
    try {
      if (handler === undefined) throw new Error("there is no service here that performs such an action");
      await handler(action);
      this.history.add(alarm, this.#ports.clock.now(), "Action", `Successfully executed action ${actionArn}`, data(null));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.history.add(
        alarm,
        this.#ports.clock.now(),
        "Action",
        `Failed to execute action ${actionArn}. Received error: "${message}"`,
        data(message),
      );
    }
  }
}

const shown = ({ status, suppression }: Entry): AlarmStatus => ({ ...status, suppressedBy: suppression?.by });

/** Alarms on DynamoDB's metrics ignore missing data whatever they say. */
const isDynamoDb = ({ metric }: MetricAlarm) => metric?.namespace === "AWS/DynamoDB";

function seriesOf(alarm: MetricAlarm, store: MetricStore, starts: readonly number[]): readonly (number | undefined)[] {
  const { metric, queries, periodSeconds } = alarm;
  if (metric === undefined) {
    const returned = queries.find(({ returnData }) => returnData);
    return returned === undefined ? [] : querySeries(queries, store, starts, periodSeconds)(returned.id);
  }
  const statistic = parseStatistic(metric.statistic);
  return statistic === undefined ? [] : store.series(metric, starts, periodSeconds, statistic, metric.unit);
}

function reasonData({ metric, periodSeconds, threshold }: MetricAlarm, { evaluated }: Evaluation, nowMs: number): string {
  const oldestFirst = evaluated.toReversed();
  return JSON.stringify({
    version: "1.0",
    queryDate: timeWithOffset(nowMs),
    ...(oldestFirst[0] === undefined ? {} : { startDate: timeWithOffset(oldestFirst[0].timestampMs) }),
    ...(metric === undefined ? {} : { statistic: metric.statistic }),
    period: periodSeconds,
    recentDatapoints: oldestFirst.map(({ value }) => value),
    threshold,
    evaluatedDatapoints: evaluated.map(({ timestampMs, value }) => ({ timestamp: timeWithOffset(timestampMs), value })),
  });
}
