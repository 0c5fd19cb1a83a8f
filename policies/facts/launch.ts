/** From a group to what it launches: templates, configurations, and every place where an instance type can stand. */
import { unproved, type Finding } from "../core/finding.ts";
import type { Deployment } from "../model/deployment.ts";
import type { AnyResource, Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

export type Launcher = Resource<"launchTemplate" | "launchConfiguration">;

export interface Launches {
  readonly launchers: readonly Launcher[];
  /** Places that name a type: the launchers' own and the overrides of a mixed instances policy. */
  readonly types: readonly { readonly value: Value<string | undefined>; readonly owner: AnyResource }[];
  /** Places that ask for attributes instead of a type. */
  readonly requirements: readonly { readonly value: Value; readonly owner: AnyResource }[];
  readonly unproved: readonly Finding[];
}

/** A property that both kinds of launcher have under one name. */
export const ownType = (launcher: Launcher): Value<string | undefined> => (launcher as Resource<"launchTemplate">).at("instanceType");
export const ownImage = (launcher: Launcher): Value<string | undefined> => (launcher as Resource<"launchTemplate">).at("imageId");

/** Templates and configurations that a group refers to, through all of its arguments. */
function references(group: Resource<"group">): Value[] {
  const mixed = group.at("mixedInstancesPolicy");
  const nested = mixed.at("launchTemplate");
  const specification = nested.at("launchTemplateSpecification");
  const direct = group.at("launchTemplate");
  const named = (id: Value, name: Value): Value[] => (id.missing ? [name] : [id]);
  return [
    group.at("launchConfiguration"),
    ...named(direct.at("id"), direct.at("name")),
    ...named(specification.at("launchTemplateId"), specification.at("launchTemplateName")),
    ...nested
      .at("overrides")
      .items()
      .flatMap((override) => {
        const own = override.at("launchTemplateSpecification");
        return named(own.at("launchTemplateId"), own.at("launchTemplateName"));
      }),
  ].filter((value) => !value.missing);
}

function launchersOf(deployment: Deployment, group: Resource<"group">): { launchers: Launcher[]; missing: Finding[] } {
  const launchers = new Set<Launcher>();
  const missing: Finding[] = [];
  for (const reference of references(group)) {
    const { found, external, unproved: why } = deployment.targets(group, reference, "launchTemplate", "launchConfiguration");
    for (const one of found) launchers.add(one);
    if (why !== undefined) missing.push(unproved(why, group));
    for (const name of external)
      missing.push(unproved(`${reference.path} of ${group.label} is ${name}, which is not part of this stack`, group));
  }
  return { launchers: [...launchers], missing };
}

/** What a group launches; made once per deployment. */
export function launchesOf(deployment: Deployment): ReadonlyMap<Resource<"group">, Launches> {
  return new Map(
    deployment.all("group").map((group) => {
      const { launchers, missing } = launchersOf(deployment, group);
      const overrides = group.at("mixedInstancesPolicy").at("launchTemplate").at("overrides");
      const places = overrides.items().map((override) => ({ override, owner: group }));
      const templates = launchers.flatMap((one) => one.as("launchTemplate") ?? []);
      // A type in every override hides the template's own.
      const overridden = places.length > 0 && places.every(({ override }) => !override.at("instanceType").missing);
      const types = [
        ...(overridden ? [] : launchers.map((one) => ({ value: ownType(one), owner: one }))),
        ...places.map(({ override, owner }) => ({ value: override.at("instanceType"), owner })),
      ].filter(({ value }) => !value.missing);
      const requirements = [
        ...templates.map((one) => ({ value: one.at("instanceRequirements"), owner: one })),
        ...places.map(({ override, owner }) => ({ value: override.at("instanceRequirements"), owner })),
      ].filter(({ value }) => !value.missing);
      const hiddenOverrides = overrides.hidden ? [unproved(`${overrides.path} of ${group.label} is not known yet`, group)] : [];
      return [group, { launchers, types, requirements, unproved: [...missing, ...hiddenOverrides] }];
    }),
  );
}
