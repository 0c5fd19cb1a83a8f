import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { fleetOf } from "../facts/boot.ts";
import { imageFact } from "../facts/image.ts";
import { architectureOf } from "../facts/instance-type.ts";
import { launchesOf } from "../facts/launch.ts";
import type { Value } from "../model/value.ts";
import { imageFactsKnown } from "./image-facts-known.ts";

function* judge(architecture: Value, types: readonly Value[], place?: { readonly urn: string }): Checking {
  if (architecture.missing) return; // image-facts-known asks for it
  if (architecture.hidden) return yield hidden(architecture, place);
  for (const type of types) {
    const text = type.text();
    if (type.hidden) yield hidden(type, place);
    else if (text !== undefined && architectureOf(text) !== architecture.text())
      yield violation(
        `${type.describe()}, whose architecture is ${architectureOf(text) ?? "unknown"}, but ${architecture.describe()}; choose a type of the image's architecture`,
        place,
      );
  }
}

export const imageArchitectureMatch = defineRule({
  id: "image-architecture-match",
  title: "The architecture of the image is that of the instance type.",
  why: "EC2 refuses such a launch, and the group tries for ever.",
  severity: "high",
  level: "mandatory",
  controls: ["control-tower:CT.AUTOSCALING.PR.10"],
  remediation: "Choose an instance type of the image's architecture, or bake the image for the other one.",
  url: "https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html",
  resources: {
    *fleet(fleet) {
      const mixed = fleet.at("mixedInstances").at("types");
      yield* judge(fleet.at("image").at("architecture"), [fleet.at("instanceType"), ...(mixed.hidden ? [mixed] : mixed.items())]);
    },
  },
  needs: "group",
  *stack(deployment, context) {
    const { images } = context.configOf(imageFactsKnown);
    for (const [group, { launchers, types, unproved }] of deployment.once(launchesOf)) {
      if (fleetOf(deployment.lineage(group), context)) continue; // judged by its arguments
      yield* unproved;
      for (const launcher of launchers) {
        const architecture = imageFact(deployment, launcher, "architecture", images);
        yield* judge(
          architecture,
          types.map(({ value }) => value),
          group,
        );
      }
    }
  },
});
