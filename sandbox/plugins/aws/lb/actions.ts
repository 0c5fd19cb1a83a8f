/** Actions of listeners and rules, both ways. */
import { list, object, same } from "../codec.ts";
import type { Codec } from "../codec.ts";
import { isObject } from "../../protocol/values.ts";
import type { Value } from "../../protocol/values.ts";

const number: Codec = { encode: (value) => Number(value), decode: (wire) => Number(wire) };
const targets = list(object({ arn: "TargetGroupArn", weight: true }));

const action = object({
  fixedResponse: ["FixedResponseConfig", object(same("contentType", "messageBody", "statusCode"))],
  forward: [
    "ForwardConfig",
    object({ stickiness: ["TargetGroupStickinessConfig", object({ duration: "DurationSeconds", enabled: true })], targetGroups: targets }),
  ],
  order: ["Order", number],
  redirect: ["RedirectConfig", object(same("host", "path", "port", "protocol", "query", "statusCode"))],
  targetGroupArn: true,
  type: true,
});

/** Kinds of action whose settings this plugin does not have. */
const unsupported = ["authenticateCognito", "authenticateOidc", "jwtValidation"];

export const actions = list(action);

/** Failures for actions that would be lost on the way. */
export function actionFailures(property: string, value: Value | undefined) {
  return (Array.isArray(value) ? value : []).flatMap((one, index) =>
    unsupported
      .filter((key) => isObject(one) && one[key] !== undefined)
      .map((key) => ({
        property: `${property}[${index}].${key}`,
        reason: `${property}[${index}].${key} is not supported by the sandbox's AWS provider`,
      })),
  );
}

/**
 * AWS answers a plain forward in both its forms, one target group and a list of one. The state keeps the form that was
 * given, else the plain one.
 */
export function actionsFrom(wire: unknown, given: Value | undefined): Value | undefined {
  const decoded = actions.decode(wire ?? []);
  if (!Array.isArray(decoded)) return undefined;
  return decoded.map((one, index) => {
    const before = Array.isArray(given) ? given[index] : undefined;
    if (!isObject(one) || one["type"] !== "forward") return one;
    const { forward, targetGroupArn, ...rest } = one;
    const wantsForward = isObject(before) && before["forward"] !== undefined;
    if (wantsForward && forward !== undefined) return { ...rest, forward };
    return targetGroupArn === undefined ? one : { ...rest, targetGroupArn };
  });
}
