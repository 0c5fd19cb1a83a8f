import type { QueueMessage } from "./queue.ts";
import type { Outcome } from "./outcome.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
/** Writes one line. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/**
 * Writes past the console, which Lambda patches: it would put time, request and level before the line (log format Text)
 * or wrap it once more (JSON), and CloudWatch finds embedded metrics only in a line that is their JSON alone. What comes
 * as JSON already, Lambda leaves as it is.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
 */
export const printLine = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * One JSON object a line, as CloudWatch Logs Insights and every log shipper read it. By `level` and `timestamp` Lambda
 * filters and orders the lines of log format JSON.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
 */
export function jsonLog(write: (line: string) => void, now: () => number = Date.now): Log {
  return (level, message, fields = {}) => write(JSON.stringify({ timestamp: new Date(now()).toISOString(), level, message, ...fields }));
}

/** Level of an outcome: what an operator must see is a warning or an error. */
function levelOf(outcome: Outcome): LogLevel {
  if (outcome.kind === "give-up") return "error";
  if (outcome.kind === "retry") return outcome.cause === "operator" ? "error" : "warn";
  return "info";
}

export function logOutcome(log: Log, message: QueueMessage, outcome: Outcome, durationMs: number): void {
  const facts = Object.fromEntries(Object.entries(outcome).filter(([name]) => name !== "kind" && name !== "replacement"));
  log(levelOf(outcome), `message ${outcome.kind}`, {
    outcome: outcome.kind,
    ...facts,
    messageId: message.id,
    receiveCount: message.receiveCount,
    durationMs: Math.round(durationMs),
  });
}

const metricNames = ["Removed", "Resolved", "Gone", "Released", "Ignored", "Retried", "GivenUp"] as const;
type MetricName = (typeof metricNames)[number];

const metricOf: Readonly<Record<Outcome["kind"], MetricName>> = {
  removed: "Removed",
  resolved: "Resolved",
  gone: "Gone",
  released: "Released",
  ignored: "Ignored",
  retry: "Retried",
  "give-up": "GivenUp",
};

/**
 * Counts a batch's outcomes and its slowest removal from sending to gone, as one line of embedded metric format.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export class Metrics {
  readonly #stack: string;
  #counts = new Map<MetricName, number>();
  #ages: number[] = [];

  /** @param stack the name prefix; the metrics' only dimension. */
  constructor(stack: string) {
    this.#stack = stack;
  }

  add(message: QueueMessage, outcome: Outcome, nowMs: number): void {
    const name = metricOf[outcome.kind];
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    if (outcome.kind === "removed") this.#ages.push(Math.max(0, nowMs - message.sentAtMs));
  }

  /** Undefined when nothing was counted; starts anew. */
  line(nowMs: number): string | undefined {
    if (this.#counts.size === 0) return undefined;
    const metrics: { Name: string; Unit: string }[] = metricNames.map((name) => ({ Name: name, Unit: "Count" }));
    const values: Record<string, unknown> = Object.fromEntries(metricNames.map((name) => [name, this.#counts.get(name) ?? 0]));
    if (this.#ages.length > 0) {
      metrics.push({ Name: "TimeToGone", Unit: "Milliseconds" });
      values["TimeToGone"] = this.#ages;
    }
    this.#counts = new Map();
    this.#ages = [];
    const directive = { Namespace: "Fleet/NodeCleanup", Dimensions: [["Stack"]], Metrics: metrics };
    return JSON.stringify({ _aws: { Timestamp: Math.round(nowMs), CloudWatchMetrics: [directive] }, Stack: this.#stack, ...values });
  }
}
