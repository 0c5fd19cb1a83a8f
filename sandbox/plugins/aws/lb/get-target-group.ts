import type { DataSource } from "../data-source.ts";
import { exactlyOne } from "../ec2/filters.ts";
import { textOf } from "../../protocol/values.ts";
import { withTags } from "./search.ts";
import { definition } from "./target-group.ts";

export const dataSource: DataSource = {
  token: "aws:lb/getTargetGroup:getTargetGroup",
  unsupported: ["loadBalancingAnomalyMitigation"],
  async read(args, context) {
    const found = await context.aws("elbv2", "DescribeTargetGroups", {
      ...(args["arn"] === undefined ? {} : { TargetGroupArns: [args["arn"]] }),
      ...(args["name"] === undefined ? {} : { Names: [args["name"]] }),
    });
    const arns = (found.TargetGroups ?? []).map((one) => one.TargetGroupArn ?? "");
    const arn = exactlyOne("ELBv2 Target Group", await withTags(arns, args["tags"], context));
    const properties = await definition.read(arn, {}, context);
    if (properties === undefined) throw new Error(`the target group ${arn} went away while it was read`);
    const { connectionTermination, deregistrationDelay, targetControlPort, tagsAll, vpcId } = properties;
    return {
      // AWS lists only the attributes that the type of the target group has.
      lambdaMultiValueHeadersEnabled: false,
      proxyProtocolV2: false,
      ...properties,
      id: arn,
      connectionTermination: connectionTermination ?? false,
      deregistrationDelay: textOf(deregistrationDelay),
      targetControlPort: targetControlPort ?? 0,
      vpcId: vpcId ?? "",
      tags: tagsAll,
    };
  },
};
