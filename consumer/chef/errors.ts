/**
 * What can go wrong between us and a Chef server, told apart because each needs another answer:
 * an operator mends `authentication`, `clockSkew`, `permission`, `missingOrganization`, `licence`, `apiVersion` and
 * `badRequest`; `overload` and `network` pass by themselves.
 */
export type ChefFailureKind =
  | "authentication"
  | "clockSkew"
  | "permission"
  | "missingOrganization"
  | "notFound"
  | "licence"
  | "apiVersion"
  | "badRequest"
  | "overload"
  | "network";

export class ChefError extends Error {
  override readonly name = "ChefError";
  readonly kind: ChefFailureKind;
  /** HTTP status, or undefined when no answer came. */
  readonly status: number | undefined;
  /** Seconds the server asked to wait (Retry-After), when it did. */
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: ChefFailureKind, message: string, details: { status?: number; retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.kind = kind;
    this.status = details.status;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface RequestFacts {
  readonly method: string;
  /** Path below the server's address. */
  readonly path: string;
  /** Client or user that signed. */
  readonly user: string;
  readonly organization: string;
  /** When the request was signed, milliseconds since 1970. */
  readonly signedAtMs: number;
}

/** Differences below this are not the clock: the server refuses at 900 s (auth_skew in oc_erchef's configuration). */
const noticeableSkewSeconds = 300;

/**
 * Names the failure of an answer that is not a success. The server checks the organization before the signature and
 * the object before its access list (oc_chef_wm_base), so a 404 has two meanings that only its text tells apart.
 */
export function classify(answer: Answer, facts: RequestFacts): ChefError {
  const text = errorText(answer.body);
  const { status } = answer;
  const details = { status, ...retryAfter(answer.headers) };
  const told = text === "" ? "" : ` (the server says: ${text})`;
  if (status === 401) return unauthorized(answer, facts, told);
  if (status === 403 && /invalid-license/.test(answer.body))
    return new ChefError("licence", `the Chef server refuses every request because of its licence${told}`, details);
  if (status === 403) return new ChefError("permission", permissionText(facts, told), details);
  if (status === 404 && /organization '.*' does not exist/i.test(text)) {
    return new ChefError(
      "missingOrganization",
      `organization ${facts.organization} does not exist on the Chef server: correct the organization in the server's address${told}`,
      details,
    );
  }
  if (status === 404 && isObjectMissing(text)) return new ChefError("notFound", `${facts.path} does not exist`, details);
  if (status === 404)
    return new ChefError("badRequest", `${facts.path} is no address of a Chef server: correct the server's address${told}`, details);
  if (status === 406) return new ChefError("apiVersion", `the Chef server does not speak the API version asked for${told}`, details);
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return new ChefError("overload", `the Chef server answered ${status} to ${facts.method} ${facts.path}${told}`, details);
  return new ChefError("badRequest", `the Chef server answered ${status} to ${facts.method} ${facts.path}${told}`, details);
}

/** `node 'N' not found` and `Cannot load client N` are the server's words for an object that is not there. */
function isObjectMissing(text: string): boolean {
  return /\bnot found\b/i.test(text) || /^cannot load /i.test(text) || /object not found/i.test(text);
}

function unauthorized(answer: Answer, facts: RequestFacts, told: string): ChefError {
  const skew = skewSeconds(answer.headers, facts.signedAtMs);
  if (/synchronize the clock/i.test(answer.body) || (skew !== undefined && Math.abs(skew) >= noticeableSkewSeconds)) {
    const measured = skew === undefined ? "" : `: it is ${Math.abs(skew)} s ${skew > 0 ? "behind" : "ahead of"} the server's`;
    return new ChefError(
      "clockSkew",
      `the Chef server refuses the clock of this machine${measured}; synchronize it (the server allows 900 s)`,
      { status: 401 },
    );
  }
  return new ChefError(
    "authentication",
    `the Chef server does not accept the key of ${facts.user}: check the client's name and key${told}`,
    { status: 401 },
  );
}

/** How far the server's clock is ahead of the moment of signing, by its Date header; whole seconds. */
function skewSeconds(headers: Answer["headers"], signedAtMs: number): number | undefined {
  const serverMs = Date.parse(String(headers["date"] ?? ""));
  return Number.isNaN(serverMs) ? undefined : Math.round((serverMs - signedAtMs) / 1000);
}

function permissionText(facts: RequestFacts, told: string): string {
  return (
    `${facts.user} may not ${facts.method} ${facts.path}${told}. Give it read and delete on nodes and clients: make a group for it, ` +
    `then "knife acl add group GROUP containers nodes read,delete" and the same for clients (objects made from then on), ` +
    `and "knife acl bulk add group GROUP nodes '.*' read,delete" and the same for clients (objects that exist)`
  );
}

function retryAfter(headers: Answer["headers"]): { retryAfterSeconds?: number } {
  const seconds = Number(headers["retry-after"]);
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: seconds } : {};
}

/** The server's `{"error": [...]}` or `{"error": "..."}`, cut short; anything else is not repeated. */
export function errorText(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null || !("error" in parsed)) return "";
    const { error } = parsed;
    const message = "message" in parsed && typeof parsed.message === "string" ? parsed.message : undefined;
    const text = Array.isArray(error)
      ? error.filter((item) => typeof item === "string").join("; ")
      : typeof error === "string"
        ? (message ?? error)
        : "";
    return text.slice(0, 300);
  } catch {
    return "";
  }
}
