import { integer } from "../core/config.ts";
import { hidden, violation, type Finding } from "../core/finding.ts";
import { defineRule, type Context } from "../core/rule.ts";
import { fleetOf } from "../facts/boot.ts";
import { imageFact } from "../facts/image.ts";
import { launchesOf } from "../facts/launch.ts";
import type { Value } from "../model/value.ts";
import { imageFactsKnown } from "./image-facts-known.ts";

const dayMs = 86_400_000;

function* judgeAge(bakedAt: Value, { config, now }: Context<{ maxAgeDays: number }>, place?: { readonly urn: string }): Iterable<Finding> {
  if (bakedAt.missing) return; // image-facts-known asks for it
  const at = Date.parse(bakedAt.text() ?? "");
  if (bakedAt.hidden) yield hidden(bakedAt, place);
  else if (Number.isNaN(at)) yield violation(`${bakedAt.describe()}; it must be a date, such as 2026-05-01T06:00:00Z`, place);
  else if (now - at > config.maxAgeDays * dayMs)
    yield violation(`${bakedAt.describe()}, more than ${config.maxAgeDays} days ago; bake a new image and pick it`, place);
}

function* judgeDeprecation(deprecation: Value, { now }: Context): Iterable<Finding> {
  if (deprecation.hidden) yield hidden(deprecation);
  else if (Date.parse(deprecation.text() ?? "") <= now) yield violation(`${deprecation.describe()}, which has passed; bake a new image`);
}

export const imageMaxAge = defineRule({
  id: "image-max-age",
  title: "Images are recent and not deprecated.",
  why: "An old image lacks the security updates since its bake, and each new instance starts with the gap.",
  severity: "medium",
  level: "advisory",
  controls: ["prowler:ec2_instance_with_outdated_ami", "steampipe:ec2_ami_not_older_than_90_days", "custodian:image-age"],
  remediation: "Bake a new image and pick it, or raise maxAgeDays where updates reach running instances another way.",
  url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html",
  options: { maxAgeDays: integer("Days since the bake after which an image is too old.", 90, { minimum: 1 }) },
  resources: {
    fleet: (fleet, context) => judgeAge(fleet.at("image").at("bakedAt"), context),
    image: (image, context) => judgeDeprecation(image.at("deprecationTime"), context),
    imageCopy: (image, context) => judgeDeprecation(image.at("deprecationTime"), context),
    imageFromInstance: (image, context) => judgeDeprecation(image.at("deprecationTime"), context),
  },
  needs: "group",
  *stack(deployment, context) {
    const { images } = context.configOf(imageFactsKnown);
    for (const [group, { launchers, unproved }] of deployment.once(launchesOf)) {
      if (fleetOf(deployment.lineage(group), context)) continue; // judged by its arguments
      yield* unproved;
      for (const launcher of launchers) yield* judgeAge(imageFact(deployment, launcher, "bakedAt", images), context, group);
    }
  },
});
