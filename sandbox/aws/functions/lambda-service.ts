/** Lambda at the endpoint: mappings from queues and the check of roles are ours, functions themselves the emulator's. */
import { randomUUID } from "node:crypto";
import { PolicyError } from "../policy/conditions.ts";
import { evaluatePolicy } from "../policy/evaluate.ts";
import type { RolePermissions } from "../policy/role-permissions.ts";
import type { Direct } from "../endpoint/direct.ts";
import { ServiceError } from "../endpoint/errors.ts";
import { lambdaAction } from "../endpoint/lambda-actions.ts";
import type { AwsReply, AwsRequest, AwsService } from "../service.ts";
import type { World } from "../world.ts";
import { mappingOutput, readSettings } from "./mapping.ts";
import type { Mapping } from "./mapping.ts";
import { Poller } from "./poller.ts";
import type { InvocationResult, QueueMessage } from "./poller.ts";

interface FunctionFacts {
  readonly FunctionArn: string;
  readonly FunctionName: string;
  readonly Role: string;
  readonly Timeout: number;
}

interface Entry {
  mapping: Mapping;
  queueUrl: string;
  roleName: string;
  poller: Poller | undefined;
}

type Input = Readonly<Record<string, unknown>>;

const invalid = (message: string) => new ServiceError("InvalidParameterValueException", message);
const notFound = (message: string) => new ServiceError("ResourceNotFoundException", message, 404);

export class LambdaService implements AwsService {
  readonly signingName = "lambda";
  readonly #emulated: AwsService;
  readonly #world: World;
  readonly #direct: Direct;
  readonly #permissions: RolePermissions;
  readonly #entries = new Map<string, Entry>();

  constructor(emulated: AwsService, world: World, direct: Direct, permissions: RolePermissions) {
    this.#emulated = emulated;
    this.#world = world;
    this.#direct = direct;
    this.#permissions = permissions;
  }

  async handle(request: AwsRequest): Promise<AwsReply> {
    const path = request.url.split("?")[0] ?? "";
    const mapping = /^\/2015-03-31\/event-source-mappings\/?([^/]*)$/.exec(path);
    if (mapping !== null) return this.#handleMapping(request, mapping[1] ?? "");
    const tags = /^\/2017-03-31\/tags\/(.+)$/.exec(path);
    const arn = tags === null ? "" : decodeURIComponent(tags[1] ?? "");
    if (arn.includes(":event-source-mapping:")) return this.#handleTags(request, arn);
    if (lambdaAction(request.method, request.url) === "CreateFunction") await this.#checkRole(inputOf(request));
    return this.#emulated.handle(request);
  }

  close(): Promise<void> {
    for (const { poller } of this.#entries.values()) poller?.close();
    return Promise.resolve();
  }

  async #handleMapping(request: AwsRequest, uuid: string): Promise<AwsReply> {
    if (uuid === "") return request.method === "POST" ? this.#create(inputOf(request)) : this.#list(request);
    const entry = this.#entries.get(uuid);
    if (entry === undefined) throw notFound("The resource you requested does not exist.");
    switch (request.method) {
      case "GET":
        return json(200, output(entry));
      case "PUT":
        return this.#update(entry, inputOf(request));
      case "DELETE":
        entry.poller?.close();
        this.#entries.delete(uuid);
        return json(202, output(entry, "Deleting"));
      default:
        throw invalid(`${request.method} is no operation of an event source mapping`);
    }
  }

