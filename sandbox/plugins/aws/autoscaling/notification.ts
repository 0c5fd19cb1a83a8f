import type { Context } from "../context.ts";
import { byInput } from "../definition.ts";
import type { Definition } from "../definition.ts";
import type { Properties } from "../../protocol/values.ts";
import { unlessNotFound } from "./find-group.ts";

const namesOf = (properties: Properties): string[] => properties["groupNames"] as string[];

async function put(groups: readonly string[], properties: Properties, context: Context): Promise<void> {
  for (const AutoScalingGroupName of groups) {
    await context.aws("autoscaling", "PutNotificationConfiguration", {
      AutoScalingGroupName,
      NotificationTypes: properties["notifications"],
      TopicARN: properties["topicArn"],
    });
  }
}

async function remove(groups: readonly string[], topic: unknown, context: Context): Promise<void> {
  for (const AutoScalingGroupName of groups) {
    const input = { AutoScalingGroupName, TopicARN: topic };
    await unlessNotFound(context.aws("autoscaling", "DeleteNotificationConfiguration", input));
  }
}

/** All configurations of the groups; a group that is gone has none. */
async function configurations(groups: readonly string[], context: Context) {
  const found = await Promise.all(
    groups.map((name) =>
      unlessNotFound(context.aws("autoscaling", "DescribeNotificationConfigurations", { AutoScalingGroupNames: [name] })),
    ),
  );
  return found.flatMap((page) => page?.NotificationConfigurations ?? []);
}

export const definition: Definition = {
  token: "aws:autoscaling/notification:Notification",
  sets: ["groupNames", "notifications"],
  async create(inputs, context) {
    await put(namesOf(inputs), inputs, context);
    return inputs["topicArn"] as string;
  },
  find: byInput("topicArn"),
  async read(id, state, context) {
    const groups = Array.isArray(state["groupNames"]) ? namesOf(state) : [];
    const own = (await configurations(groups, context)).filter((one) => one.TopicARN === id);
    if (own.length === 0) return undefined;
    const unique = (values: readonly (string | undefined)[]) => [...new Set(values.map((value) => value ?? ""))].sort();
    return {
      topicArn: id,
      groupNames: unique(own.map((one) => one.AutoScalingGroupName)),
      notifications: unique(own.map((one) => one.NotificationType)),
    };
  },
  async update({ id, olds, news, changed }, context) {
    const [before, after] = [namesOf(olds), namesOf(news)];
    await remove(
      before.filter((name) => !after.includes(name)),
      id,
      context,
    );
    // A put replaces the events of a group, so groups that stay need one only when the events change.
    await put(changed.has("notifications") ? after : after.filter((name) => !before.includes(name)), news, context);
  },
  async delete(id, state, context) {
    await remove(namesOf(state), id, context);
  },
};
