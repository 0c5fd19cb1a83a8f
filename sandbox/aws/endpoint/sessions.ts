/** Whose credentials an access key is: the sandbox accepts any, but knows the sessions of roles. */
import { createHash } from "node:crypto";
import type { ObservedCall } from "../service.ts";

export interface RoleSession {
  readonly roleName: string;
  readonly sessionName: string;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Instances and functions sign with these: made from the role's name alone, as emulators/serve.py makes them too. */
export function roleCredentials(roleName: string): Credentials {
  const accessKeyId = `ASIA${createHash("sha256").update(roleName).digest("hex").slice(0, 16).toUpperCase()}`;
  return { accessKeyId, secretAccessKey: `local-${accessKeyId}`, sessionToken: `local-session-${roleName}` };
}

export class Sessions {
  readonly #byAccessKey = new Map<string, RoleSession>();

  get(accessKeyId: string): RoleSession | undefined {
    return this.#byAccessKey.get(accessKeyId);
  }

  /** From now on a call signed with the role's own credentials is known to be the role's. */
  addRole(roleName: string, sessionName = roleName): void {
    this.#byAccessKey.set(roleCredentials(roleName).accessKeyId, { roleName, sessionName });
  }

  /** Learns from calls that made a role, gave one to a function, or handed out a session. */
  observe({ service, action, request, status, responseBody }: ObservedCall): void {
    if (status >= 300) return;
    if (service === "iam" && action === "CreateRole") {
      const name = new URLSearchParams(request.body.toString("utf8")).get("RoleName");
      if (name !== null) this.addRole(name);
    } else if (service === "lambda" && (action === "CreateFunction" || action === "UpdateFunctionConfiguration")) {
      const configuration = JSON.parse(responseBody.toString("utf8")) as { readonly Role?: string; readonly FunctionName?: string };
      const role = configuration.Role?.split("/").pop();
      if (role !== undefined) this.addRole(role, configuration.FunctionName);
    } else if (service === "sts" && action.startsWith("AssumeRole")) {
      const assumed = assumedRole(responseBody.toString("utf8"));
      if (assumed !== undefined) this.#byAccessKey.set(assumed.accessKeyId, assumed.session);
    }
  }
}

/** The session in an AssumeRole answer (XML), if it was granted. */
export function assumedRole(responseBody: string): { accessKeyId: string; session: RoleSession } | undefined {
  const accessKeyId = /<AccessKeyId>([^<]+)</.exec(responseBody)?.[1];
  const arn = /:assumed-role\/([^<]+)\/([^</]+)</.exec(responseBody);
  if (accessKeyId === undefined || arn === null) return undefined;
  return { accessKeyId, session: { roleName: arn[1]?.split("/").pop() ?? "", sessionName: arn[2] ?? "" } };
}
