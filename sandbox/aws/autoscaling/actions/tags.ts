/** CreateOrUpdateTags, DeleteTags, DescribeTags. */
import type { Tag as SdkTag } from "@aws-sdk/client-auto-scaling";
import type { GroupTag } from "../../../../scaling/types/common.ts";
import { ApiError } from "../protocol/errors.ts";
import { page } from "../protocol/paging.ts";
import type { Checked } from "./api.ts";
import type { Actions } from "./context.ts";

type TagMembers = Checked<SdkTag>;

export const tagFrom = ({ Key, Value, PropagateAtLaunch }: TagMembers): GroupTag => ({
  key: Key,
  value: Value ?? "",
  propagateAtLaunch: PropagateAtLaunch ?? false,
});

export const tagTo = (group: string, { key, value, propagateAtLaunch }: GroupTag) => ({
  ResourceId: group,
  ResourceType: "auto-scaling-group",
  Key: key,
  Value: value,
  PropagateAtLaunch: propagateAtLaunch,
});

/** By group; every tag of a request must name the one resource type there is. */
function byGroup(tags: readonly TagMembers[]): Map<string, TagMembers[]> {
  const groups = new Map<string, TagMembers[]>();
  for (const tag of tags) {
    if (tag.ResourceType !== "auto-scaling-group") {
      throw new ApiError(
        "ValidationError",
        `The ResourceType of the tag ${tag.Key} is '${tag.ResourceType ?? ""}'; it must be auto-scaling-group`,
      );
    }
    if (tag.ResourceId === undefined) throw new ApiError("ValidationError", `The tag ${tag.Key} must name its group in ResourceId`);
    const list = groups.get(tag.ResourceId) ?? [];
    groups.set(tag.ResourceId, [...list, tag]);
  }
  return groups;
}

const filters: Readonly<Record<string, (tag: GroupTag & { readonly group: string }) => string>> = {
  "auto-scaling-group": ({ group }) => group,
  key: ({ key }) => key,
  value: ({ value }) => value,
  "propagate-at-launch": ({ propagateAtLaunch }) => String(propagateAtLaunch),
};

export const tagActions: Actions<"CreateOrUpdateTags" | "DeleteTags" | "DescribeTags"> = {
  CreateOrUpdateTags: ({ Tags }, { host }) => {
    const groups = byGroup(Tags);
    requireGroups([...groups.keys()], (name) => host.model.group(name) !== undefined);
    for (const [group, tags] of groups) host.run("createOrUpdateTags", { group, tags: tags.map(tagFrom) });
    return {};
  },
  DeleteTags: ({ Tags }, { host }) => {
    const groups = byGroup(Tags);
    requireGroups([...groups.keys()], (name) => host.model.group(name) !== undefined);
    for (const [group, tags] of groups) {
      host.run("deleteTags", { group, tags: tags.map(({ Key, Value }) => ({ key: Key, ...(Value !== undefined && { value: Value }) })) });
    }
    return {};
  },
  DescribeTags: (input, { host }) => {
    const matches = (input.Filters ?? []).map(({ Name, Values }) => {
      const read = filters[Name ?? ""];
      if (read === undefined) {
        throw new ApiError(
          "ValidationError",
          `The filter name ${Name ?? ""} is not valid; it must be one of ${Object.keys(filters).join(", ")}`,
        );
      }
      return (tag: GroupTag & { readonly group: string }) => (Values ?? []).includes(read(tag));
    });
    const tags = host.model.tags().filter((tag) => matches.every((match) => match(tag)));
    const keyOf = ({ group, key }: GroupTag & { readonly group: string }) => `${group}\n${key}`;
    const sorted = [...tags].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
    const { items, NextToken } = page("tags", sorted, keyOf, input, { usual: 50, most: 100 });
    return { Tags: items.map((tag) => tagTo(tag.group, tag)), NextToken };
  },
};

/** All or nothing: the model takes one group at a time. */
function requireGroups(names: readonly string[], exists: (name: string) => boolean): void {
  const missing = names.filter((name) => !exists(name));
  if (missing.length > 0)
    throw new ApiError("ValidationError", `No Auto Scaling group named ${missing.join(", ")}; create it before its tags`);
}
