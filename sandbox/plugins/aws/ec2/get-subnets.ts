import type { DataSource } from "../data-source.ts";
import { filterInput, filtersOf } from "./filters.ts";

export const dataSource: DataSource = {
  token: "aws:ec2/getSubnets:getSubnets",
  async read(args, context) {
    const found = await context.aws("ec2", "DescribeSubnets", filterInput(filtersOf(args)));
    return { id: context.region, ids: (found.Subnets ?? []).map((subnet) => subnet.SubnetId ?? ""), tags: args["tags"] ?? {} };
  },
};
