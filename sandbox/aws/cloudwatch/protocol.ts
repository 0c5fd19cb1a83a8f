/** CloudWatch's three protocols: Query, AWS JSON 1.0, RPC v2 CBOR. One shape of parameters in, one shape of results out. */
import { gunzipSync } from "node:zlib";
import { cbor, dateToTag } from "@smithy/core/cbor";
import { ServiceError, xmlText } from "../endpoint/errors.ts";
import type { Protocol } from "../endpoint/route.ts";
import type { AwsReply, AwsRequest } from "../service.ts";

/** Numbers and truth values are texts when they came by Query; `parameters.ts` reads both. */
export type Input = Readonly<Record<string, unknown>>;

/** Dates are written as each protocol writes times; undefined members are left out. */
export type Output = { readonly [name: string]: OutputValue };
export type OutputValue = string | number | boolean | Date | undefined | StringMap | Output | readonly OutputValue[];

/** A map, which XML writes differently from a structure. */
export class StringMap {
  readonly entries: Readonly<Record<string, number | string>>;
  constructor(entries: Readonly<Record<string, number | string>>) {
    this.entries = entries;
  }
}

const namespace = "http://monitoring.amazonaws.com/doc/2010-08-01/";

/** The SDKs compress PutMetricData. */
function plainBody({ headers, body }: AwsRequest): Buffer {
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding === "identity" || encoding === "aws-chunked") return body;
  if (encoding === "gzip") return gunzipSync(body);
  throw new ServiceError("InvalidRequest", `content-encoding "${encoding}" is not understood; gzip is`);
}

export function readInput(protocol: Protocol, request: AwsRequest): Input {
  const body = plainBody(request);
  try {
    if (protocol === "cbor") return body.length === 0 ? {} : (plain(cbor.deserialize(new Uint8Array(body))) as Input);
    if (protocol === "json") return body.length === 0 ? {} : (JSON.parse(body.toString("utf8")) as Input);
  } catch (error) {
    throw new ServiceError("SerializationException", `the request's body cannot be read: ${String(error)}`);
  }
  const text = request.method === "GET" ? (request.url.split("?")[1] ?? "") : body.toString("utf8");
  return nested(new URLSearchParams(text));
}

/** CBOR tag 1 is a time in seconds. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if ("tag" in value && "value" in value) return value.tag === 1 ? new Date(Number(value.value) * 1000) : value.value;
  if ("string" in value && "type" in value) return Number(value.string); // a big decimal
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

/** `A.member.2.B=x` becomes {A: [.., {B: x}]}. */
function nested(parameters: URLSearchParams): Input {
  const root: Record<string, unknown> = {};
  for (const [name, value] of parameters) {
    const path = name.split(".").filter((part, index) => index === 0 || part !== "member");
    let at: Record<string, unknown> = root;
    for (const part of path.slice(0, -1)) {
      const below = at[part];
      at = (typeof below === "object" && below !== null ? below : (at[part] = {})) as Record<string, unknown>;
    }
    at[path.at(-1) ?? name] = value;
  }
  return lists(root) as Input;
}

/** Objects whose keys are all numbers are lists. */
function lists(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Record<string, unknown>);
  if (entries.length > 0 && entries.every(([name]) => /^\d+$/.test(name))) {
    return entries.sort(([one], [other]) => Number(one) - Number(other)).map(([, member]) => lists(member));
  }
  return Object.fromEntries(entries.map(([name, member]) => [name, lists(member)]));
}

export function writeOutput(protocol: Protocol, action: string, output: Output | undefined, requestId: string): AwsReply {
  const headers = { "x-amzn-requestid": requestId };
  if (protocol === "cbor") {
    const body = output === undefined ? Buffer.alloc(0) : Buffer.from(cbor.serialize(value(output, dateToTag)));
    return { status: 200, headers: { ...headers, "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" }, body };
  }
  if (protocol === "json") {
    const body = output === undefined ? "" : JSON.stringify(value(output, (date) => date.getTime() / 1000));
    return { status: 200, headers: { ...headers, "content-type": "application/x-amz-json-1.0" }, body };
  }
  const result = output === undefined ? "" : `<${action}Result>${xml(output)}</${action}Result>`;
  const body =
    `<${action}Response xmlns="${namespace}">${result}` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`;
  return { status: 200, headers: { ...headers, "content-type": "text/xml" }, body };
}

function value(output: OutputValue, writeDate: (date: Date) => unknown): unknown {
  if (output instanceof Date) return writeDate(output);
  if (output instanceof StringMap) return output.entries;
  if (isList(output)) return output.map((one) => value(one, writeDate));
  if (typeof output !== "object") return output;
  return Object.fromEntries(
    Object.entries(output).flatMap(([name, member]) => (member === undefined ? [] : [[name, value(member, writeDate)]])),
  );
}

const isList = (output: OutputValue): output is readonly OutputValue[] => Array.isArray(output);

function xml(output: Output): string {
  return Object.entries(output)
    .map(([name, member]) => (member === undefined ? "" : `<${name}>${xmlValue(member)}</${name}>`))
    .join("");
}

function xmlValue(member: OutputValue): string {
  if (member === undefined) return "";
  if (member instanceof Date) return member.toISOString();
  if (isList(member)) return member.map((one) => `<member>${xmlValue(one)}</member>`).join("");
  if (member instanceof StringMap) {
    return Object.entries(member.entries)
      .map(([key, one]) => `<entry><key>${xmlText(key)}</key><value>${xmlText(String(one))}</value></entry>`)
      .join("");
  }
  return typeof member === "object" ? xml(member) : xmlText(String(member));
}
