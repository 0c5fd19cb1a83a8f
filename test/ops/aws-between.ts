/** Stands between a command and the local AWS: passes calls on, records them, and answers itself, or changes a call, where a test says so. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface Call {
  readonly action: string;
  /** Of the Query protocol; empty for JSON. */
  readonly params: Readonly<Record<string, string>>;
  /** Of the JSON protocol; empty for Query. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Counts the calls of this action from 1. */
  readonly turn: number;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** An answer in the place of AWS's; another body to pass on; or nothing. */
export type Meddling = (call: Call) => Reply | { readonly passOn: string } | undefined;

export interface Between {
  readonly endpoint: string;
  readonly calls: Call[];
  readonly actions: () => string[];
  /** Set by a test; cleared by `reset`. */
  meddle: Meddling;
  /** Changes what AWS answers; kept by `reset`. */
  edit: (call: Call, answer: string) => string;
  reset(): void;
  close(): Promise<void>;
}

/** An error of EC2. */
export const ec2Error = (code: string, message: string, status = 400): Reply => ({
  status,
  body: `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>r</RequestID></Response>`,
});

export const ec2Answer = (action: string, inner: string): Reply => ({
  status: 200,
  body: `<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>${inner}</${action}Response>`,
});

/** An error of a JSON service. */
export const jsonError = (type: string, message: string, status = 400): Reply => ({
  status,
  body: JSON.stringify({ __type: type, message }),
});

export const jsonAnswer = (value: unknown): Reply => ({ status: 200, body: JSON.stringify(value) });

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function callOf(request: IncomingMessage, body: string, before: readonly Call[]): Call {
  const target = request.headers["x-amz-target"];
  const params: Readonly<Record<string, string>> = target === undefined ? Object.fromEntries(new URLSearchParams(body)) : {};
  const action = typeof target === "string" ? (target.split(".").pop() ?? "") : (params["Action"] ?? "");
  const input = target === undefined ? {} : (JSON.parse(body) as Record<string, unknown>);
  return { action, params, input, turn: before.filter((one) => one.action === action).length + 1 };
}

export async function startBetween(aws: string): Promise<Between> {
  const calls: Call[] = [];
  const between: Between = {
    endpoint: "",
    calls,
    actions: () => calls.map(({ action }) => action),
    meddle: () => undefined,
    edit: (_call, answer) => answer,
    reset: () => {
      calls.length = 0;
      between.meddle = () => undefined;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  const server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request);
      const call = callOf(request, body, calls);
      calls.push(call);
      const meddled = between.meddle(call);
      const type = request.headers["x-amz-target"] === undefined ? "text/xml" : "application/x-amz-json-1.1";
      if (meddled !== undefined && "status" in meddled) {
        response.writeHead(meddled.status, { "content-type": type }).end(meddled.body);
        return;
      }
      const hopByHop = new Set(["host", "connection", "content-length"]);
      const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !hopByHop.has(name)));
      const answer = await fetch(`${aws}${request.url ?? "/"}`, {
        method: request.method ?? "POST",
        headers: headers as Record<string, string>,
        body: meddled?.passOn ?? body,
      });
      response
        .writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? type })
        .end(between.edit(call, await answer.text()));
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(between, { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
