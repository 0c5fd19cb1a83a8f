import { unlessCode } from "../clients.ts";
import type { DataSource } from "../data-source.ts";

export const dataSource: DataSource = {
  token: "aws:ssm/getParameter:getParameter",
  async read(args, context) {
    const withDecryption = args["withDecryption"] ?? true;
    const input = { Name: args["name"], WithDecryption: withDecryption };
    const parameter = (await unlessCode(context.aws("ssm", "GetParameter", input), "ParameterNotFound"))?.Parameter;
    if (parameter === undefined) throw new Error(`there is no SSM parameter ${JSON.stringify(args["name"])} in ${context.region}`);
    const secure = parameter.Type === "SecureString";
    return {
      id: parameter.Name,
      arn: parameter.ARN,
      name: parameter.Name,
      type: parameter.Type,
      value: parameter.Value,
      insecureValue: secure ? "" : parameter.Value,
      version: parameter.Version,
      withDecryption,
    };
  },
  secrets: ["value"],
};
