/** Which service a request is for: read from its signature, as no AWS protocol names the service in the request itself. */

export interface Scope {
  readonly accessKeyId: string;
  readonly region: string;
  /** Signing name: `ec2`, `monitoring`, `elasticloadbalancing` … */
  readonly service: string;
}

export type Headers = Readonly<Record<string, string | undefined>>;

/** A credential scope: access key, date, region, service, `aws4_request`. */
const scopePattern = /Credential=([^/\s,]+)\/\d{8}\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request/;

/**
 * The scope of a Signature Version 4 request, from its header or from a presigned URL; undefined for any other.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
export function scopeOf(headers: Headers, url: string): Scope | undefined {
  const authorization = headers["authorization"];
  const text = authorization ?? presignedCredential(url);
  const match = text === undefined ? null : scopePattern.exec(text);
  if (match === null) return undefined;
  const [, accessKeyId = "", region = "", service = ""] = match;
  return { accessKeyId, region, service };
}

function presignedCredential(url: string): string | undefined {
  const query = url.indexOf("?");
  if (query < 0) return undefined;
  const credential = new URLSearchParams(url.slice(query)).get("X-Amz-Credential");
  return credential === null ? undefined : `Credential=${credential}`;
}

export type Protocol = "query" | "ec2" | "json" | "cbor" | "rest";

/** How a request is written, and so how its answer must be. */
export function protocolOf(service: string, headers: Headers, url: string): Protocol {
  if (headers["smithy-protocol"] === "rpc-v2-cbor" || url.startsWith("/service/")) return "cbor";
  if (headers["x-amz-target"] !== undefined) return "json";
  if (service === "lambda") return "rest";
  return service === "ec2" ? "ec2" : "query";
}

/** The API action a request names; for Lambda's REST paths, see lambda-actions. Empty when it names none. */
export function actionOf(protocol: Protocol, headers: Headers, url: string, parameters: () => URLSearchParams): string {
  switch (protocol) {
    case "cbor":
      return /\/operation\/([A-Za-z0-9]+)/.exec(url)?.[1] ?? "";
    case "json":
      return headers["x-amz-target"]?.split(".").pop() ?? "";
    case "query":
    case "ec2":
      return parameters().get("Action") ?? "";
    case "rest":
      return "";
  }
}
