import { tagsOf } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Update } from "../definition.ts";
import { awsTags, tagChanges } from "../tags.ts";

export async function readTags(arn: string, context: Context): Promise<Record<string, string>> {
  const { TagDescriptions } = await context.aws("elbv2", "DescribeTags", { ResourceArns: [arn] });
  return tagsOf(TagDescriptions?.[0]?.Tags);
}

export async function updateTags({ id, olds, news, changed }: Update, context: Context): Promise<void> {
  const { set, removed } = tagChanges(olds, news, changed, context);
  if (removed.length > 0) await context.aws("elbv2", "RemoveTags", { ResourceArns: [id], TagKeys: removed });
  if (set !== undefined) await context.aws("elbv2", "AddTags", { ResourceArns: [id], Tags: awsTags(set) });
}
