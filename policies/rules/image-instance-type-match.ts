import { choice } from "../core/config.ts";
import { hidden, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { imageFact } from "../facts/image.ts";
import { architectureOf, familyOf } from "../facts/instance-type.ts";
import { launchesOf } from "../facts/launch.ts";
import type { Value } from "../model/value.ts";
import { imageFactsKnown } from "./image-facts-known.ts";

type Mode = "exact" | "family" | "architecture";

/** Whether an image that was built on one type may run on another. */
export function matches(mode: Mode, bakeType: string, instanceType: string): boolean {
  switch (mode) {
    case "exact":
      return bakeType === instanceType;
    case "family":
      return familyOf(bakeType) === familyOf(instanceType);
    case "architecture":
      return architectureOf(bakeType) !== undefined && architectureOf(bakeType) === architectureOf(instanceType);
  }
}

const allowed: Readonly<Record<Mode, string>> = {
  exact: "the very type that the image was built on",
  family: "a type of the family that the image was built on",
  architecture: "a type with the architecture that the image was built on",
};

function* compare(mode: Mode, bakeType: string, type: Value<string | undefined>, place?: { readonly urn: string }): Iterable<Finding> {
  const text = type.text();
  if (type.hidden) yield hidden(type, place);
  else if (text === undefined || !matches(mode, bakeType, text))
    yield violation(
      `${type.describe()}, but the image was built on ${bakeType}; allowed is ${allowed[mode]}: change the type, or bake an image on it`,
      place,
    );
}

const noBakeType = "nothing records the instance type that the image was built on, so that it cannot be compared";
const noType = (path: string, place?: { readonly urn: string }) =>
  violation(
    `${path} asks for attributes instead of a type, so that instances may differ from the type that the image was built on; name the type`,
    place,
  );

/**
 * Attributes in the place of a type: never exact; within the family when every type that they allow is of it. The
 * architecture is the image's in any case. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRequirements.html
 */
function* compareAttributes(mode: Mode, bakeType: string, value: Value, place?: { readonly urn: string }): Iterable<Finding> {
  if (value.hidden) yield hidden(value, place);
  else if (mode === "exact") yield noType(value.path, place);
  else if (mode === "family") {
    const types = (value as Value<{ readonly allowedInstanceTypes?: string[] }>).at("allowedInstanceTypes");
    const named = types.hidden ? [] : types.items();
    if (types.hidden) yield hidden(types, place);
    else if (named.length === 0) yield noType(value.path, place);
    for (const one of named) {
      const text = one.text();
      if (one.hidden) yield hidden(one, place);
      else if (text?.startsWith(`${familyOf(bakeType)}.`) !== true)
        yield violation(
          `${one.describe()}, but the image was built on ${bakeType}; allowed are types of its family: name ${familyOf(bakeType)}.*, or bake an image on the new type`,
          place,
        );
    }
  }
}

/** The bake type as text, or what is to be said when there is none. */
function bakeTypeOf(value: Value<string>, place?: { readonly urn: string }): string | Finding {
  if (value.hidden) return hidden(value, place);
  const text = value.text();
  return text === undefined || text === "" ? violation(noBakeType, place) : text;
}

/** Arguments of a fleet in which a type can stand, those included that its own type declaration rules out: a cast gets past that. */
interface FleetTypes {
  readonly instanceType?: string;
  readonly mixedInstances?: { readonly types?: string[] };
  readonly launchTemplate?: Override;
  readonly group?: { readonly mixedInstancesPolicy?: { readonly launchTemplate?: { readonly overrides?: Override[] } } };
}

interface Override {
  readonly instanceType?: string;
  readonly instanceRequirements?: object;
}

function fleetPlaces(props: Value) {
  const fleet = props as Value<FleetTypes>;
  const template = fleet.at("launchTemplate");
  const overrides = fleet.at("group").at("mixedInstancesPolicy").at("launchTemplate").at("overrides");
  const mixed = fleet.at("mixedInstances").at("types");
  return {
    types: [
      fleet.at("instanceType"),
      ...(mixed.hidden ? [mixed] : mixed.items()),
      template.at("instanceType"),
      ...overrides.items().map((one) => one.at("instanceType")),
    ] as Value<string | undefined>[],
    requirements: [
      template.at("instanceRequirements"),
      ...overrides.items().map((one) => one.at("instanceRequirements")),
      ...(overrides.hidden ? [overrides] : []),
    ] as Value[],
  };
}

export const imageInstanceTypeMatch = defineRule({
  id: "image-instance-type-match",
  title: "A group's instances are of the type that their image was baked on.",
  why: "Drivers, kernel modules, device names and tuning are settled during the bake; on another type they may fail at boot, where nobody looks.",
  severity: "critical",
  level: "mandatory",
  controls: ["config:desired-instance-type"],
  remediation: "Either set the instance type to the one that the image was baked on, or bake the image on the new type and pick it.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/create-launch-template.html",
  options: {
    mode: choice(
      "How close the types must be: `exact` the same type, `family` the same family (m7g.large and m7g.xlarge), `architecture` the same processor architecture.",
      ["exact", "family", "architecture"],
      "exact",
    ),
  },
  resources: {
    *fleet(fleet, { config }) {
      const { types, requirements } = fleetPlaces(fleet.props);
      const given = requirements.filter((one) => !one.missing);
      const bakeType = bakeTypeOf(fleet.at("image").at("bakeType"));
      if (typeof bakeType !== "string") {
        for (const one of given) yield one.hidden ? hidden(one) : noType(one.path);
        yield bakeType;
        return;
      }
      for (const one of given) yield* compareAttributes(config.mode, bakeType, one);
      for (const one of types) if (!one.missing) yield* compare(config.mode, bakeType, one);
    },
  },
  needs: "group",
  *stack(deployment, { config, configOf }) {
    const { images } = configOf(imageFactsKnown);
    for (const [group, launches] of deployment.once(launchesOf)) {
      yield* launches.unproved;
      if (config.mode === "exact") {
        for (const { value, owner } of launches.requirements)
          yield value.hidden ? hidden(value, group) : noType(`${value.path} of ${owner.label}`, group);
      }
      for (const launcher of launches.launchers) {
        const bakeType = bakeTypeOf(imageFact(deployment, launcher, "bakeType", images), group);
        if (typeof bakeType !== "string") yield bakeType;
        else {
          for (const { value } of launches.types) yield* compare(config.mode, bakeType, value, group);
          if (config.mode !== "exact")
            for (const { value } of launches.requirements) yield* compareAttributes(config.mode, bakeType, value, group);
        }
      }
    }
  },
});
