import type { DataSource } from "../data-source.ts";
import { filterInput, filtersFrom, filtersOf } from "./filters.ts";

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const dataSource: DataSource = {
  token: "aws:index/getAvailabilityZones:getAvailabilityZones",
  async read(args, context) {
    const found = await context.aws("ec2", "DescribeAvailabilityZones", {
      AllAvailabilityZones: args["allAvailabilityZones"],
      ...filterInput([...filtersFrom(args, { state: "state" }), ...filtersOf(args)]),
    });
    const zones = (found.AvailabilityZones ?? [])
      .filter((zone) => !listOf(args["excludeNames"]).includes(zone.ZoneName) && !listOf(args["excludeZoneIds"]).includes(zone.ZoneId))
      .sort((one, other) => (one.ZoneName ?? "").localeCompare(other.ZoneName ?? ""));
    return {
      id: context.region,
      groupNames: [...new Set(zones.map((zone) => zone.GroupName ?? ""))].filter((name) => name !== ""),
      names: zones.map((zone) => zone.ZoneName ?? ""),
      zoneIds: zones.map((zone) => zone.ZoneId ?? ""),
    };
  },
};
