/** What a service of ours is built from: the world behind the endpoint, as far as a service may touch it. */
import type { Clock } from "../../scaling/clock.ts";

/** On whose behalf a message is sent: topic, queue and key policies are evaluated for this principal. */
export interface Sender {
  readonly principal:
    | { readonly service: string } // for example cloudwatch.amazonaws.com
    | { readonly roleArn: string }; // for example the role of a lifecycle hook, or the service-linked role
  /** `aws:SourceArn`: the alarm, the group, the topic. Only service principals carry it. */
  readonly sourceArn?: string;
}

export interface TopicMessage {
  readonly topicArn: string;
  /** Up to 100 ASCII characters. */
  readonly subject?: string;
  readonly message: string;
}

export interface MetricValue {
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
  /** Milliseconds since 1970; the clock's now when absent. */
  readonly timestampMs?: number;
  readonly unit?: string;
}

export interface BusEvent {
  /** For example `aws.autoscaling`. */
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly resources: readonly string[];
}

/** One action of an alarm that changed its state, or of one that stays in ALARM and repeats a scaling policy. */
export interface AlarmAction {
  /** The ARN in AlarmActions, OKActions or InsufficientDataActions. */
  readonly actionArn: string;
  readonly alarmName: string;
  readonly alarmArn: string;
  readonly state: "OK" | "ALARM" | "INSUFFICIENT_DATA";
  readonly reason: string;
  /** The alarm's threshold, which step bounds are relative to; absent on composite and metric math band alarms. */
  readonly threshold: number | undefined;
  /** The newest value of the metric that was evaluated; absent when the state was set by hand or data were missing. */
  readonly metricValue: number | undefined;
  readonly atMs: number;
}

/** What an alarm's history says about the action; throw an Error for a failed one, whose message then stands there. */
export type AlarmActionHandler = (action: AlarmAction) => Promise<void>;

/** A message or event that was refused, as the sender would read it: the policy, topic or queue that stood in the way. */
export class DeliveryError extends Error {
  override name = "DeliveryError";
}

/** Arguments for any AWS SDK client that reaches the party behind the endpoint directly. */
export interface ClientArguments {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
}

export interface AwsDeps {
  readonly clock: Clock;
  /** Twelve digits. */
  readonly accountId: string;
  readonly region: string;
  /** `http://127.0.0.1:<port>`: where clients, functions and instances reach every service. */
  readonly endpoint: string;
  /** A folder that survives the process; a service keeps its own files there, named after itself. */
  readonly stateDirectory: string;
  /** One line into the daemon's log. */
  log(line: string): void;
  /**
   * For an SDK client of `service` (name in the signature's scope: `ec2`, `elasticloadbalancing`, `iam`, `ssm` …). Calls made with it go
   * straight to the emulator: no service of ours observes them and they are not recorded.
   */
  clientArguments(service: string): ClientArguments;
  /** Publishes to a topic, with its policies enforced. Rejects with DeliveryError when the topic refuses the sender. */
  publish(message: TopicMessage, sender: Sender): Promise<void>;
  /** Sends to a queue, with its policies enforced. Rejects with DeliveryError. */
  sendToQueue(queueArn: string, body: string, sender: Sender): Promise<void>;
  putMetricData(namespace: string, values: readonly MetricValue[]): void;
  /** Puts an event on the default bus. */
  putEvent(event: BusEvent): Promise<void>;
  /** `handler` gets every alarm action whose ARN begins with `arnPrefix`, for example `arn:aws:autoscaling:`. */
  onAlarmAction(arnPrefix: string, handler: AlarmActionHandler): void;
  /**
   * Registers work that goes on in the background. A stepped clock waits for it between two steps, so that a step's effects are complete;
   * a rejection is logged, never lost.
   */
  background(work: Promise<unknown>): void;
}
