import { tagsOf } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Update } from "../definition.ts";
import type { Properties } from "../../protocol/values.ts";
import { awsTags, tagChanges } from "../tags.ts";

/** `TagSpecifications` of a create call, absent when there are no tags. */
export function tagSpecifications(resourceType: string, inputs: Properties, context: Context): { TagSpecifications?: unknown[] } {
  const tags = awsTags(context.allTags(inputs));
  return tags.length > 0 ? { TagSpecifications: [{ ResourceType: resourceType, Tags: tags }] } : {};
}

export async function updateEc2Tags(resource: string, { olds, news, changed }: Update, context: Context): Promise<void> {
  const { set, removed } = tagChanges(olds, news, changed, context);
  if (removed.length > 0) await context.aws("ec2", "DeleteTags", { Resources: [resource], Tags: removed.map((Key) => ({ Key })) });
  if (set !== undefined) await context.aws("ec2", "CreateTags", { Resources: [resource], Tags: awsTags(set) });
}

/** Tags by DescribeTags: an emulator's description of the resource may keep those of its creation. */
export async function readEc2Tags(resource: string, context: Context): Promise<Record<string, string>> {
  const { Tags } = await context.aws("ec2", "DescribeTags", { Filters: [{ Name: "resource-id", Values: [resource] }] });
  return tagsOf(Tags);
}
