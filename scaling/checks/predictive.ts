import { predictiveMetricPairs } from "../../contract/scaling-policies.ts";
import type { PredictiveScaling } from "../../contract/scaling-policies.ts";
import { checkOneOf, checkWhole, fault } from "./fault.ts";
import type { Fault } from "./fault.ts";
import { checkResourceLabel } from "./tracking.ts";

/** SchedulingBufferTime: an hour, the step of the forecast. */
const longestBufferSeconds = 3600;

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredictiveScalingConfiguration.html */
export function checkPredictive(policy: PredictiveScaling): Fault[] {
  const { target, predefined, resourceLabel } = policy;
  return [
    ...(Number.isFinite(target) && target > 0 ? [] : [fault("target", target, "a number greater than 0")]),
    ...checkOneOf("predefined", predefined, predictiveMetricPairs),
    ...checkResourceLabel("resourceLabel", resourceLabel, predefined === "ALBRequestCount"),
    ...checkOneOf("mode", policy.mode, ["ForecastOnly", "ForecastAndScale"]),
    ...checkWhole("bufferSeconds", policy.bufferSeconds, 0, longestBufferSeconds),
    ...checkWhole("beyondMaximumPercent", policy.beyondMaximumPercent, 0, 100),
  ];
}
