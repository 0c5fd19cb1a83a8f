import { isObject } from "../protocol/values.ts";
import type { Properties } from "../protocol/values.ts";
import type { AwsTag } from "./codec.ts";
import type { Context } from "./context.ts";

export interface TagChanges {
  /** Tags to put on, undefined when there are none. */
  readonly set: Record<string, string> | undefined;
  /** Keys to take off. */
  readonly removed: string[];
}

/** What has to be done to the tags of a resource; nothing unless `changed` has `tagsAll`. */
export function tagChanges(olds: Properties, news: Properties, changed: ReadonlySet<string>, context: Context): TagChanges {
  if (!changed.has("tagsAll")) return { set: undefined, removed: [] };
  const before = isObject(olds["tagsAll"]) ? olds["tagsAll"] : {};
  const after = context.allTags(news);
  const set = Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value));
  return { set: Object.keys(set).length > 0 ? set : undefined, removed: Object.keys(before).filter((key) => !(key in after)) };
}

export const awsTags = (tags: Readonly<Record<string, string>>): AwsTag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** `Tags` of a create call, absent when there are none. */
export function tagsOfCreate(inputs: Properties, context: Context): { Tags?: AwsTag[] } {
  const tags = awsTags(context.allTags(inputs));
  return tags.length > 0 ? { Tags: tags } : {};
}
