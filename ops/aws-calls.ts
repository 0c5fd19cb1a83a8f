/** How every client of the operations commands calls AWS: time-outs, tries, and what an error means for the caller. */
import { exitCodes, OpsError } from "./exit-codes.ts";

/** A reachable endpoint accepts within a round trip or two; 5 s leaves room for a slow proxy. */
const connectionTimeoutMs = 5_000;
/** The slowest call used here (DescribeImages without a cache) answers within 20 s. */
const requestTimeoutMs = 30_000;
/** First try and four more, with the SDK's exponential back-off and jitter: about 10 s in all. */
const maxAttempts = 5;

/**
 * Arguments of every SDK client. Credentials and profile come from the environment as with the AWS CLI, and so does the
 * endpoint: AWS_ENDPOINT_URL, which the sandbox sets.
 */
export function clientArguments(region: string) {
  return {
    region,
    maxAttempts,
    requestHandler: { connectionTimeout: connectionTimeoutMs, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
  };
}

export type ErrorKind = "expired" | "denied" | "transient" | "other";

const expired = new Set(["ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "TokenRefreshRequired"]);
const denied = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "UnauthorizedOperation",
  "AuthFailure",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
  "CredentialsProviderError",
]);
const transient = new Set([
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "RequestTimeout",
  "RequestTimeoutException",
  "TimeoutError",
  "InternalFailure",
  "InternalError",
  "ServiceUnavailable",
  "ServiceUnavailableException",
]);
const transientSystemCodes = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "ETIMEDOUT",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

interface ServiceFailure {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const failureOf = (error: unknown): ServiceFailure => (typeof error === "object" && error !== null ? error : {});

/** Name of the error in AWS's terms, for example `ValidationError`. */
export const errorName = (error: unknown): string => failureOf(error).name ?? "Error";

/** Whether waiting, or other credentials, could mend `error`. */
export function classify(error: unknown): ErrorKind {
  const { name = "", code = "", $metadata } = failureOf(error);
  if (expired.has(name)) return "expired";
  if (denied.has(name)) return "denied";
  if (transient.has(name) || transientSystemCodes.has(code) || ($metadata?.httpStatusCode ?? 0) >= 500) return "transient";
  return "other";
}

const advice: Readonly<Record<ErrorKind, string>> = {
  expired: "The credentials have expired: get new ones and run the same command again.",
  denied: "Check AWS_PROFILE or the role, and that its policy allows this call.",
  transient: "AWS did not answer after several tries: check the network and run the same command again.",
  other: "Correct what AWS names and run the same command again.",
};

/** Runs one call; its failure becomes an error that says what was tried, what AWS said and what to do. */
export async function calling<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const kind = classify(error);
    const { name, message, code } = failureOf(error);
    const said = message || code || "no message";
    throw new OpsError(
      kind === "denied" ? exitCodes.denied : exitCodes.aws,
      `${what} failed: ${name ?? "Error"}: ${said}. ${advice[kind]}`,
      { cause: error },
    );
  }
}
