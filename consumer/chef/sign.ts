import { constants, createHash, privateEncrypt, sign as signBytes, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

/**
 * The Chef server's signed-header authentication.
 *
 * Version 1.3 (RSASSA-PKCS1-v1_5 with SHA-256; chef-rfc 065) is what every supported server speaks; 1.0 (raw RSA over a
 * SHA-1 text) is for servers before 12.4.0. https://docs.chef.io/server/api_chef_server/#authentication-headers
 */
export type SigningVersion = "1.3" | "1.0";

export interface SignRequest {
  /** HTTP method, any case. */
  readonly method: string;
  /** Path as the server sees it; a query string does not take part. */
  readonly path: string;
  /** The bytes that are sent; empty without a body. */
  readonly body: string;
  /** Name of the client or user that signs. */
  readonly user: string;
  readonly time: Date;
  /** `X-Ops-Server-API-Version`, 0 or more; the server's range stands at `GET /server_api_version`. */
  readonly apiVersion: number;
}

/** Characters of one `X-Ops-Authorization-N` header. */
const headerLength = 60;

const signInPool = promisify(signBytes);

/**
 * Headers of a signed request; the signature is cut into numbered headers from 1 without a gap. A signature of a
 * 2,048-bit key takes about a millisecond; version 1.3 computes it outside the event loop.
 */
export async function signedHeaders(request: SignRequest, key: KeyObject, version: SigningVersion): Promise<Record<string, string>> {
  const algorithm = version === "1.3" ? "sha256" : "sha1";
  const text = Buffer.from(canonicalText(request, version));
  const signature = version === "1.3" ? await signInPool("sha256", text, key) : rawSignature(text, key, request.user);
  const headers: Record<string, string> = {
    "X-Ops-Sign": `algorithm=${algorithm};version=${version};`,
    "X-Ops-Userid": request.user,
    "X-Ops-Timestamp": timestamp(request.time),
    "X-Ops-Content-Hash": digest(algorithm, request.body),
    "X-Ops-Server-API-Version": String(request.apiVersion),
  };
  const encoded = signature.toString("base64");
  for (let start = 0, number = 1; start < encoded.length; start += headerLength, number++) {
    headers[`X-Ops-Authorization-${number}`] = encoded.slice(start, start + headerLength);
  }
  return headers;
}

/** The text that is signed: seven lines for 1.3, five for 1.0, without a newline at the end. */
export function canonicalText(request: SignRequest, version: SigningVersion): string {
  const path = canonicalPath(request.path);
  if (version === "1.0") {
    return [
      `Method:${request.method.toUpperCase()}`,
      `Hashed Path:${digest("sha1", path)}`,
      `X-Ops-Content-Hash:${digest("sha1", request.body)}`,
      `X-Ops-Timestamp:${timestamp(request.time)}`,
      `X-Ops-UserId:${request.user}`,
    ].join("\n");
  }
  return [
    `Method:${request.method.toUpperCase()}`,
    `Path:${path}`,
    `X-Ops-Content-Hash:${digest("sha256", request.body)}`,
    "X-Ops-Sign:version=1.3",
    `X-Ops-Timestamp:${timestamp(request.time)}`,
    `X-Ops-UserId:${request.user}`,
    `X-Ops-Server-API-Version:${request.apiVersion}`,
  ].join("\n");
}

/** Runs of slashes become one, a slash at the end goes unless it is all there is, the query string goes. */
export function canonicalPath(path: string): string {
  const [withoutQuery = ""] = path.split("?");
  const single = withoutQuery.replace(/\/+/g, "/");
  return single.length > 1 ? single.replace(/\/$/, "") : single;
}

/** UTC with whole seconds: the server's parser answers 401 to milliseconds. */
export function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

const digest = (algorithm: "sha1" | "sha256", text: string) => createHash(algorithm).update(text).digest("base64");

/** 1.0 signs the text itself, so it must fit the key: its bytes less 11 for the padding. */
function rawSignature(text: Buffer, key: KeyObject, user: string): Buffer {
  const room = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8 - 11;
  if (text.length > room) {
    throw new RangeError(
      `Chef signing protocol 1.0 cannot sign for ${user}: the text has ${text.length} bytes and this key takes ${room}; use a shorter client name, a longer key, or protocol 1.3`,
    );
  }
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, text);
}
