/** What a roll-out request may hold. */
import { rolloutVariable, type RolloutRequest } from "../../contract/state-commands.ts";
import { flag, parseRequest, text, texts, whole, type RequestShape } from "../request.ts";

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

const optional: RequestShape["optional"] = {
  roleArn: text(/^arn:[a-z-]+:iam::\d{12}:role\/.+$/, "the ARN of a role"),
  "mixedInstances.types": texts,
  "mixedInstances.onDemandBaseCapacity": whole(0, 100_000),
  "mixedInstances.onDemandPercentageAboveBase": whole(0, 100),
  "mixedInstances.spotAllocationStrategy": text(/^[a-z-]+$/, "a spot allocation strategy"),
};

/** @throws OpsError `usage` that lists every fault */
export function parseRolloutRequest(json: string | undefined): RolloutRequest {
  return parseRequest(json, { variable: rolloutVariable, asksFor: "a roll-out", required, optional }) as RolloutRequest;
}
