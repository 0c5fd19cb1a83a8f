import { unlessCode } from "../clients.ts";
import type { Context } from "../context.ts";
import { byInput } from "../definition.ts";
import type { Definition } from "../definition.ts";
import { textOf } from "../../protocol/values.ts";
import type { Value } from "../../protocol/values.ts";

const idOf = (key: Value): string | undefined => textOf(key).split("/").at(-1);

/** KMS has no call for one alias. */
export async function findAlias(name: string, context: Context) {
  for (let marker: string | undefined; ;) {
    const page = await context.aws("kms", "ListAliases", marker === undefined ? {} : { Marker: marker });
    const found = page.Aliases?.find((alias) => alias.AliasName === name);
    if (found !== undefined || !page.Truncated) return found;
    marker = page.NextMarker;
  }
}

export const definition: Definition = {
  token: "aws:kms/alias:Alias",
  naming: { maxLength: 256, start: "alias/" },
  // The key may be named by its ARN, and AWS answers with its id.
  same: { targetKeyId: (one, other) => idOf(one) === idOf(other) },
  validate({ name }) {
    if (typeof name !== "string" || name.startsWith("alias/") || !/^[a-zA-Z0-9/_-]*$/.test(name)) return [];
    return [{ property: "name", reason: `name is ${JSON.stringify(name)}, but must begin with "alias/"` }];
  },
  async create(inputs, context) {
    await context.aws("kms", "CreateAlias", { AliasName: inputs["name"], TargetKeyId: inputs["targetKeyId"] });
    return inputs["name"] as string;
  },
  find: byInput("name"),
  async read(id, _state, context) {
    const found = await findAlias(id, context);
    if (found?.TargetKeyId === undefined) return undefined;
    const key = await context.aws("kms", "DescribeKey", { KeyId: found.TargetKeyId });
    return { name: id, arn: found.AliasArn, targetKeyId: found.TargetKeyId, targetKeyArn: key.KeyMetadata?.Arn };
  },
  async update({ id, news }, context) {
    await context.aws("kms", "UpdateAlias", { AliasName: id, TargetKeyId: news["targetKeyId"] });
  },
  async delete(id, _state, context) {
    await unlessCode(context.aws("kms", "DeleteAlias", { AliasName: id }), "NotFoundException");
  },
};
