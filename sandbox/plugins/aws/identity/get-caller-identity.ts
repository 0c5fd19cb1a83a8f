import type { DataSource } from "../data-source.ts";

export const dataSource: DataSource = {
  token: "aws:index/getCallerIdentity:getCallerIdentity",
  async read(_args, context) {
    const { Account, Arn, UserId } = await context.aws("sts", "GetCallerIdentity");
    return { accountId: Account, arn: Arn, id: Account, userId: UserId };
  },
};
