/** Finds credentials in text. Gives what kind and where, never the text itself. */
import { gunzipSync } from "node:zlib";

const patterns: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
  { what: "an AWS access key id", pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/ },
  { what: "an AWS secret access key", pattern: /aws_?secret_?access_?key["']?\s*[:=]\s*["']?[A-Za-z0-9/+]{40}/i },
  { what: "a private key", pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/ },
  { what: "a GitHub token", pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,})/ },
  { what: "a Slack token", pattern: /\bxox[abprs]-[A-Za-z0-9-]{10,}/ },
  { what: "a password in a URL", pattern: /[a-z][a-z0-9+.-]*:\/\/[^\s/:@$]+:[^\s/@$]+@/i },
  // A value that begins with $ or < is a reference or a placeholder.
  { what: "a password or token", pattern: /(?:password|passwd|secret|api_?key|auth_?token)["']?\s*[:=]\s*["']?(?![$<{])[^\s"']{8,}/i },
];

/** Names a secret without holding it. */
const arn = /\barn:[a-z-]+:[\w:/+=,.@-]+/g;

export interface Found {
  readonly what: string;
  /** From 1. */
  readonly line: number;
}

export function credentialsIn(text: string): Found[] {
  return text.split("\n").flatMap((line, index) => {
    const plain = line.replace(arn, "");
    const found = patterns.find(({ pattern }) => pattern.test(plain));
    return found ? [{ what: found.what, line: index + 1 }] : [];
  });
}

/** Names whose value is a credential unless it is a reference: an ARN, a path of a parameter, a name. */
const credentialName = /(?:password|passwd|secret|api_?key|private_?key|access_?key|token)$/i;
const credentialValue = /^(?!arn:|\/|\$|https?:)(?=\S{16,}$)(?=.*[A-Za-z])(?=.*\d)/;

/** What an environment variable gives away, by its name or by its value. */
export function credentialInVariable(name: string, value: string): string | undefined {
  const [found] = credentialsIn(value);
  if (found) return found.what;
  return credentialName.test(name) && credentialValue.test(value) ? "a password or token" : undefined;
}

const gzipMagic = Buffer.from([0x1f, 0x8b]);
/** User data is at most 16 KiB; what unpacks to more than this is no script. */
const largestScriptBytes = 4 << 20;

/** User data as the instance reads it: decoded, and unpacked when it is compressed. */
export function decodedUserData(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  if (!bytes.subarray(0, 2).equals(gzipMagic)) return bytes.toString("utf8");
  try {
    return gunzipSync(bytes, { maxOutputLength: largestScriptBytes }).toString("utf8");
  } catch {
    return bytes.toString("latin1");
  }
}
