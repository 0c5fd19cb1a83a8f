/** Whose credentials an access key is: the sandbox accepts any, but remembers the roles whose sessions were handed out. */
import { randomBytes } from "node:crypto";

export interface RoleSession {
  readonly roleName: string;
  readonly sessionName: string;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export class Sessions {
  readonly #byAccessKey = new Map<string, RoleSession>();

  /** Notes a session that STS handed out. */
  learn(accessKeyId: string, session: RoleSession): void {
    this.#byAccessKey.set(accessKeyId, session);
  }

  /** Fake credentials for a session of the role; the same ones on every call for one role and session name. */
  issue(session: RoleSession): Credentials {
    const known = [...this.#byAccessKey].find(
      ([, other]) => other.roleName === session.roleName && other.sessionName === session.sessionName,
    );
    const accessKeyId = known?.[0] ?? `ASIA${randomBytes(8).toString("hex").toUpperCase()}`;
    this.learn(accessKeyId, session);
    return { accessKeyId, secretAccessKey: `local-${accessKeyId}`, sessionToken: `local-session-${session.roleName}` };
  }

  get(accessKeyId: string): RoleSession | undefined {
    return this.#byAccessKey.get(accessKeyId);
  }
}

/** The session in an AssumeRole answer (XML), if it was granted. */
export function assumedRole(responseBody: string): { accessKeyId: string; session: RoleSession } | undefined {
  const accessKeyId = /<AccessKeyId>([^<]+)</.exec(responseBody)?.[1];
  const arn = /:assumed-role\/([^<]+)\/([^</]+)</.exec(responseBody);
  if (accessKeyId === undefined || arn === null) return undefined;
  return { accessKeyId, session: { roleName: arn[1]?.split("/").pop() ?? "", sessionName: arn[2] ?? "" } };
}
