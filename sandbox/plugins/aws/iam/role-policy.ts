import { unlessCode } from "../clients.ts";
import type { Context } from "../context.ts";
import type { Definition } from "../definition.ts";
import type { Properties } from "../../protocol/values.ts";
import { gone } from "./role.ts";

/** The id is `role:policy`. */
const partsOf = (id: string): { RoleName: string; PolicyName: string } => {
  const [RoleName = "", PolicyName = ""] = id.split(":");
  return { RoleName, PolicyName };
};

const put = (inputs: Properties, context: Context) =>
  context.aws("iam", "PutRolePolicy", { RoleName: inputs["role"], PolicyName: inputs["name"], PolicyDocument: inputs["policy"] });

export const definition: Definition = {
  token: "aws:iam/rolePolicy:RolePolicy",
  naming: { maxLength: 128 },
  json: ["policy"],
  async create(inputs, context) {
    await put(inputs, context);
    return `${inputs["role"] as string}:${inputs["name"] as string}`;
  },
  find: (inputs) => Promise.resolve(`${inputs["role"] as string}:${inputs["name"] as string}`),
  async read(id, _state, context) {
    const found = await unlessCode(context.aws("iam", "GetRolePolicy", partsOf(id)), ...gone);
    return found && { role: found.RoleName, name: found.PolicyName, policy: decodeURIComponent(found.PolicyDocument ?? "") };
  },
  async update({ news }, context) {
    await put(news, context);
  },
  async delete(id, _state, context) {
    await unlessCode(context.aws("iam", "DeleteRolePolicy", partsOf(id)), ...gone);
  },
};
