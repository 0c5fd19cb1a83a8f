/** Bodies of any kind, near and far from what Auto Scaling sends. */
import fc from "fast-check";
import { group, ours, wrapped } from "./messages.ts";

const keys = fc.constantFrom(
  "Type",
  "Message",
  "Event",
  "EC2InstanceId",
  "AccountId",
  "AutoScalingGroupName",
  "detail",
  "detail-type",
  "source",
  "LifecycleTransition",
);
const values = fc.oneof(
  fc.constantFrom(
    "Notification",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "aws.autoscaling",
    group,
    "i-0123456789abcdef0",
    "*",
    ours.accountId,
  ),
  fc.jsonValue(),
);

export const anyBody: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.json(),
  fc.dictionary(keys, values).map((fields) => JSON.stringify(fields)),
  fc.dictionary(keys, values).map(wrapped),
);
