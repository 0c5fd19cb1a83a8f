import type { DataSource } from "../data-source.ts";

export const dataSource: DataSource = {
  token: "aws:index/getServicePrincipal:getServicePrincipal",
  read(args, context) {
    const serviceName = args["serviceName"] as string;
    const region = (args["region"] as string | undefined) ?? context.region;
    // A few services have a suffix of their own in China; the rest share one everywhere.
    const chinese = region.startsWith("cn-") && ["codedeploy", "elasticmapreduce", "logs"].includes(serviceName);
    const suffix = chinese ? "amazonaws.com.cn" : "amazonaws.com";
    return Promise.resolve({ id: `${serviceName}.${region}.${suffix}`, name: `${serviceName}.${suffix}`, serviceName, suffix, region });
  },
};
