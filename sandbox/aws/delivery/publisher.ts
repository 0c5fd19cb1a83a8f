/** Fans messages out to subscriptions: filtered, wrapped or raw, with every policy on the way enforced. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../../../scaling/clock.ts";
import { DeliveryError } from "../deps.ts";
import type { MetricValue, Sender, TopicMessage } from "../deps.ts";
import type { Delivery } from "../world.ts";
import type { Directory, Subscription, Topic } from "./directory.ts";
import { FilterError, passesFilter, valuesAt } from "./filter-policy.ts";
import type { Gate } from "./gate.ts";

export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

export interface Publication extends TopicMessage {
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
  /** `MessageStructure` json: a message for each protocol, and `default`. */
  readonly byProtocol?: boolean;
}

/** A delivery that a policy, a missing target or an error prevented. */
export interface Refusal {
  readonly at: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

export interface PublisherPorts {
  readonly clock: Clock;
  readonly region: string;
  readonly endpoint: string;
  readonly directory: Directory;
  readonly gate: Gate;
  sendMessage(queueUrl: string, body: string, attributes: Readonly<Record<string, MessageAttribute>>): Promise<void>;
  /** Hands an event to a function, which runs later. */
  invoke(functionArn: string, payload: string, sourceArn: string): Promise<void>;
  putMetric(values: readonly MetricValue[]): void;
  log(line: string): void;
}

const keptRefusals = 200;
/** SNS tries a queue 100,015 times over 23 days; a local queue that fails twice is gone. */
const attempts = 2;

export class Publisher implements Delivery {
  readonly #ports: PublisherPorts;
  #refusals: Refusal[] = [];

  constructor(ports: PublisherPorts) {
    this.#ports = ports;
  }

  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  async publish(message: TopicMessage, sender: Sender): Promise<void> {
    await this.publishToTopic(message, sender);
  }

  /** Resolves with the message's id when every subscription has been tried; rejects with DeliveryError when the topic refuses the sender. */
  async publishToTopic(publication: Publication, sender: Sender): Promise<string> {
    const { topicArn } = publication;
    try {
      const topic = await this.#ports.directory.topic(topicArn);
      if (topic === undefined) throw new DeliveryError(`Topic does not exist: ${topicArn}`);
      await this.#ports.gate.checkPublish(topic, sender);
      const messageId = randomUUID();
      const results = await Promise.all(topic.subscriptions.map((one) => this.#deliver(topic, one, publication, messageId)));
      this.#count(topic, results);
      return messageId;
    } catch (error) {
      if (error instanceof DeliveryError) this.#refuse(nameOf(sender), topicArn, error.message);
      throw error;
    }
  }

  async sendToQueue(queueArn: string, body: string, sender: Sender): Promise<void> {
    try {
      await this.#send(queueArn, body, {}, sender);
    } catch (error) {
      if (error instanceof DeliveryError) this.#refuse(nameOf(sender), queueArn, error.message);
      throw error;
    }
  }

  /** Whether it was delivered; undefined when the filter kept it back. */
  async #deliver(topic: Topic, subscription: Subscription, publication: Publication, messageId: string): Promise<boolean | undefined> {
    const text = textFor(subscription.protocol, publication);
    try {
      if (!passes(subscription, publication, text)) return undefined;
      await this.#toEndpoint(topic, subscription, { ...publication, message: text }, messageId);
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#refuse(topic.arn, subscription.endpoint, reason);
      if (subscription.deadLetterArn !== undefined)
        await this.#toDeadLetters(topic, subscription.deadLetterArn, this.#envelope(topic, subscription, publication, messageId));
      return false;
    }
  }

  async #toEndpoint(topic: Topic, subscription: Subscription, publication: Publication, messageId: string): Promise<void> {
    const { protocol, endpoint, raw } = subscription;
    const sender: Sender = { principal: { service: "sns.amazonaws.com" }, sourceArn: topic.arn };
    switch (protocol) {
      case "sqs":
        if (raw) await this.#send(endpoint, publication.message, publication.attributes ?? {}, sender);
        else await this.#send(endpoint, this.#envelope(topic, subscription, publication, messageId), {}, sender);
        return;
      case "lambda":
        await this.#ports.invoke(endpoint, this.#functionEvent(topic, subscription, publication, messageId), topic.arn);
        return;
      default:
        throw new DeliveryError(`The local AWS delivers to queues and functions, not to ${protocol} (${endpoint}).`);
    }
  }

  async #toDeadLetters(topic: Topic, queueArn: string, body: string): Promise<void> {
    try {
      await this.#send(queueArn, body, {}, { principal: { service: "sns.amazonaws.com" }, sourceArn: topic.arn });
    } catch (error) {
      this.#refuse(topic.arn, queueArn, error instanceof Error ? error.message : String(error));
    }
  }

