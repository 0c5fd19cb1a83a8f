/**
 * Things that are secrets whatever setting they stand in. Settings name parameters and secrets, they never hold them; a
 * value that matches is refused and not repeated anywhere.
 */
const patterns: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*(?:PRIVATE KEY|CERTIFICATE)[^]*/, // a key, or a file that goes with one
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, // AWS access key id
  /(?<=^|["'\s=.])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*\d)[A-Za-z0-9/+]{40}(?=$|["'\s,])/, // AWS secret access key
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/, // JSON web token
  /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}|glpat-[\w-]{20}|xox[abpr]-[\w-]{10,}|pul-[0-9a-f]{40})/, // tokens that say what they are
  /\b(?:password|passwd|secret|token)\s*=\s*\S{6,}/i,
  /:\/\/[^\s/:@]+:[^\s/@]+@/, // credentials in a URL
];

export function looksLikeSecret(text: string): boolean {
  return patterns.some((pattern) => pattern.test(text));
}

/** `text` without what looks like a secret in it: names of settings can be pasted secrets too. */
export function redacted(text: string): string {
  return patterns.reduce((rest, pattern) => rest.replace(new RegExp(pattern, `${pattern.flags}g`), "(withheld)"), text);
}

const longestShown = 80;
const withheld = "a value that looks like a secret and is not repeated here";

/** A wrong value for an error message; what may be a secret, or is long, is described and not repeated. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value);
  if (looksLikeSecret(text)) return withheld;
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}
