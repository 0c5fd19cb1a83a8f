/** Reads a roll-out request that comes from outside: every fault is named at once. */
import { rolloutVariable, type RolloutRequest } from "../../contract/state-commands.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";

type Check = (value: unknown) => string | undefined;

const text =
  (pattern: RegExp, allowed: string): Check =>
  (value) =>
    typeof value === "string" && pattern.test(value) ? undefined : allowed;

const whole =
  (min: number, max: number): Check =>
  (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? undefined
      : `a whole number from ${min} to ${max}`;

const texts: Check = (value) => (Array.isArray(value) && value.every((one) => typeof one === "string") ? undefined : "a list of texts");
const flag: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");

const required: Readonly<Record<string, Check>> = {
  group: text(/^\S(.{0,253}\S)?$/, "the name of an Auto Scaling group"),
  launchTemplateId: text(/^lt-[0-9a-f]{8,17}$/, "a launch template id, lt-…"),
  launchTemplateVersion: text(/^[1-9]\d*$/, 'a version number as text, not "$Latest" or "$Default": only a number can be rolled back'),
  // Ranges of https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
  "preferences.minHealthyPercent": whole(0, 100),
  "preferences.maxHealthyPercent": whole(100, 200),
  "preferences.warmupSeconds": whole(0, 86_400),
  "preferences.alarms": texts,
  minSize: whole(0, 100_000),
  region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, "an AWS region"),
  accountId: text(/^\d{12}$/, "an account id of twelve digits"),
  wait: flag,
  timeoutSeconds: whole(1, 172_800),
};

const optional: Readonly<Record<string, Check>> = {
  roleArn: text(/^arn:[a-z-]+:iam::\d{12}:role\/.+$/, "the ARN of a role"),
  "mixedInstances.types": texts,
  "mixedInstances.onDemandBaseCapacity": whole(0, 100_000),
  "mixedInstances.onDemandPercentageAboveBase": whole(0, 100),
  "mixedInstances.spotAllocationStrategy": text(/^[a-z-]+$/, "a spot allocation strategy"),
};

const at = (value: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
      value,
    );

/**
 * Unknown keys are passed over: a newer release may have written them.
 * @throws OpsError `usage` that lists every fault
 */
export function parseRolloutRequest(json: string | undefined): RolloutRequest {
  let value: unknown;
  try {
    value = JSON.parse(json ?? "");
  } catch (error) {
    const found = json === undefined ? "is not set" : `is no JSON (${(error as Error).message})`;
    throw new OpsError(
      exitCodes.usage,
      `${rolloutVariable} ${found}: it holds the request of a roll-out; run "pulumi up" again, which sets it.`,
    );
  }
  const mixed = at(value, "mixedInstances") !== undefined;
  const faults = [
    ...Object.entries(required).map(([path, check]) => fault(path, at(value, path), check)),
    ...Object.entries(optional).map(([path, check]) => {
      const found = at(value, path);
      return found === undefined && !(mixed && path.startsWith("mixedInstances.")) ? undefined : fault(path, found, check);
    }),
  ].filter((one) => one !== undefined);
  if (faults.length > 0) throw new OpsError(exitCodes.usage, `${rolloutVariable} is wrong; nothing was changed:\n${faults.join("\n")}`);
  return value as RolloutRequest;
}

function fault(path: string, value: unknown, check: Check): string | undefined {
  const allowed = check(value);
  return allowed === undefined ? undefined : `- ${path} is ${value === undefined ? "missing" : JSON.stringify(value)}; allowed: ${allowed}`;
}
