/** Calls from services of ours to the party that has a service, without an SDK: one request, a decoded answer. */
import { randomUUID } from "node:crypto";
import { XMLParser } from "fast-xml-parser";
import type { AwsReply, AwsRequest, AwsService } from "../service.ts";
import { ServiceError } from "./errors.ts";
import { roleCredentials } from "./sessions.ts";

/** JSON 1.0 and 1.1 services name their action with a prefix of their own. */
const targets: Readonly<Record<string, { readonly prefix: string; readonly version: string }>> = {
  sqs: { prefix: "AmazonSQS", version: "1.0" },
  events: { prefix: "AWSEvents", version: "1.1" },
  kms: { prefix: "TrentService", version: "1.1" },
  ssm: { prefix: "AmazonSSM", version: "1.1" },
  logs: { prefix: "Logs_20140328", version: "1.1" },
};

const apiVersions: Readonly<Record<string, string>> = {
  sns: "2010-03-31",
  ec2: "2016-11-15",
  iam: "2010-05-08",
  sts: "2011-06-15",
  elasticloadbalancing: "2015-12-01",
};

const xml = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  isArray: (name) => name === "member" || name === "item" || name === "entry",
});

/** Key that stands for the sandbox itself in signatures. */
export const ownAccessKeyId = "ASIASANDBOXSERVICES0";

export class Direct {
  readonly #service: (name: string) => AwsService | undefined;
  readonly #accountId: string;
  readonly #region: string;
  readonly #record: (action: string, request: AwsRequest, status: number) => void;

  constructor(options: {
    readonly service: (name: string) => AwsService | undefined;
    readonly accountId: string;
    readonly region: string;
    /** Takes note of calls made for a role. */
    readonly record?: (action: string, request: AwsRequest, status: number) => void;
  }) {
    this.#service = options.service;
    this.#accountId = options.accountId;
    this.#region = options.region;
    this.#record = options.record ?? (() => undefined);
  }

  /** A JSON service's action; rejects with ServiceError when it refuses. With a role, it is recorded as a call of that role. */
  async json(
    service: string,
    action: string,
    parameters: Readonly<Record<string, unknown>>,
    roleName?: string,
  ): Promise<Record<string, unknown>> {
    const target = targets[service];
    if (target === undefined) throw new Error(`${service} is not called with JSON`);
    const headers = { "content-type": `application/x-amz-json-${target.version}`, "x-amz-target": `${target.prefix}.${action}` };
    const request = this.#request(service, JSON.stringify(parameters), headers);
    const reply = await this.#party(service).handle(request);
    if (roleName !== undefined)
      this.#record(action, { ...request, roleName, accessKeyId: roleCredentials(roleName).accessKeyId }, reply.status);
    const text = reply.body.toString();
    const decoded = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    if (reply.status >= 300) {
      const type = decoded["__type"] ?? decoded["code"];
      const message = decoded["message"] ?? decoded["Message"];
      throw new ServiceError(
        typeof type === "string" ? (type.split("#").pop() ?? type) : "Unknown",
        typeof message === "string" ? message : text,
        reply.status,
      );
    }
    return decoded;
  }

  /** A Query service's action; the result element's content. */
  async query(service: string, action: string, parameters: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
    const form = new URLSearchParams({ Action: action, Version: apiVersions[service] ?? "", ...parameters });
    const reply = await this.#send(service, form.toString(), { "content-type": "application/x-www-form-urlencoded" });
    const decoded = xml.parse(reply.body.toString()) as Record<string, Record<string, unknown> | undefined>;
    if (reply.status >= 300) {
      const text = reply.body.toString();
      throw new ServiceError(/<Code>([^<]*)</.exec(text)?.[1] ?? "Unknown", /<Message>([^<]*)</.exec(text)?.[1] ?? text, reply.status);
    }
    const response = decoded[`${action}Response`] ?? {};
    return (response[`${action}Result`] ?? response) as Record<string, unknown>;
  }

  /** A REST service's call: the status with the decoded JSON answer. */
  async rest(
    service: string,
    call: { readonly method: string; readonly path: string; readonly body?: string; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<{ readonly status: number; readonly body: unknown; readonly headers: AwsReply["headers"] }> {
    const reply = await this.#send(
      service,
      call.body ?? "",
      { "content-type": "application/json", ...call.headers },
      call.method,
      call.path,
    );
    const text = reply.body.toString();
    return { status: reply.status, headers: reply.headers, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
  }

  #send(service: string, body: string, headers: Record<string, string>, method?: string, url?: string): Promise<AwsReply> {
    return this.#party(service).handle(this.#request(service, body, headers, method, url));
  }

  #party(service: string): AwsService {
    const party = this.#service(service);
    if (party === undefined) throw new Error(`no party has the service ${service}`);
    return party;
  }

  #request(service: string, body: string, headers: Record<string, string>, method = "POST", url = "/"): AwsRequest {
    return {
      service,
      region: this.#region,
      accountId: this.#accountId,
      accessKeyId: ownAccessKeyId,
      roleName: undefined,
      requestId: randomUUID(),
      method,
      url,
      headers: { ...headers, host: "127.0.0.1", authorization: authorization(service, this.#region) },
      body: Buffer.from(body),
    };
  }
}

/** The emulators read account and region from the scope and check no signature. */
const authorization = (service: string, region: string) =>
  `AWS4-HMAC-SHA256 Credential=${ownAccessKeyId}/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
