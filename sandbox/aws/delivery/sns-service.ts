/** SNS at the endpoint: publishing is ours, everything else the emulator's. */
import { DeliveryError } from "../deps.ts";
import type { Sender } from "../deps.ts";
import { ServiceError, xmlText } from "../endpoint/errors.ts";
import type { AwsReply, AwsRequest, AwsService, ObservedCall } from "../service.ts";
import type { Directory } from "./directory.ts";
import type { MessageAttribute, Publication, Publisher } from "./publisher.ts";

const namespace = "http://sns.amazonaws.com/doc/2010-03-31/";
/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const longestMessageBytes = 262_144;
const longestSubject = 100;
const mostEntries = 10;

const invalid = (reason: string) => new ServiceError("InvalidParameter", `Invalid parameter: ${reason}`);

export class SnsService implements AwsService {
  readonly signingName = "sns";
  readonly #emulated: AwsService;
  readonly #publisher: Publisher;
  readonly #directory: Directory;

  constructor(emulated: AwsService, publisher: Publisher, directory: Directory) {
    this.#emulated = emulated;
    this.#publisher = publisher;
    this.#directory = directory;
  }

  async handle(request: AwsRequest): Promise<AwsReply> {
    const form = new URLSearchParams(request.method === "GET" ? request.url.split("?")[1] : request.body.toString("utf8"));
    const action = form.get("Action") ?? "";
    const topicArn = form.get("TopicArn") ?? form.get("TargetArn") ?? "";
    // Ordered topics, telephones and devices stay with the emulator.
    const isOurs =
      (action === "Publish" || action === "PublishBatch") &&
      topicArn.includes(":sns:") &&
      !topicArn.endsWith(".fifo") &&
      !topicArn.includes(":endpoint/");
    if (isOurs) return action === "Publish" ? this.#publish(form, topicArn, request) : this.#publishBatch(form, topicArn, request);
    const reply = await this.#emulated.handle(request);
    this.#directory.changed("sns", action);
    return reply;
  }

  observe({ service, action }: ObservedCall): void {
    this.#directory.changed(service, action);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #publish(form: URLSearchParams, topicArn: string, request: AwsRequest): Promise<AwsReply> {
    const messageId = await this.#send(readPublication(form, "", topicArn), request);
    return result("Publish", `<MessageId>${messageId}</MessageId>`, request);
  }

  /** Entries succeed and fail each for itself. */
  async #publishBatch(form: URLSearchParams, topicArn: string, request: AwsRequest): Promise<AwsReply> {
    const prefixes: string[] = [];
    while (form.has(`PublishBatchRequestEntries.member.${prefixes.length + 1}.Id`))
      prefixes.push(`PublishBatchRequestEntries.member.${prefixes.length + 1}.`);
    if (prefixes.length === 0) throw new ServiceError("EmptyBatchRequest", "The batch request doesn't contain any entries.");
    if (prefixes.length > mostEntries)
      throw new ServiceError("TooManyEntriesInBatchRequest", `The batch request contains more entries than ${mostEntries}.`);
    const ids = prefixes.map((prefix) => form.get(`${prefix}Id`) ?? "");
    if (new Set(ids).size < ids.length)
      throw new ServiceError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.");
    const outcomes = await Promise.all(
      prefixes.map(async (prefix, index) => {
        const id = xmlText(ids[index] ?? "");
        try {
          const messageId = await this.#send(readPublication(form, prefix, topicArn), request);
          return { ok: true, xml: `<member><Id>${id}</Id><MessageId>${messageId}</MessageId></member>` };
        } catch (error) {
          if (!(error instanceof ServiceError) || error.code === "NotFound" || error.code === "AuthorizationError") throw error;
          const xml = `<member><Id>${id}</Id><Code>${error.code}</Code><Message>${xmlText(error.message)}</Message><SenderFault>true</SenderFault></member>`;
          return { ok: false, xml };
        }
      }),
    );
    const join = (ok: boolean) => outcomes.map((outcome) => (outcome.ok === ok ? outcome.xml : "")).join("");
    return result("PublishBatch", `<Successful>${join(true)}</Successful><Failed>${join(false)}</Failed>`, request);
  }

  async #send(publication: Publication, request: AwsRequest): Promise<string> {
    const sender = senderOf(request);
    if ((await this.#directory.topic(publication.topicArn)) === undefined) throw new ServiceError("NotFound", "Topic does not exist", 404);
    try {
      return await this.#publisher.publishToTopic(publication, sender);
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      const isKey = error.message.includes("of the key");
      throw isKey ? new ServiceError("KMSAccessDenied", error.message) : new ServiceError("AuthorizationError", error.message, 403);
    }
  }
}

/** The role whose session signed, or some identity of the account. */
export function senderOf({ roleName, accountId }: AwsRequest): Sender {
  return {
    principal: {
      roleArn: roleName === undefined ? `arn:aws:iam::${accountId}:user/sandbox` : `arn:aws:iam::${accountId}:role/${roleName}`,
    },
  };
}

function readPublication(form: URLSearchParams, prefix: string, topicArn: string): Publication {
  const message = form.get(`${prefix}Message`) ?? "";
  const subject = form.get(`${prefix}Subject`) ?? undefined;
  if (message === "") throw invalid("Empty message");
  if (Buffer.byteLength(message) > longestMessageBytes) throw invalid("Message too long");
  // eslint-disable-next-line no-control-regex
  if (subject !== undefined && (subject.length > longestSubject || subject === "" || /[\u0000-\u001f\u007f]/.test(subject)))
    throw invalid("Subject");
  const byProtocol = form.get(`${prefix}MessageStructure`) === "json";
  if (byProtocol) checkStructure(message);
  const attributes = readAttributes(form, prefix);
  return { topicArn, message, byProtocol, attributes, ...(subject === undefined ? {} : { subject }) };
}

function checkStructure(message: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(message);
  } catch {
    throw invalid("Message Structure - JSON message body failed to parse");
  }
  if (typeof parsed !== "object" || parsed === null || !("default" in parsed))
    throw invalid("Message Structure - No default entry in JSON message body");
}

function readAttributes(form: URLSearchParams, prefix: string): Record<string, MessageAttribute> {
  const attributes: Record<string, MessageAttribute> = {};
  for (let index = 1; ; index++) {
    const base = `${prefix}MessageAttributes.entry.${index}.`;
    const name = form.get(`${base}Name`);
    if (name === null) return attributes;
    const text = form.get(`${base}Value.StringValue`);
    const binary = form.get(`${base}Value.BinaryValue`);
    attributes[name] = {
      DataType: form.get(`${base}Value.DataType`) ?? "String",
      ...(text === null ? {} : { StringValue: text }),
      ...(binary === null ? {} : { BinaryValue: binary }),
    };
  }
}

function result(action: string, content: string, { requestId }: AwsRequest): AwsReply {
  const body =
    `<${action}Response xmlns="${namespace}"><${action}Result>${content}</${action}Result>` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`;
  return { status: 200, headers: { "content-type": "text/xml", "x-amzn-requestid": requestId }, body };
}
