import { unlessCode } from "../clients.ts";
import type { Definition } from "../definition.ts";
import { gone } from "./role.ts";

/** The id is `role/policy ARN`. */
const partsOf = (id: string): { RoleName: string; PolicyArn: string } => {
  const slash = id.indexOf("/");
  return { RoleName: id.slice(0, slash), PolicyArn: id.slice(slash + 1) };
};

export const definition: Definition = {
  token: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
  async create(inputs, context) {
    const { role, policyArn } = inputs as { role: string; policyArn: string };
    await context.aws("iam", "AttachRolePolicy", { RoleName: role, PolicyArn: policyArn });
    return `${role}/${policyArn}`;
  },
  find: (inputs) => Promise.resolve(`${inputs["role"] as string}/${inputs["policyArn"] as string}`),
  async read(id, _state, context) {
    const { RoleName, PolicyArn } = partsOf(id);
    const found = await unlessCode(context.aws("iam", "ListAttachedRolePolicies", { RoleName }), ...gone);
    const attached = found?.AttachedPolicies?.some((policy) => policy.PolicyArn === PolicyArn);
    return attached ? { role: RoleName, policyArn: PolicyArn } : undefined;
  },
  async delete(id, _state, context) {
    await unlessCode(context.aws("iam", "DetachRolePolicy", partsOf(id)), ...gone);
  },
};
