/** The paths below `/_fleet/`: what the sandbox itself asks of its local AWS. Not signed, and only on 127.0.0.1. */
import type { AwsReply } from "../service.ts";
import type { PlainHandler } from "./server.ts";

/** Answers with an object that becomes JSON. Throws AdminError for a request that cannot be done. */
export type AdminAction = (body: Readonly<Record<string, unknown>>, argument: string) => unknown;

export class AdminError extends Error {
  override name = "AdminError";
}

/** `actions` by method and path, for example `GET /_fleet/status`; a path that ends with `/*` takes the rest as its argument. */
export function createAdmin(actions: Readonly<Record<string, AdminAction>>): PlainHandler {
  return async ({ method, path, body }) => {
    const wanted = `${method} ${path.split("?")[0] ?? path}`;
    const wildcard = Object.keys(actions).find((key) => key.endsWith("/*") && wanted.startsWith(key.slice(0, -1)));
    const action = actions[wanted] ?? (wildcard === undefined ? undefined : actions[wildcard]);
    if (action === undefined) return json(404, { error: `no ${wanted} here; there are ${Object.keys(actions).join(", ")}` });
    try {
      const parsed = body.length === 0 ? {} : (JSON.parse(body.toString("utf8")) as Record<string, unknown>);
      return json(200, (await action(parsed, wildcard === undefined ? "" : decodeURIComponent(wanted.slice(wildcard.length - 1)))) ?? {});
    } catch (error) {
      if (error instanceof AdminError || error instanceof SyntaxError) return json(400, { error: error.message });
      throw error;
    }
  };
}

const json = (status: number, value: unknown): AwsReply => ({
  status,
  headers: { "content-type": "application/json" },
  body: `${JSON.stringify(value)}\n`,
});
