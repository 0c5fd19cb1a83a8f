/** Reads a request that comes from outside, in an environment variable as JSON: every fault is named at once. */
import { exitCodes, OpsError } from "./exit-codes.ts";

/** What is allowed, when the value is not. */
export type Check = (value: unknown) => string | undefined;

export const text =
  (pattern: RegExp, allowed: string): Check =>
  (value) =>
    typeof value === "string" && pattern.test(value) ? undefined : allowed;

export const whole =
  (min: number, max: number): Check =>
  (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? undefined
      : `a whole number from ${min} to ${max}`;

export const texts: Check = (value) =>
  Array.isArray(value) && value.every((one) => typeof one === "string") ? undefined : "a list of texts";
export const flag: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");

export interface RequestShape {
  /** Name of the environment variable. */
  readonly variable: string;
  /** What the request asks for, for people: `a roll-out`. */
  readonly asksFor: string;
  readonly required: Readonly<Record<string, Check>>;
  readonly optional: Readonly<Record<string, Check>>;
}

const at = (value: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
      value,
    );

/**
 * Unknown keys are passed over: a newer release may have written them. Of optional keys that belong together
 * (`group.one`, `group.other`) all are asked for once one is there.
 * @throws OpsError `usage` that lists every fault
 */
export function parseRequest(json: string | undefined, { variable, asksFor, required, optional }: RequestShape): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json ?? "");
  } catch (error) {
    const found = json === undefined ? "is not set" : `is no JSON (${(error as Error).message})`;
    throw new OpsError(
      exitCodes.usage,
      `${variable} ${found}: it holds the request of ${asksFor}; run the same Pulumi command again, which sets it.`,
    );
  }
  const isAsked = (path: string) =>
    at(value, path) !== undefined || (path.includes(".") && at(value, path.slice(0, path.lastIndexOf("."))) !== undefined);
  const checks = [...Object.entries(required), ...Object.entries(optional).filter(([path]) => isAsked(path))];
  const faults = checks.map(([path, check]) => fault(path, at(value, path), check)).filter((one) => one !== undefined);
  if (faults.length > 0) throw new OpsError(exitCodes.usage, `${variable} is wrong; nothing was changed:\n${faults.join("\n")}`);
  return value;
}

function fault(path: string, value: unknown, check: Check): string | undefined {
  const allowed = check(value);
  return allowed === undefined ? undefined : `- ${path} is ${value === undefined ? "missing" : JSON.stringify(value)}; allowed: ${allowed}`;
}
