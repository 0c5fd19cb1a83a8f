import type { DataSource } from "../data-source.ts";
import { exactlyOne } from "../ec2/filters.ts";
import { isObject } from "../../protocol/values.ts";
import type { Value } from "../../protocol/values.ts";
import { definition } from "./listener.ts";
import { withTags } from "./search.ts";

/** The data source has lists, with plural names, where the resource has single objects. */
function listedAction(action: Value): Value {
  if (!isObject(action)) return action;
  const { fixedResponse, forward, redirect, targetGroupArn, order, type } = action;
  const forwards = isObject(forward)
    ? [{ stickinesses: isObject(forward["stickiness"]) ? [forward["stickiness"]] : [], targetGroups: forward["targetGroups"] ?? [] }]
    : [];
  return {
    authenticateCognitos: [],
    authenticateOidcs: [],
    fixedResponses: fixedResponse === undefined ? [] : [fixedResponse],
    forwards,
    jwtValidations: [],
    order: order ?? 0,
    redirects: redirect === undefined ? [] : [redirect],
    targetGroupArn: targetGroupArn ?? "",
    type: type ?? "",
  };
}

export const dataSource: DataSource = {
  token: "aws:lb/getListener:getListener",
  async read(args, context) {
    const { arn: given, loadBalancerArn, port } = args;
    if (given === undefined && (loadBalancerArn === undefined || port === undefined))
      throw new Error("getListener needs arn, or loadBalancerArn and port");
    const found = await context.aws(
      "elbv2",
      "DescribeListeners",
      given === undefined ? { LoadBalancerArn: loadBalancerArn } : { ListenerArns: [given] },
    );
    const fitting = (found.Listeners ?? []).filter((one) => port === undefined || one.Port === port);
    const arn = exactlyOne(
      "ELBv2 Listener",
      await withTags(
        fitting.map((one) => one.ListenerArn ?? ""),
        args["tags"],
        context,
      ),
    );
    const properties = await definition.read(arn, {}, context);
    if (properties === undefined) throw new Error(`the listener ${arn} went away while it was read`);
    const actions = properties["defaultActions"];
    return {
      ...properties,
      id: arn,
      alpnPolicy: properties["alpnPolicy"] ?? "",
      certificateArn: properties["certificateArn"] ?? "",
      defaultActions: (Array.isArray(actions) ? actions : []).map(listedAction),
      mutualAuthentications: [],
      tags: properties["tagsAll"],
    };
  },
};
