/** What the policies of a role allow, read from IAM: inline ones and attached ones. */
import type { Direct } from "../endpoint/direct.ts";
import { ServiceError } from "../endpoint/errors.ts";
import { evaluatePolicy } from "./evaluate.ts";

type Members = { readonly member?: readonly unknown[] } | "" | undefined;

const members = (value: unknown): readonly unknown[] =>
  typeof value === "object" && value !== null ? ((value as Exclude<Members, "" | undefined>).member ?? []) : [];

export class RolePermissions {
  readonly #direct: Direct;

  constructor(direct: Direct) {
    this.#direct = direct;
  }

  /** Actions of the list that the role may not do on the resource; undefined when there is no such role. */
  async missing(roleArn: string, actions: readonly string[], resource: string): Promise<string[] | undefined> {
    const roleName = roleArn.split("/").pop() ?? roleArn;
    const documents = await this.#documents(roleName);
    if (documents === undefined) return undefined;
    const principal = { kind: "identity", arn: roleArn, accountId: roleArn.split(":")[4] ?? "" } as const;
    return actions.filter((action) => {
      const effects = documents.map(
        (document) => evaluatePolicy(document, { principal, action, resource, context: { "aws:securetransport": "true" } }).effect,
      );
      return effects.includes("Deny") || !effects.includes("Allow");
    });
  }

  async #documents(RoleName: string): Promise<string[] | undefined> {
    try {
      const inline = await this.#direct.query("iam", "ListRolePolicies", { RoleName });
      const attached = await this.#direct.query("iam", "ListAttachedRolePolicies", { RoleName });
      return await Promise.all([
        ...members(inline["PolicyNames"]).map((name) => this.#inline(RoleName, String(name))),
        ...members(attached["AttachedPolicies"]).map((one) => this.#attached((one as { readonly PolicyArn: string }).PolicyArn)),
      ]);
    } catch (error) {
      if (error instanceof ServiceError && error.code === "NoSuchEntity") return undefined;
      throw error;
    }
  }

  async #inline(RoleName: string, PolicyName: string): Promise<string> {
    const { PolicyDocument } = await this.#direct.query("iam", "GetRolePolicy", { RoleName, PolicyName });
    return decodeURIComponent(String(PolicyDocument));
  }

  async #attached(PolicyArn: string): Promise<string> {
    const { Policy } = await this.#direct.query("iam", "GetPolicy", { PolicyArn });
    const VersionId = (Policy as { readonly DefaultVersionId: string }).DefaultVersionId;
    const { PolicyVersion } = await this.#direct.query("iam", "GetPolicyVersion", { PolicyArn, VersionId });
    return decodeURIComponent(String((PolicyVersion as { readonly Document: unknown }).Document));
  }
}
