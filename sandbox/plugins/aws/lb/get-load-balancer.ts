import type { DataSource } from "../data-source.ts";
import { functionSchema } from "../schema.ts";
import type { Shape } from "../schema.ts";
import type { Value } from "../../protocol/values.ts";
import { exactlyOne } from "../ec2/filters.ts";
import { definition } from "./load-balancer.ts";
import { withTags } from "./search.ts";

const token = "aws:lb/getLoadBalancer:getLoadBalancer";

/** What the provider has for a property that AWS says nothing of. */
function emptyOf(type: Shape): Value {
  if (typeof type === "string") return { string: "", number: 0, boolean: false, any: "" }[type];
  if ("list" in type) return [];
  return "map" in type ? {} : Object.fromEntries(Object.entries(type.object).map(([key, member]) => [key, emptyOf(member.type)]));
}

export const dataSource: DataSource = {
  token,
  async read(args, context) {
    const found = await context.aws("elbv2", "DescribeLoadBalancers", {
      ...(args["arn"] === undefined ? {} : { LoadBalancerArns: [args["arn"]] }),
      ...(args["name"] === undefined ? {} : { Names: [args["name"]] }),
    });
    const arns = (found.LoadBalancers ?? []).map((one) => one.LoadBalancerArn ?? "");
    const arn = exactlyOne("ELBv2 Load Balancer", await withTags(arns, args["tags"], context));
    const properties = await definition.read(arn, {}, context);
    if (properties === undefined) throw new Error(`the load balancer ${arn} went away while it was read`);
    const none = Object.entries(functionSchema(token).result).filter(
      ([key, member]) => properties[key] === undefined && member.optional !== true,
    );
    const empty = Object.fromEntries(none.map(([key, { type }]) => [key, emptyOf(type)]));
    return { ...properties, ...empty, id: arn, region: context.region, tags: properties["tagsAll"] };
  },
};
