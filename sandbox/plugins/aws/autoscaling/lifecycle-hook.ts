import { object, same } from "../codec.ts";
import type { Context } from "../context.ts";
import { byInput } from "../definition.ts";
import type { Definition } from "../definition.ts";
import type { Properties } from "../../protocol/values.ts";
import { unlessNotFound } from "./find-group.ts";

const parameters = object({
  autoscalingGroupName: "AutoScalingGroupName",
  ...same("defaultResult", "heartbeatTimeout", "lifecycleTransition", "notificationMetadata"),
  name: "LifecycleHookName",
  notificationTargetArn: "NotificationTargetARN",
  roleArn: "RoleARN",
});

/** A put keeps what it does not name; an empty target takes the old one away. */
async function put(inputs: Properties, context: Context, cleared: Readonly<Record<string, string>> = {}): Promise<void> {
  await context.aws("autoscaling", "PutLifecycleHook", { ...cleared, ...parameters.encode(inputs) });
}

/** The id is the hook's name; an import gives `group/hook`. */
function placeOf(id: string, state: Properties): { AutoScalingGroupName: string; hook: string } {
  const given = state["autoscalingGroupName"];
  if (typeof given === "string") return { AutoScalingGroupName: given, hook: id };
  const [group = "", ...hook] = id.split("/");
  return { AutoScalingGroupName: group, hook: hook.join("/") };
}

export const definition: Definition = {
  token: "aws:autoscaling/lifecycleHook:LifecycleHook",
  naming: { maxLength: 255 },
  validate({ heartbeatTimeout: seconds, defaultResult: result }) {
    const faults = [];
    if (typeof seconds === "number" && (seconds < 30 || seconds > 7200))
      faults.push({ property: "heartbeatTimeout", reason: `heartbeatTimeout is ${seconds} seconds; allowed are 30 to 7200` });
    if (typeof result === "string" && !/^(?:CONTINUE|ABANDON|[0-9a-f]{8}-.*)$/.test(result))
      faults.push({ property: "defaultResult", reason: `defaultResult is ${JSON.stringify(result)}; allowed are CONTINUE and ABANDON` });
    return faults;
  },
  preview: () => ({ defaultResult: "ABANDON", heartbeatTimeout: undefined }),
  async create(inputs, context) {
    await put(inputs, context);
    return inputs["name"] as string;
  },
  find: byInput("name"),
  async read(id, state, context) {
    const { AutoScalingGroupName, hook } = placeOf(id, state);
    const input = { AutoScalingGroupName, LifecycleHookNames: [hook] };
    const found = await unlessNotFound(context.aws("autoscaling", "DescribeLifecycleHooks", input));
    const [one] = found?.LifecycleHooks ?? [];
    return one && parameters.decodeAll(one);
  },
  async update({ olds, news, changed }, context) {
    const gone = ["notificationTargetArn", "roleArn", "notificationMetadata"].filter((key) => changed.has(key) && news[key] === undefined);
    const old = parameters.encodeOnly(olds, ["autoscalingGroupName", "name"]);
    // Metadata cannot be cleared by a put: the hook is made anew.
    if (gone.includes("notificationMetadata")) await unlessNotFound(context.aws("autoscaling", "DeleteLifecycleHook", old));
    await put(news, context, gone.includes("notificationTargetArn") ? { NotificationTargetARN: "" } : {});
  },
  async delete(id, state, context) {
    const { AutoScalingGroupName, hook } = placeOf(id, state);
    await unlessNotFound(context.aws("autoscaling", "DeleteLifecycleHook", { AutoScalingGroupName, LifecycleHookName: hook }));
  },
};
