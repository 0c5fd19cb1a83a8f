import { tagKeys } from "../../contract/tags.ts";
import { texts } from "../core/config.ts";
import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

export const groupTagsPropagate = defineRule({
  id: "group-tags-propagate",
  title: "A group carries the required tags and hands them on to its instances.",
  why: "Deploys find their hosts by tag, and costs are told apart by tag; an instance without them belongs to nobody.",
  severity: "low",
  level: "advisory",
  controls: ["checkov:CKV_AWS_153", "steampipe:autoscaling_group_propagate_tags_to_ec2_instance_enabled"],
  remediation: "Add the tag to the group with propagateAtLaunch: true.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html",
  options: { required: texts("Keys of the tags that every group has and hands on.", [tagKeys.product, tagKeys.environment, tagKeys.role]) },
  resources: {
    *group(group, { config }): Checking {
      const tags = group.at("tags");
      if (tags.hidden) return yield hidden(tags);
      const open = tags.items().find((tag) => tag.hidden || tag.at("key").hidden);
      for (const key of config.required) {
        const tag = tags.items().find((one) => one.at("key").text() === key);
        const propagates = tag?.at("propagateAtLaunch");
        if (propagates?.hidden === true) yield hidden(propagates);
        else if (propagates === undefined)
          yield open ? hidden(open.firstHidden() ?? open) : violation(`tags has no ${key}; add it with propagateAtLaunch: true`);
        else if (propagates.flag() !== true) yield violation(`${propagates.describe()} for ${key}; set it to true`);
      }
    },
  },
  repairs: {
    group: (group, { config }) =>
      group
        .at("tags")
        .items()
        .flatMap((tag, index) =>
          config.required.includes(tag.at("key").text() ?? "") && tag.at("propagateAtLaunch").flag() === false
            ? [{ path: ["tags", index, "propagateAtLaunch"], value: true } as const]
            : [],
        ),
  },
});
