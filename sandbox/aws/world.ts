/** The world behind the endpoint as services of ours see it: AwsDeps, made of the other parties. */
import { DeliveryError } from "./deps.ts";
import type { Clock } from "../../scaling/clock.ts";
import type { AlarmActionHandler, AwsDeps, BusEvent, ClientArguments, MetricValue, Sender, TopicMessage } from "./deps.ts";
import type { Direct } from "./endpoint/direct.ts";
import { ownAccessKeyId } from "./endpoint/direct.ts";

export interface WorldOptions {
  readonly clock: Clock;
  readonly accountId: string;
  readonly region: string;
  readonly endpoint: string;
  readonly stateDirectory: string;
  readonly direct: Direct;
  log(line: string): void;
  /** Where the party that has a service listens. */
  urlOf(service: string): string;
}

export interface Delivery {
  publish(message: TopicMessage, sender: Sender): Promise<void>;
  sendToQueue(queueArn: string, body: string, sender: Sender): Promise<void>;
}

export interface MetricSink {
  put(namespace: string, values: readonly MetricValue[]): void;
}

export class World implements AwsDeps {
  readonly clock: Clock;
  readonly accountId: string;
  readonly region: string;
  readonly endpoint: string;
  readonly stateDirectory: string;
  readonly #options: WorldOptions;
  readonly #work = new Set<Promise<void>>();
  readonly #alarmHandlers: { readonly prefix: string; readonly handler: AlarmActionHandler }[] = [];
  #delivery: Delivery | undefined;
  #metrics: MetricSink | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.accountId = options.accountId;
    this.region = options.region;
    this.endpoint = options.endpoint;
    this.stateDirectory = options.stateDirectory;
  }

  /** The services that carry messages and metrics are themselves built from this world. */
  connect(parts: { readonly delivery: Delivery; readonly metrics: MetricSink }): void {
    this.#delivery = parts.delivery;
    this.#metrics = parts.metrics;
  }

  log(line: string): void {
    this.#options.log(line);
  }

  clientArguments(service: string): ClientArguments {
    return {
      endpoint: this.#options.urlOf(service),
      region: this.region,
      credentials: { accessKeyId: ownAccessKeyId, secretAccessKey: "local" },
      maxAttempts: 2,
    };
  }

  async publish(message: TopicMessage, sender: Sender): Promise<void> {
    if (this.#delivery === undefined) throw new Error("nothing is connected that publishes");
    await this.#delivery.publish(message, sender);
  }

  async sendToQueue(queueArn: string, body: string, sender: Sender): Promise<void> {
    if (this.#delivery === undefined) throw new Error("nothing is connected that sends");
    await this.#delivery.sendToQueue(queueArn, body, sender);
  }

  putMetricData(namespace: string, values: readonly MetricValue[]): void {
    this.#metrics?.put(namespace, values);
  }

  async putEvent({ source, detailType, detail, resources }: BusEvent): Promise<void> {
    const answer = await this.#options.direct.json("events", "PutEvents", {
      FleetService: true, // see emulators/serve.py
      Entries: [
        {
          Source: source,
          DetailType: detailType,
          Detail: JSON.stringify(detail),
          Resources: resources,
          Time: Math.floor(this.clock.now() / 1000),
        },
      ],
    });
    const [entry] = (answer["Entries"] ?? []) as readonly { readonly ErrorCode?: string; readonly ErrorMessage?: string }[];
    if (entry?.ErrorCode !== undefined)
      throw new DeliveryError(`The event ${detailType} was refused: ${entry.ErrorCode}, ${entry.ErrorMessage ?? ""}`);
  }

  onAlarmAction(prefix: string, handler: AlarmActionHandler): void {
    this.#alarmHandlers.push({ prefix, handler });
  }

  alarmHandler(actionArn: string): AlarmActionHandler | undefined {
    return this.#alarmHandlers.find(({ prefix }) => actionArn.startsWith(prefix))?.handler;
  }

  background(work: Promise<unknown>): void {
    const watched: Promise<void> = work
      .then(
        () => undefined,
        (error: unknown) => this.log(`in the background: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
      )
      .finally(() => this.#work.delete(watched));
    this.#work.add(watched);
  }

  /** Resolves when nothing goes on in the background, what that work started included. */
  async settled(): Promise<void> {
    do {
      await Promise.all(this.#work);
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#work.size > 0);
  }
}
