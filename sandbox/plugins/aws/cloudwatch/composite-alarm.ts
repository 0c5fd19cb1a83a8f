import { object, same, tagsOf } from "../codec.ts";
import type { Context } from "../context.ts";
import { byInput } from "../definition.ts";
import type { Definition } from "../definition.ts";
import { awsTags, tagChanges, tagsOfCreate } from "../tags.ts";
import { textOf } from "../../protocol/values.ts";
import type { Properties } from "../../protocol/values.ts";
import { deleteAlarm, names } from "./alarms.ts";

const parameters = object({
  ...same("actionsEnabled", "alarmDescription", "alarmName", "alarmRule"),
  alarmActions: names,
  insufficientDataActions: names,
  okActions: ["OKActions", names],
});

/** The provider keeps the suppressing alarm and its two periods together. */
function suppressor(inputs: Properties) {
  const given = inputs["actionsSuppressor"] as { alarm: string; extensionPeriod: number; waitPeriod: number } | undefined;
  if (given === undefined) return {};
  return {
    ActionsSuppressor: given.alarm,
    ActionsSuppressorExtensionPeriod: given.extensionPeriod,
    ActionsSuppressorWaitPeriod: given.waitPeriod,
  };
}

const put = (inputs: Properties, tags: object, context: Context) =>
  context.aws("cloudwatch", "PutCompositeAlarm", { ...parameters.encode(inputs), ...suppressor(inputs), ...tags });

export const definition: Definition = {
  token: "aws:cloudwatch/compositeAlarm:CompositeAlarm",
  defaults: { actionsEnabled: true },
  sets: ["alarmActions", "insufficientDataActions", "okActions"],
  // A rule written over several lines is the same rule.
  same: { alarmRule: (one, other) => textOf(one).trim() === textOf(other).trim() },
  async create(inputs, context) {
    await put(inputs, tagsOfCreate(inputs, context), context);
    return inputs["alarmName"] as string;
  },
  find: byInput("alarmName"),
  async read(id, _state, context) {
    const page = await context.aws("cloudwatch", "DescribeAlarms", { AlarmNames: [id], AlarmTypes: ["CompositeAlarm"] });
    const alarm = page.CompositeAlarms?.[0];
    if (alarm === undefined) return undefined;
    const { Tags } = await context.aws("cloudwatch", "ListTagsForResource", { ResourceARN: alarm.AlarmArn });
    return {
      ...parameters.decodeAll(alarm),
      alarmDescription: alarm.AlarmDescription === "" ? undefined : alarm.AlarmDescription,
      actionsSuppressor: alarm.ActionsSuppressor
        ? {
            alarm: alarm.ActionsSuppressor,
            extensionPeriod: alarm.ActionsSuppressorExtensionPeriod ?? 0,
            waitPeriod: alarm.ActionsSuppressorWaitPeriod ?? 0,
          }
        : undefined,
      arn: alarm.AlarmArn,
      tagsAll: tagsOf(Tags),
    };
  },
  async update({ olds, news, changed }, context) {
    if ([...changed].some((key) => key !== "tags" && key !== "tagsAll")) await put(news, {}, context);
    const { set, removed } = tagChanges(olds, news, changed, context);
    const ResourceARN = olds["arn"];
    if (removed.length > 0) await context.aws("cloudwatch", "UntagResource", { ResourceARN, TagKeys: removed });
    if (set !== undefined) await context.aws("cloudwatch", "TagResource", { ResourceARN, Tags: awsTags(set) });
  },
  delete: deleteAlarm,
};
