import { text, texts } from "../core/config.ts";
import { hidden, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { fleetOf } from "../facts/boot.ts";
import { imageFact } from "../facts/image.ts";
import { launchesOf } from "../facts/launch.ts";
import type { Value } from "../model/value.ts";
import { imageFactsKnown } from "./image-facts-known.ts";

function* judge(promotedFrom: Value, from: string, environment: string, place?: { readonly urn: string }): Iterable<Finding> {
  if (promotedFrom.hidden) yield hidden(promotedFrom, place);
  else if (promotedFrom.text() !== from)
    yield violation(
      `${promotedFrom.describe()}; ${environment} takes only images that ${from} has run: deploy this image there first`,
      place,
    );
}

export const imagePromoted = defineRule({
  id: "image-promoted",
  title: "Production runs only images that staging has run.",
  why: "An image that was never started anywhere fails for the first time in front of customers.",
  severity: "high",
  level: "mandatory",
  controls: [],
  remediation: "Deploy the image to staging, which marks it as promoted, and then to production.",
  url: "https://docs.aws.amazon.com/wellarchitected/latest/operational-excellence-pillar/ops_dev_integ_test_val_chg.html",
  options: {
    environments: texts("Environments (of a fleet) or stacks that take promoted images only.", ["production"]),
    from: text("Environment that an image must have run in.", "staging"),
  },
  resources: {
    *fleet(fleet, { config }) {
      const environment = fleet.at("identity").at("environment");
      if (environment.hidden) yield hidden(environment);
      const name = environment.text() ?? "";
      if (config.environments.includes(name)) yield* judge(fleet.at("image").at("promotedFrom"), config.from, name);
    },
  },
  needs: "group",
  *stack(deployment, context) {
    const { config, stack } = context;
    if (stack === undefined || !config.environments.includes(stack)) return;
    const { images } = context.configOf(imageFactsKnown);
    for (const [group, { launchers, unproved }] of deployment.once(launchesOf)) {
      if (fleetOf(deployment.lineage(group), context)) continue; // judged by its arguments
      yield* unproved;
      for (const launcher of launchers) yield* judge(imageFact(deployment, launcher, "promotedFrom", images), config.from, stack, group);
    }
  },
});