  async #create(input: Input): Promise<AwsReply> {
    const queueArn = typeof input["EventSourceArn"] === "string" ? input["EventSourceArn"] : "";
    if (!/^arn:[a-z-]+:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+(\.fifo)?$/.test(queueArn)) {
      throw invalid(`EventSourceArn is "${queueArn}"; the local AWS maps queues to functions, and nothing else`);
    }
    const settings = readSettings(input, queueArn);
    const { facts, queueUrl } = await this.#checkTarget(queueArn, input["FunctionName"]);
    const same = [...this.#entries.values()].find(
      ({ mapping }) => mapping.queueArn === queueArn && mapping.functionArn === facts.FunctionArn,
    );
    if (same !== undefined) {
      throw new ServiceError(
        "ResourceConflictException",
        `An event source mapping with SQS arn (" ${queueArn} ") and function (" ${facts.FunctionName} ") already exists. Please update or delete the existing mapping with UUID ${same.mapping.uuid}`,
        409,
      );
    }
    const uuid = randomUUID();
    const { region, accountId, clock } = this.#world;
    const mapping: Mapping = {
      ...settings,
      uuid,
      arn: `arn:aws:lambda:${region}:${accountId}:event-source-mapping:${uuid}`,
      queueArn,
      functionArn: facts.FunctionArn,
      functionName: facts.FunctionName,
      lastModifiedMs: clock.now(),
      tags: (input["Tags"] ?? {}) as Readonly<Record<string, string>>,
    };
    const entry: Entry = { mapping, queueUrl, roleName: roleNameOf(facts), poller: undefined };
    this.#entries.set(uuid, entry);
    this.#start(entry);
    return json(202, output(entry, "Creating"));
  }

  async #update(entry: Entry, input: Input): Promise<AwsReply> {
    const settings = readSettings(input, entry.mapping.queueArn, entry.mapping);
    const { facts, queueUrl } = await this.#checkTarget(entry.mapping.queueArn, input["FunctionName"] ?? entry.mapping.functionName);
    entry.poller?.close();
    entry.poller = undefined;
    entry.mapping = {
      ...entry.mapping,
      ...settings,
      functionArn: facts.FunctionArn,
      functionName: facts.FunctionName,
      lastModifiedMs: this.#world.clock.now(),
    };
    entry.queueUrl = queueUrl;
    entry.roleName = roleNameOf(facts);
    this.#start(entry);
    return json(202, output(entry, "Updating"));
  }

  #start(entry: Entry): void {
    if (!entry.mapping.enabled) return;
    // What a batch under way needs outlives the entry: a deleted mapping ends what it began.
    const { queueUrl, roleName } = entry;
    entry.poller = new Poller(entry.mapping, {
      region: this.#world.region,
      receive: (count, waitSeconds) => this.#receive(queueUrl, roleName, count, waitSeconds),
      delete: (messages) => this.#delete(queueUrl, roleName, messages),
      release: (messages) => this.#release(queueUrl, messages),
      invoke: (payload) => this.#invoke(entry.mapping, payload),
      log: (line) => this.#world.log(line),
    });
  }

  #list(request: AwsRequest): AwsReply {
    const query = new URLSearchParams(request.url.split("?")[1]);
    const functionName = query.get("FunctionName")?.split(":function:").pop()?.split(":")[0];
    const queueArn = query.get("EventSourceArn");
    const found = [...this.#entries.values()].filter(
      ({ mapping }) =>
        (functionName === undefined || mapping.functionName === functionName) && (queueArn === null || mapping.queueArn === queueArn),
    );
    return json(200, { EventSourceMappings: found.map((entry) => output(entry)) });
  }

  #handleTags(request: AwsRequest, arn: string): AwsReply {
    const entry = [...this.#entries.values()].find(({ mapping }) => mapping.arn === arn);
    if (entry === undefined) throw notFound(`The resource you requested does not exist: ${arn}`);
    if (request.method === "GET") return json(200, { Tags: entry.mapping.tags });
    const given = (inputOf(request)["Tags"] ?? {}) as Readonly<Record<string, string>>;
    const removed = new URLSearchParams(request.url.split("?")[1]).getAll("tagKeys");
    const tags = Object.fromEntries(Object.entries({ ...entry.mapping.tags, ...given }).filter(([key]) => !removed.includes(key)));
    entry.mapping = { ...entry.mapping, tags };
    return { status: 204, headers: {}, body: "" };
  }

  /** The function and the queue exist, fit together, and the function's role may read the queue. */
  async #checkTarget(queueArn: string, functionName: unknown): Promise<{ facts: FunctionFacts; queueUrl: string }> {
    const name = typeof functionName === "string" ? functionName : "";
    const { status, body } = await this.#direct.rest("lambda", {
      method: "GET",
      path: `/2015-03-31/functions/${encodeURIComponent(name)}/configuration`,
    });
    if (status !== 200) throw notFound(`Function not found: ${name}`);
    const facts = body as FunctionFacts;
    const { queueUrl, visibilitySeconds } = await this.#queue(queueArn);
    if (visibilitySeconds < facts.Timeout) {
      throw invalid(`Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${facts.Timeout} seconds`);
    }
    const needed = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    const missing = await this.#permissions.missing(facts.Role, needed, queueArn);
    const [first] = missing ?? needed;
    if (first !== undefined) {
      throw invalid(
        `The function execution role does not have permissions to call ${first.replace("sqs:", "")} on SQS (${facts.Role}, ${queueArn})`,
      );
    }
    return { facts, queueUrl };
  }

  async #queue(arn: string): Promise<{ queueUrl: string; visibilitySeconds: number }> {
    try {
      const { QueueUrl } = await this.#direct.json("sqs", "GetQueueUrl", { QueueName: arn.split(":").pop() });
      const { Attributes } = await this.#direct.json("sqs", "GetQueueAttributes", { QueueUrl, AttributeNames: ["VisibilityTimeout"] });
      return {
        queueUrl: String(QueueUrl),
        visibilitySeconds: Number((Attributes as Readonly<Record<string, string>>)["VisibilityTimeout"]),
      };
    } catch (error) {
      if (error instanceof ServiceError && error.status < 500)
        throw invalid(`Error occurred while ReceiveMessage. SQS Error Code: ${error.code}. SQS Error Message: ${error.message}`);
      throw error;
    }
  }

  async #checkRole(input: Input): Promise<void> {
    const arn = typeof input["Role"] === "string" ? input["Role"] : "";
    const refused = invalid("The role defined for the function cannot be assumed by Lambda.");
    try {
      const { Role } = await this.#direct.query("iam", "GetRole", { RoleName: arn.split("/").pop() ?? arn });
      const trust = decodeURIComponent(String((Role as { readonly AssumeRolePolicyDocument: unknown }).AssumeRolePolicyDocument));
      const principal = { kind: "service", name: "lambda.amazonaws.com" } as const;
      const { effect } = evaluatePolicy(trust, {
        principal,
        action: "sts:AssumeRole",
        resource: arn,
        context: { "aws:sourceaccount": this.#world.accountId },
      });
      if (effect !== "Allow") throw refused;
    } catch (error) {
      if (error instanceof PolicyError || (error instanceof ServiceError && error.code === "NoSuchEntity")) throw refused;
      throw error;
    }
  }

  async #receive(
    QueueUrl: string,
    roleName: string,
    MaxNumberOfMessages: number,
    WaitTimeSeconds: number,
  ): Promise<readonly QueueMessage[]> {
    const parameters = {
      QueueUrl,
      MaxNumberOfMessages,
      WaitTimeSeconds,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    };
    const { Messages } = await this.#direct.json("sqs", "ReceiveMessage", parameters, roleName);
    return (Messages ?? []) as readonly QueueMessage[];
  }

  async #delete(QueueUrl: string, roleName: string, messages: readonly QueueMessage[]): Promise<void> {
    for (let at = 0; at < messages.length; at += 10) {
      const Entries = messages.slice(at, at + 10).map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await this.#direct.json("sqs", "DeleteMessageBatch", { QueueUrl, Entries }, roleName);
    }
  }

  /** Not as the function's role, which need not be allowed it. */
  async #release(QueueUrl: string, messages: readonly QueueMessage[]): Promise<void> {
    for (const { ReceiptHandle } of messages)
      await this.#direct.json("sqs", "ChangeMessageVisibility", { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
  }

  async #invoke(mapping: Mapping, payload: string): Promise<InvocationResult> {
    const path = `/2015-03-31/functions/${encodeURIComponent(mapping.functionArn)}/invocations`;
    const startedMs = Date.now();
    const { status, headers, body } = await this.#direct.rest("lambda", { method: "POST", path, body: payload });
    const failed = status >= 300 || headers["x-amz-function-error"] !== undefined;
    this.#count(mapping.functionName, status === 429, failed, Date.now() - startedMs);
    return { failed, throttled: status === 429, payload: body === undefined ? "" : JSON.stringify(body) };
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html, for invocations by mappings. */
  #count(FunctionName: string, throttled: boolean, failed: boolean, durationMs: number): void {
    const dimensions = { FunctionName };
    if (throttled) {
      this.#world.putMetricData("AWS/Lambda", [{ name: "Throttles", dimensions, value: 1, unit: "Count" }]);
      return;
    }
    this.#world.putMetricData("AWS/Lambda", [
      { name: "Invocations", dimensions, value: 1, unit: "Count" },
      { name: "Errors", dimensions, value: failed ? 1 : 0, unit: "Count" },
      { name: "Duration", dimensions, value: durationMs, unit: "Milliseconds" },
    ]);
  }
}

const roleNameOf = ({ Role }: FunctionFacts) => Role.split("/").pop() ?? Role;

function output({ mapping, poller }: Entry, state = mapping.enabled ? "Enabled" : "Disabled"): Record<string, unknown> {
  return mappingOutput(mapping, state, poller?.lastResult ?? "No records processed");
}

function inputOf({ body }: AwsRequest): Input {
  try {
    return body.length === 0 ? {} : (JSON.parse(body.toString("utf8")) as Input);
  } catch {
    throw new ServiceError("InvalidRequestContentException", "Could not parse request body into json");
  }
}

const json = (status: number, value: unknown): AwsReply => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});
