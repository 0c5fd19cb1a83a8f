/** What a roll-out request may hold. */
import { rolloutVariable, type RolloutRequest } from "../../contract/state-commands.ts";
import { flag, parseRequest, text, texts, whole, type Check, type RequestShape } from "../request.ts";

const required: RequestShape["required"] = {
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

/** For what stands beside keys that are required together. */
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined ? undefined : check(value);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const weights: Check = (value) =>
  isRecord(value) && Object.values(value).every((one) => whole(1, 999)(one) === undefined) ? undefined : "a weight for each type, 1 to 999";

const attributes: Check = (value) =>
  isRecord(value) && isRecord(value["vCpus"]) && isRecord(value["memoryMiB"]) ? undefined : "attributes of instance types";

const checkpoints: Check = maybe((value) => {
  const percentages = isRecord(value) ? value["percentages"] : undefined;
  const right = Array.isArray(percentages) && percentages.every((one) => whole(1, 100)(one) === undefined);
  return right && isRecord(value) && whole(0, 172_800)(value["delaySeconds"]) === undefined
    ? undefined
    : "percentages from 1 to 100, and delaySeconds from 0 to 172800";
});

const optional: RequestShape["optional"] = {
  "preferences.checkpoints": checkpoints,
  "preferences.bakeSeconds": maybe(whole(0, 172_800)),
  roleArn: text(/^arn:[a-z-]+:iam::\d{12}:role\/.+$/, "the ARN of a role"),
  "mixedInstances.types": texts,
  "mixedInstances.onDemandBaseCapacity": whole(0, 100_000),
  "mixedInstances.onDemandPercentageAboveBase": whole(0, 100),
  "mixedInstances.spotAllocationStrategy": text(/^[a-z-]+$/, "a spot allocation strategy"),
  "mixedInstances.onDemandAllocationStrategy": maybe(text(/^[a-z-]+$/, "an on-demand allocation strategy")),
  "mixedInstances.spotMaxPrice": maybe(text(/^\d+(\.\d+)?$/, "a price in USD an hour")),
  "mixedInstances.weights": maybe(weights),
  "mixedInstances.attributes": maybe(attributes),
};

/** @throws OpsError `usage` that lists every fault */
export function parseRolloutRequest(json: string | undefined): RolloutRequest {
  return parseRequest(json, { variable: rolloutVariable, asksFor: "a roll-out", required, optional }) as RolloutRequest;
}
