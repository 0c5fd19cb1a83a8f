import type { DataSource } from "../data-source.ts";
import { findAlias } from "./alias.ts";

export const dataSource: DataSource = {
  token: "aws:kms/getAlias:getAlias",
  async read(args, context) {
    const name = args["name"] as string;
    const alias = await findAlias(name, context);
    if (alias === undefined) throw new Error(`there is no KMS alias ${JSON.stringify(name)} in ${context.region}`);
    // The aliases of AWS's own keys name no key until the first use.
    const KeyId = alias.TargetKeyId ?? name;
    const key = await context.aws("kms", "DescribeKey", { KeyId });
    return { id: alias.AliasArn, arn: alias.AliasArn, name, targetKeyArn: key.KeyMetadata?.Arn, targetKeyId: key.KeyMetadata?.KeyId };
  },
};
