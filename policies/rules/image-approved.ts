import { texts } from "../core/config.ts";
import { hidden, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import type { Value } from "../model/value.ts";

interface Approved {
  readonly images: readonly string[];
  readonly owners: readonly string[];
}

function* judge(image: Value, owner: Value | undefined, { images, owners }: Approved): Iterable<Finding> {
  if (image.missing || images.includes(image.text() ?? "") || owners.includes(owner?.text() ?? "")) return;
  if (image.hidden) yield hidden(image);
  else if (owner?.hidden === true) yield hidden(owner);
  else
    yield violation(
      `${image.describe()}, which is not approved; approved are ${[...images, ...owners.map((one) => `images of ${one}`)].join(", ") || "none"}`,
    );
}

export const imageApproved = defineRule({
  id: "image-approved",
  title: "Only approved images are launched.",
  why: "An image of an unknown owner runs its owner's code with the instance's role.",
  severity: "high",
  level: "disabled",
  controls: ["config:approved-amis-by-id", "config:approved-amis-by-tag"],
  remediation: "Launch an approved image, or add this one to `images` or its owner to `owners`.",
  url: "https://docs.aws.amazon.com/config/latest/developerguide/approved-amis-by-id.html",
  options: {
    images: texts("Ids of approved images."),
    owners: texts("Accounts whose images are approved; only a fleet's arguments tell the owner."),
  },
  resources: {
    fleet: (fleet, { config }) => judge(fleet.at("image").at("id"), fleet.at("image").at("ownerId"), config),
    launchTemplate: (template, { config, argumentsOf }) =>
      argumentsOf(template.facts.parent) ? [] : judge(template.at("imageId"), undefined, config),
    launchConfiguration: (configuration, { config }) => judge(configuration.at("imageId"), undefined, config),
  },
});