  async #send(queueArn: string, body: string, attributes: Readonly<Record<string, MessageAttribute>>, sender: Sender): Promise<void> {
    const queue = await this.#ports.directory.queue(queueArn);
    if (queue === undefined) throw new DeliveryError(`Queue does not exist: ${queueArn}`);
    await this.#ports.gate.checkSend(queue, sender);
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#ports.sendMessage(queue.url, body, attributes);
        return;
      } catch (error) {
        if (attempt === attempts) throw error;
      }
    }
  }

  /** https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html; the signature is not a real one. */
  #envelope(topic: Topic, subscription: Subscription, publication: Publication, messageId: string): string {
    const { region, endpoint } = this.#ports;
    return JSON.stringify({
      Type: "Notification",
      MessageId: messageId,
      TopicArn: topic.arn,
      ...(publication.subject === undefined ? {} : { Subject: publication.subject }),
      Message: publication.message,
      Timestamp: new Date(this.#ports.clock.now()).toISOString(),
      SignatureVersion: "1",
      Signature: "TG9jYWwgQVdTOiBub3QgYSBzaWduYXR1cmU=",
      SigningCertURL: `https://sns.${region}.amazonaws.com/SimpleNotificationService-local.pem`,
      UnsubscribeURL: `${endpoint}/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`,
      ...(publication.attributes === undefined || Object.keys(publication.attributes).length === 0
        ? {}
        : { MessageAttributes: attributesByType(publication.attributes) }),
    });
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
  #functionEvent(topic: Topic, subscription: Subscription, publication: Publication, messageId: string): string {
    const envelope = JSON.parse(this.#envelope(topic, subscription, publication, messageId)) as Record<string, unknown>;
    const { SigningCertURL, UnsubscribeURL, ...rest } = envelope;
    return JSON.stringify({
      Records: [
        {
          EventSource: "aws:sns",
          EventVersion: "1.0",
          EventSubscriptionArn: subscription.arn,
          Sns: { Subject: null, MessageAttributes: {}, ...rest, SigningCertUrl: SigningCertURL, UnsubscribeUrl: UnsubscribeURL },
        },
      ],
    });
  }

  #refuse(from: string, to: string, reason: string): void {
    this.#refusals = [...this.#refusals.slice(1 - keptRefusals), { at: new Date(this.#ports.clock.now()).toISOString(), from, to, reason }];
    this.#ports.log(`not delivered from ${from} to ${to}: ${reason}`);
  }

  /** https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html */
  #count(topic: Topic, results: readonly (boolean | undefined)[]): void {
    const dimensions = { TopicName: topic.arn.split(":").pop() ?? topic.arn };
    const metric = (name: string, value: number) => (value === 0 ? [] : [{ name, dimensions, value, unit: "Count" }]);
    this.#ports.putMetric([
      ...metric("NumberOfMessagesPublished", 1),
      ...metric("NumberOfNotificationsDelivered", results.filter((result) => result === true).length),
      ...metric("NumberOfNotificationsFailed", results.filter((result) => result === false).length),
      ...metric("NumberOfNotificationsFilteredOut", results.filter((result) => result === undefined).length),
    ]);
  }
}

const nameOf = ({ principal }: Sender) => ("service" in principal ? principal.service : principal.roleArn);

function textFor(protocol: string, { message, byProtocol }: Publication): string {
  if (byProtocol !== true) return message;
  const messages = JSON.parse(message) as Readonly<Record<string, string | undefined>>;
  return messages[protocol] ?? messages["default"] ?? "";
}

const attributesByType = (attributes: Readonly<Record<string, MessageAttribute>>) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      { Type: DataType, Value: StringValue ?? BinaryValue ?? "" },
    ]),
  );

function passes({ filterPolicy, filterScope }: Subscription, { attributes = {} }: Publication, text: string): boolean {
  if (filterPolicy === undefined) return true;
  try {
    if (filterScope === "MessageBody") {
      const body = JSON.parse(text) as unknown;
      return passesFilter(filterPolicy, (path) => valuesAt(body, path));
    }
    return passesFilter(filterPolicy, ([name = ""]) => attributeValues(attributes[name]));
  } catch (error) {
    if (error instanceof SyntaxError) return false; // a body that is not JSON passes no filter on bodies
    if (error instanceof FilterError) throw new DeliveryError(error.message);
    throw error;
  }
}

function attributeValues(attribute: MessageAttribute | undefined): readonly unknown[] | undefined {
  if (attribute === undefined) return undefined;
  const { DataType, StringValue = "" } = attribute;
  if (DataType === "Number") return [Number(StringValue)];
  if (DataType === "String.Array") return JSON.parse(StringValue) as unknown[];
  return [StringValue];
}
