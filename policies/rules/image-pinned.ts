import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

const imageId = /^ami-[0-9a-f]{8,17}$/;

function* checkImage(image: Value<string | undefined>): Checking {
  const text = image.text();
  if (image.hidden) yield hidden(image);
  else if (text !== undefined && !imageId.test(text)) yield violation(`${image.describe()}; give the image by its id, ami-…`);
}

/** The versions of templates that a group names, with the template's reference beside each. */
function versions(group: Resource<"group">): { version: Value; reference: Value }[] {
  const direct = group.at("launchTemplate");
  const mixed = group.at("mixedInstancesPolicy").at("launchTemplate");
  const specifications = [
    mixed.at("launchTemplateSpecification"),
    ...mixed
      .at("overrides")
      .items()
      .map((one) => one.at("launchTemplateSpecification")),
  ];
  return [
    { version: direct.at("version"), reference: direct },
    ...specifications.map((one) => ({ version: one.at("version"), reference: one })),
  ].filter(({ reference }) => !reference.missing);
}

/** A version that is not known yet is numeric when it comes from the template itself. */
function comesFromTemplate(deployment: Deployment, group: Resource<"group">, version: Value): boolean {
  const { found, unproved } = deployment.targets(group, version, "launchTemplate");
  return found.length > 0 && unproved === undefined;
}

export const imagePinned = defineRule({
  id: "image-pinned",
  title: "A group launches one image, named by its id, through a numbered version of its template.",
  why: "With a name that is looked up at launch, two instances of a group can run different images, and no roll-out was ever reviewed.",
  severity: "high",
  level: "mandatory",
  controls: ["trivy:AWS-0344"],
  remediation: "Write the image's id into the template, and refer to the template's latestVersion instead of $Latest or $Default.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html",
  resources: {
    launchTemplate: (template) => checkImage(template.at("imageId")),
    launchConfiguration: (configuration) => checkImage(configuration.at("imageId")),
    *group(group) {
      for (const { version, reference } of versions(group)) {
        if (!version.hidden && !reference.hidden && version.number() === undefined)
          yield violation(`${version.describe()}; give the template's version as a number`);
      }
    },
  },
  needs: "group",
  *stack(deployment) {
    for (const group of deployment.all("group")) {
      for (const { version, reference } of versions(group)) {
        if (version.hidden && (reference.hidden || !comesFromTemplate(deployment, group, version))) yield hidden(version, group);
      }
    }
  },
});
