import type { DataSource } from "../data-source.ts";

/** Descriptions as the AWS SDK's partition data have them; a region that is not here describes itself. */
const descriptions: Readonly<Record<string, string>> = {
  "ap-northeast-1": "Asia Pacific (Tokyo)",
  "ap-southeast-1": "Asia Pacific (Singapore)",
  "ap-southeast-2": "Asia Pacific (Sydney)",
  "ca-central-1": "Canada (Central)",
  "eu-central-1": "Europe (Frankfurt)",
  "eu-north-1": "Europe (Stockholm)",
  "eu-west-1": "Europe (Ireland)",
  "eu-west-2": "Europe (London)",
  "eu-west-3": "Europe (Paris)",
  "us-east-1": "US East (N. Virginia)",
  "us-east-2": "US East (Ohio)",
  "us-west-1": "US West (N. California)",
  "us-west-2": "US West (Oregon)",
};

export const dataSource: DataSource = {
  token: "aws:index/getRegion:getRegion",
  unsupported: ["endpoint"],
  read(args, context) {
    const region = typeof args["name"] === "string" ? args["name"] : context.region;
    const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    const endpoint = `ec2.${region}.${suffix}`;
    return Promise.resolve({ id: region, name: region, region, description: descriptions[region] ?? region, endpoint });
  },
};
