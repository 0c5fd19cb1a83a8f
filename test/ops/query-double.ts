/** A small HTTP server that answers the Query API of Auto Scaling and STS from functions, one per action, and records the calls. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Params = Readonly<Record<string, string>>;

/** An error answer in the form of the Query protocol. */
export class QueryError {
  readonly code: string;
  readonly message: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    this.code = code;
    this.message = message;
    this.status = status;
  }
}

/** Gives the action's result; `turn` counts its calls from 1. */
export type Answer = (params: Params, turn: number) => unknown;

export interface QueryDouble {
  readonly endpoint: string;
  readonly calls: { readonly action: string; readonly params: Params }[];
  readonly actions: () => string[];
  close(): Promise<void>;
}

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Lists become `<member>`, dates ISO 8601, absent values nothing. */
export function xml(value: unknown): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map((one) => `<member>${xml(one)}</member>`).join("");
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .map(([key, inner]) => (inner === undefined ? "" : `<${key}>${xml(inner)}</${key}>`))
      .join("");
  }
  return escape(`${value as string | number | boolean}`);
}

export const account = "111122223333";

export async function startQueryDouble(answers: Readonly<Record<string, Answer>>): Promise<QueryDouble> {
  const calls: { action: string; params: Params }[] = [];
  const all: Readonly<Record<string, Answer>> = {
    GetCallerIdentity: () => ({ Account: account, Arn: `arn:aws:sts::${account}:assumed-role/deploy/x`, UserId: "AROA:x" }),
    ...answers,
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const params = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      const action = params["Action"] ?? "";
      calls.push({ action, params });
      const turn = calls.filter((call) => call.action === action).length;
      const answer = all[action];
      const result = answer ? answer(params, turn) : new QueryError("InvalidAction", `no answer for ${action}`);
      if (result instanceof QueryError) {
        response.writeHead(result.status, { "content-type": "text/xml" });
        response.end(
          `<ErrorResponse><Error><Type>Sender</Type>${xml({ Code: result.code, Message: result.message })}</Error></ErrorResponse>`,
        );
        return;
      }
      response.writeHead(200, { "content-type": "text/xml" });
      response.end(`<${action}Response><${action}Result>${xml(result)}</${action}Result></${action}Response>`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    actions: () => calls.map((call) => call.action),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
