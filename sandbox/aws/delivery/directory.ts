/** What topics, queues and keys say of themselves, asked once and kept until a call that passes the endpoint may have changed it. */
import type { Direct } from "../endpoint/direct.ts";
import { ServiceError } from "../endpoint/errors.ts";

export interface Subscription {
  readonly arn: string;
  /** `sqs`, `lambda`, `email` … */
  readonly protocol: string;
  /** ARN of the queue or function. */
  readonly endpoint: string;
  readonly raw: boolean;
  readonly filterPolicy: Readonly<Record<string, unknown>> | undefined;
  readonly filterScope: "MessageAttributes" | "MessageBody";
  /** Queue for messages that could not be delivered. */
  readonly deadLetterArn: string | undefined;
}

export interface Topic {
  readonly arn: string;
  readonly policy: string | undefined;
  readonly kmsKeyId: string | undefined;
  readonly subscriptions: readonly Subscription[];
}

export interface Queue {
  readonly arn: string;
  readonly url: string;
  readonly policy: string | undefined;
  readonly kmsKeyId: string | undefined;
}

export interface Key {
  readonly arn: string;
  readonly enabled: boolean;
  readonly policy: string;
}

/** Calls that change nothing; after any other one, what is known of the service is asked again. */
const reads =
  /^(Get|List|Describe|Publish|SendMessage|ReceiveMessage|DeleteMessage|ChangeMessageVisibility|Decrypt|Encrypt|GenerateDataKey)/;

export class Directory {
  readonly #direct: Direct;
  readonly #topics = new Map<string, Promise<Topic | undefined>>();
  readonly #queues = new Map<string, Promise<Queue | undefined>>();
  readonly #keys = new Map<string, Promise<Key | undefined>>();

  constructor(direct: Direct) {
    this.#direct = direct;
  }

  /** Undefined when there is none. */
  topic(arn: string): Promise<Topic | undefined> {
    return remembered(this.#topics, arn, () => this.#readTopic(arn));
  }

  queue(arn: string): Promise<Queue | undefined> {
    return remembered(this.#queues, arn, () => this.#readQueue(arn));
  }

  /** By id, ARN or alias. */
  key(id: string): Promise<Key | undefined> {
    return remembered(this.#keys, id, () => this.#readKey(id));
  }

  changed(service: string, action: string): void {
    if (reads.test(action)) return;
    if (service === "sns") this.#topics.clear();
    else if (service === "sqs") this.#queues.clear();
    else if (service === "kms") this.#keys.clear();
  }

  async #readTopic(arn: string): Promise<Topic | undefined> {
    const attributes = await unlessMissing(() => this.#attributes("GetTopicAttributes", { TopicArn: arn }));
    if (attributes === undefined) return undefined;
    const arns = await this.#confirmedSubscriptions(arn);
    const subscriptions = await Promise.all(arns.map((one) => this.#readSubscription(one)));
    return { arn, policy: attributes["Policy"], kmsKeyId: attributes["KmsMasterKeyId"], subscriptions };
  }

  async #confirmedSubscriptions(topicArn: string): Promise<string[]> {
    const found: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.#direct.query("sns", "ListSubscriptionsByTopic", {
        TopicArn: topicArn,
        ...(token === undefined ? {} : { NextToken: token }),
      });
      const { member = [] } = (page["Subscriptions"] || {}) as { readonly member?: readonly { readonly SubscriptionArn: string }[] };
      // A pending one has a word in the place of its ARN.
      found.push(...member.map(({ SubscriptionArn }) => SubscriptionArn).filter((one) => one.startsWith("arn:")));
      token = typeof page["NextToken"] === "string" && page["NextToken"] !== "" ? page["NextToken"] : undefined;
    } while (token !== undefined);
    return found;
  }

  async #readSubscription(arn: string): Promise<Subscription> {
    const attributes = await this.#attributes("GetSubscriptionAttributes", { SubscriptionArn: arn });
    const redrive = parsed(attributes["RedrivePolicy"])?.["deadLetterTargetArn"];
    return {
      arn,
      protocol: attributes["Protocol"] ?? "",
      endpoint: attributes["Endpoint"] ?? "",
      raw: attributes["RawMessageDelivery"] === "true",
      filterPolicy: parsed(attributes["FilterPolicy"]),
      filterScope: attributes["FilterPolicyScope"] === "MessageBody" ? "MessageBody" : "MessageAttributes",
      deadLetterArn: typeof redrive === "string" ? redrive : undefined,
    };
  }

  async #attributes(action: string, parameters: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const result = await this.#direct.query("sns", action, parameters);
    const { entry = [] } = (result["Attributes"] || {}) as {
      readonly entry?: readonly { readonly key: string; readonly value: unknown }[];
    };
    return Object.fromEntries(
      entry.flatMap(({ key, value }) => (typeof value === "string" && value !== "" ? [[key, value] as const] : [])),
    );
  }

  async #readQueue(arn: string): Promise<Queue | undefined> {
    const QueueName = arn.split(":").pop() ?? arn;
    const url = (await unlessMissing(() => this.#direct.json("sqs", "GetQueueUrl", { QueueName })))?.["QueueUrl"];
    if (typeof url !== "string") return undefined;
    const { Attributes } = await this.#direct.json("sqs", "GetQueueAttributes", { QueueUrl: url, AttributeNames: ["All"] });
    const attributes = (Attributes ?? {}) as Readonly<Record<string, string | undefined>>;
    return { arn, url, policy: attributes["Policy"] || undefined, kmsKeyId: attributes["KmsMasterKeyId"] || undefined };
  }

  async #readKey(id: string): Promise<Key | undefined> {
    const described = await unlessMissing(() => this.#direct.json("kms", "DescribeKey", { KeyId: id }));
    const metadata = described?.["KeyMetadata"] as { readonly Arn: string; readonly KeyId: string; readonly KeyState: string } | undefined;
    if (metadata === undefined) return undefined;
    const { Policy } = await this.#direct.json("kms", "GetKeyPolicy", { KeyId: metadata.KeyId, PolicyName: "default" });
    return { arn: metadata.Arn, enabled: metadata.KeyState === "Enabled", policy: typeof Policy === "string" ? Policy : "{}" };
  }
}

/** A failed reading is not remembered. */
function remembered<Value>(map: Map<string, Promise<Value>>, key: string, read: () => Promise<Value>): Promise<Value> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const reading = read();
  map.set(key, reading);
  reading.catch(() => map.get(key) === reading && map.delete(key));
  return reading;
}

const missing = /NotFound|NonExistent|DoesNotExist/;

async function unlessMissing<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ServiceError && missing.test(error.code)) return undefined;
    throw error;
  }
}

function parsed(json: string | undefined): Readonly<Record<string, unknown>> | undefined {
  return json === undefined ? undefined : (JSON.parse(json) as Readonly<Record<string, unknown>>);
}
