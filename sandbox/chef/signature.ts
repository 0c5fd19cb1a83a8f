import { constants, createHash, publicDecrypt, verify, type KeyObject } from "node:crypto";

/**
 * Verification of the Chef server's signed headers, versions 1.0 to 1.3, written from the server's own verifier
 * (chef_authn.erl) and not from our client, so that the two check each other.
 */
export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Seconds that a client's clock may be off: `auth_skew` of oc_erchef. */
export const allowedSkewSeconds = 900;

const required = ["x-ops-sign", "x-ops-userid", "x-ops-timestamp", "x-ops-content-hash", "x-ops-authorization-1"];

/** Names of headers that are missing, as the server lists them in its 400. */
export function missingHeaders(request: SignedRequest): string[] {
  return required.filter((name) => request.headers[name] === undefined);
}

export type SignVersion = "1.0" | "1.1" | "1.2" | "1.3";

/** Undefined when the version is not supported or does not belong to the algorithm that is named beside it. */
export function signVersion(header: string): SignVersion | undefined {
  const fields = new Map(header.split(";").map((part) => part.trim().split("=", 2) as [string, string | undefined]));
  const version = fields.get("version") ?? "";
  if (!["1.0", "1.1", "1.2", "1.3"].includes(version)) return undefined;
  const algorithm = fields.get("algorithm") ?? (version === "1.3" ? "sha256" : "sha1");
  return algorithm === (version === "1.3" ? "sha256" : "sha1") ? (version as SignVersion) : undefined;
}

/** Milliseconds since 1970; undefined for anything but whole seconds in UTC, as the server's parser has it. */
export function parseTimestamp(text: string): number | undefined {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text) && !Number.isNaN(Date.parse(text)) ? Date.parse(text) : undefined;
}

const base64 = (algorithm: "sha1" | "sha256", data: Buffer | string) => createHash(algorithm).update(data).digest("base64");

function canonicalPath(url: string): string {
  const path = (url.split("?")[0] ?? "").replace(/\/{2,}/g, "/");
  return path === "/" ? path : path.replace(/\/$/, "");
}

const header = (request: SignedRequest, name: string) => String(request.headers[name] ?? "");

/** `X-Ops-Authorization-1`, `-2` … until the first gap. */
function joinedSignature(request: SignedRequest): string {
  const parts: string[] = [];
  for (let number = 1; request.headers[`x-ops-authorization-${number}`] !== undefined; number++) {
    parts.push(header(request, `x-ops-authorization-${number}`));
  }
  return parts.join("");
}

/** The text that must have been signed. The body's hash is taken anew from the bytes that arrived. */
function expectedText(request: SignedRequest, version: SignVersion): string {
  const user = header(request, "x-ops-userid");
  const path = canonicalPath(request.url);
  const time = header(request, "x-ops-timestamp");
  const method = request.method.toUpperCase();
  if (version === "1.3") {
    const api = header(request, "x-ops-server-api-version") || "0";
    const hash = base64("sha256", request.body);
    return `Method:${method}\nPath:${path}\nX-Ops-Content-Hash:${hash}\nX-Ops-Sign:version=1.3\nX-Ops-Timestamp:${time}\nX-Ops-UserId:${user}\nX-Ops-Server-API-Version:${api}`;
  }
  const shownUser = version === "1.0" ? user : base64("sha1", user);
  return `Method:${method}\nHashed Path:${base64("sha1", path)}\nX-Ops-Content-Hash:${base64("sha1", request.body)}\nX-Ops-Timestamp:${time}\nX-Ops-UserId:${shownUser}`;
}

/** Whether the request was signed by the owner of the key. */
export function isSignedBy(request: SignedRequest, version: SignVersion, publicKey: KeyObject): boolean {
  const signature = Buffer.from(joinedSignature(request), "base64");
  const text = Buffer.from(expectedText(request, version));
  try {
    if (version === "1.3") return verify("sha256", text, publicKey, signature);
    if (version === "1.2") return verify("sha1", text, publicKey, signature);
    const sameHash = header(request, "x-ops-content-hash") === base64("sha1", request.body);
    return sameHash && publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature).equals(text);
  } catch {
    return false; // a signature of the wrong length or padding
  }
}
