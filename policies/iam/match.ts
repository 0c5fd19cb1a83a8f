/** Three-valued matching: what a request says, what a document asks, and "that cannot be told". */

export type Answer = "yes" | "no" | "unknown";

export const not = (answer: Answer): Answer => (answer === "unknown" ? "unknown" : answer === "yes" ? "no" : "yes");

/** `no` if one is, else `unknown` if one is. */
export function every(answers: Iterable<Answer>): Answer {
  let result: Answer = "yes";
  for (const answer of answers) {
    if (answer === "no") return "no";
    if (answer === "unknown") result = "unknown";
  }
  return result;
}

/** `yes` if one is, else `unknown` if one is. */
export function some(answers: Iterable<Answer>): Answer {
  let result: Answer = "no";
  for (const answer of answers) {
    if (answer === "yes") return "yes";
    if (answer === "unknown") result = "unknown";
  }
  return result;
}

export const yesIf = (condition: boolean): Answer => (condition ? "yes" : "no");

const cache = new Map<string, RegExp>();

/** A pattern with `*` (any text) and `?` (one character), as in actions, resources and `StringLike`. */
export function wildcard(pattern: string, text: string, ignoreCase = false): boolean {
  const key = `${ignoreCase ? "i" : "c"}${pattern}`;
  let expression = cache.get(key);
  if (!expression) {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", "[^]*")
      .replaceAll("?", "[^]");
    expression = new RegExp(`^${source}$`, ignoreCase ? "i" : "");
    cache.set(key, expression);
  }
  return expression.test(text);
}

/** ARNs match part by part: a wildcard does not reach over a colon, except in the last part. */
export function arnMatches(pattern: string, arn: string): boolean {
  const split = (text: string) => {
    const parts = text.split(":");
    return [...parts.slice(0, 5), parts.slice(5).join(":")];
  };
  const [wanted, given] = [split(pattern), split(arn)];
  if (pattern === "*") return true;
  if (pattern.split(":").length < 6 || arn.split(":").length < 6) return pattern === arn;
  return wanted.every((part, index) => wildcard(part, given[index] ?? ""));
}

/** A policy variable takes its value from the request, which is not followed here. */
export const hasVariable = (text: string) => /\$\{[^}*?$]+\}/.test(text);
