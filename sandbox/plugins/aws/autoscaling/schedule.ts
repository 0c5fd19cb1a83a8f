import { instant, object, same } from "../codec.ts";
import type { Context } from "../context.ts";
import { byInput, madeAnew } from "../definition.ts";
import type { Definition } from "../definition.ts";
import type { Properties } from "../../protocol/values.ts";
import { unlessNotFound } from "./find-group.ts";

const parameters = object({
  autoscalingGroupName: "AutoScalingGroupName",
  ...same("desiredCapacity", "maxSize", "minSize", "recurrence", "scheduledActionName", "timeZone"),
  endTime: instant,
  startTime: instant,
});
const sizes = ["minSize", "maxSize", "desiredCapacity"];
/** Stands for "leave this size alone". */
const unset = -1;

/** As with the provider: a size that is not given is 0, and -1 leaves the group's own. */
async function put(inputs: Properties, context: Context): Promise<void> {
  const given = Object.fromEntries(sizes.map((key) => [key, inputs[key] ?? 0] as const).filter(([, size]) => size !== unset));
  const rest = Object.fromEntries(Object.entries(inputs).filter(([key]) => !sizes.includes(key)));
  await context.aws("autoscaling", "PutScheduledUpdateGroupAction", parameters.encode({ ...rest, ...given }));
}

export const definition: Definition = {
  token: "aws:autoscaling/schedule:Schedule",
  validate: (inputs) =>
    ["startTime", "endTime"]
      .filter(
        (key) => typeof inputs[key] === "string" && !/^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|[0-9a-f]{8}-[0-9a-f-]{27})$/.test(inputs[key]),
      )
      .map((key) => ({ property: key, reason: `${key} is ${JSON.stringify(inputs[key])}, but must look like "2026-01-31T08:00:00Z"` })),
  preview: () => ({ desiredCapacity: 0, maxSize: 0, minSize: 0, recurrence: "", timeZone: "", endTime: "" }),
  following: (changed) => (changed.has("recurrence") ? madeAnew("startTime") : {}),
  async create(inputs, context) {
    await put(inputs, context);
    return inputs["scheduledActionName"] as string;
  },
  find: byInput("scheduledActionName"),
  async read(id, state, context) {
    const AutoScalingGroupName = state["autoscalingGroupName"];
    const input = { AutoScalingGroupName, ScheduledActionNames: [id] };
    const page = await unlessNotFound(context.aws("autoscaling", "DescribeScheduledActions", input));
    const action = page?.ScheduledUpdateGroupActions?.[0];
    if (action === undefined) return undefined;
    const decoded = parameters.decodeAll(action);
    return {
      ...decoded,
      ...Object.fromEntries(sizes.map((key) => [key, decoded[key] ?? unset])),
      ...Object.fromEntries(["recurrence", "timeZone", "startTime", "endTime"].map((key) => [key, decoded[key] ?? ""])),
      arn: action.ScheduledActionARN,
    };
  },
  async update({ news }, context) {
    await put(news, context);
  },
  async delete(id, state, context) {
    const input = { AutoScalingGroupName: state["autoscalingGroupName"], ScheduledActionName: id };
    await unlessNotFound(context.aws("autoscaling", "DeleteScheduledAction", input));
  },
};
