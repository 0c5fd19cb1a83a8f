/** Passes a request on to an emulator over kept-alive connections. */
import { Agent, request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AwsReply } from "../service.ts";

export interface Outgoing {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** Longer than the longest call there is: a synchronous invocation of a function that runs for 15 minutes. */
const answerTimeoutMs = 16 * 60_000;

/** Headers of one connection, not of the message (RFC 9110, 7.6.1), and the length, which is set anew. */
const perConnection = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "content-length", "expect"]);

const kept = (headers: Readonly<Record<string, string | string[] | undefined>>) =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || perConnection.has(name) ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
    ),
  );

export class Forwarder {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 32, scheduling: "lifo" });

  /** Rejects when the emulator cannot be reached. A kept connection that the emulator had just closed is tried once more. */
  async send(port: number, outgoing: Outgoing): Promise<AwsReply> {
    try {
      return await this.#try(port, outgoing);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      return this.#try(port, outgoing);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #try(port: number, { method, url, headers, body }: Outgoing): Promise<AwsReply> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          host: "127.0.0.1",
          port,
          method,
          path: url,
          agent: this.#agent,
          headers: { ...kept(headers), "content-length": body.length },
          timeout: answerTimeoutMs,
        },
        (response) => void readReply(response).then(resolve, reject),
      );
      request.on("timeout", () => request.destroy(new Error(`no answer within ${answerTimeoutMs / 60_000} minutes`)));
      request.on("error", (error: NodeJS.ErrnoException) => {
        // Nothing of an answer came and the connection was an old one: the request was not read.
        reject(request.reusedSocket && error.code === "ECONNRESET" ? new StaleConnection() : error);
      });
      request.end(body);
    });
  }
}

class StaleConnection extends Error {}

async function readReply(response: IncomingMessage): Promise<AwsReply> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 502, headers: kept(response.headers), body: Buffer.concat(chunks) };
}
