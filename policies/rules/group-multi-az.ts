import { integer } from "../core/config.ts";
import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

/** Different elements of a list; hidden ones count as different, since a group may not name one subnet twice. */
function distinct(list: Value): number {
  const items = list.items();
  return new Set(items.flatMap((item) => item.text() ?? [])).size + items.filter((item) => item.hidden).length;
}

function* countPlaces(group: Resource<"group">, least: number): Checking {
  const subnets = group.at("vpcZoneIdentifiers");
  const zones = group.at("availabilityZones");
  const given = subnets.missing ? zones : subnets;
  if (given.hidden) yield hidden(given);
  else if (distinct(given) < least) yield violation(`${given.path} names ${distinct(given)}; name at least ${least}, in different zones`);
}

/** Subnets of the stack tell their zones; two of them can lie in one. */
function* countZones(deployment: Deployment, group: Resource<"group">, least: number): Checking {
  const { found, external, unproved } = deployment.targets(group, group.at("vpcZoneIdentifiers"), "subnet");
  if (found.length === 0 || external.length > 0 || unproved !== undefined) return; // zones of other subnets are not told here
  const zones = found.map((subnet) =>
    subnet.at("availabilityZone").missing ? subnet.at("availabilityZoneId") : subnet.at("availabilityZone"),
  );
  const open = zones.find((zone) => zone.hidden || zone.missing);
  const names = new Set(zones.flatMap((zone) => zone.text() ?? []));
  if (names.size >= least) return;
  if (open !== undefined)
    yield open.hidden ? hidden(open, group) : violation(`a subnet of ${group.label} names no zone; name one for each`, group);
  else yield violation(`the subnets of ${group.label} lie in ${[...names].join(", ")}; use at least ${least} zones`, group);
}

export const groupMultiAz = defineRule({
  id: "group-multi-az",
  title: "A group spans several Availability Zones.",
  why: "A group in one zone is gone when the zone is.",
  severity: "medium",
  level: "advisory",
  controls: ["fsbp:AutoScaling.2", "control-tower:CT.AUTOSCALING.PR.1", "prowler:autoscaling_group_multiple_az"],
  remediation: "Give the group subnets in two or more Availability Zones.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html",
  options: { zones: integer("The least number of zones.", 2, { minimum: 1 }) },
  resources: { group: (group, { config }) => countPlaces(group, config.zones) },
  needs: "group",
  *stack(deployment, { config }) {
    for (const group of deployment.all("group")) yield* countZones(deployment, group, config.zones);
  },
});
