import { table } from "../core/config.ts";
import { hidden, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { imageFact, type ImageFact, type ImageTable } from "../facts/image.ts";
import { launchesOf } from "../facts/launch.ts";
import { tagKeys } from "../../contract/tags.ts";

const wanted: readonly { readonly fact: ImageFact; readonly key: string; readonly what: string }[] = [
  { fact: "bakeType", key: tagKeys.bakeType, what: "the instance type that it was built on" },
  { fact: "architecture", key: tagKeys.architecture, what: "its architecture" },
  { fact: "bakedAt", key: tagKeys.bakedAt, what: "when it was built" },
];

export const imageFactsKnown = defineRule({
  id: "image-facts-known",
  title: "Every group's image has a record of its bake: instance type, architecture and date.",
  why: "Without a record, nothing can be proved of an image: neither that it fits its instances nor that it is recent.",
  severity: "high",
  level: "mandatory",
  controls: [],
  remediation:
    "Use the Fleet component, tag the launch template with the facts of the image, or list the image in this rule's option `images`.",
  url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIs.html",
  options: {
    images: table<ImageTable[string]>("Facts of images by id, for templates that do not carry them as tags.", {
      type: "object",
      properties: {
        bakeType: { type: "string", minLength: 1 },
        architecture: { type: "string", enum: ["x86_64", "arm64"] },
        bakedAt: { type: "string", minLength: 1 },
        promotedFrom: { type: "string", minLength: 1 },
      },
    }),
  },
  resources: {
    *fleet(fleet) {
      for (const { fact, what } of wanted) yield* judge(fleet.at("image").at(fact as "bakeType"), `say ${what}`);
    },
  },
  needs: "group",
  *stack(deployment, { config }) {
    for (const [group, launches] of deployment.once(launchesOf)) {
      yield* launches.unproved;
      for (const launcher of launches.launchers) {
        for (const { fact, key, what } of wanted) {
          const value = imageFact(deployment, launcher, fact, config.images);
          yield* judge(value, `tag ${launcher.label} with ${key} to say ${what}`, group);
        }
      }
    }
  },
});

function* judge(value: Parameters<typeof hidden>[0], next: string, place?: { readonly urn: string }): Iterable<Finding> {
  if (value.hidden) yield hidden(value, place);
  else if ((value.text() ?? "") === "") yield violation(`${value.path} is not recorded for the image; ${next}`, place);
}
