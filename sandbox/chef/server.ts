import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { administer, adminPath } from "./admin.ts";
import { ChefServerApi } from "./api.ts";
import type { Fault } from "./fault.ts";
import { ChefStore } from "./store.ts";

export interface ChefServerOptions {
  /** File that holds the state; without one it is gone with the process. */
  readonly file?: string;
  /** Port on 127.0.0.1; default any free one. */
  readonly port?: number;
  /** Milliseconds since 1970; default the machine's clock. */
  readonly now?: () => number;
}

export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly user: string;
  readonly status: number;
}

/** A Chef server on 127.0.0.1 for development and tests: strict where the real one is, and able to fail on demand. */
export class ChefServer {
  readonly store: ChefStore;
  readonly api: ChefServerApi;
  readonly faults: Fault[] = [];
  /** Every request that was answered, in order. */
  readonly requests: RequestRecord[] = [];
  /** Connections accepted so far. */
  connections = 0;
  /** Wait before every answer, milliseconds. */
  latencyMs = 0;
  readonly #server: Server;
  readonly #options: ChefServerOptions;

  constructor(options: ChefServerOptions = {}) {
    this.#options = options;
    this.store = new ChefStore(options.file);
    this.api = new ChefServerApi(this.store, options.now ?? Date.now);
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on("connection", () => this.connections++);
  }

  /** Address without organization, `http://127.0.0.1:4000`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#options.port ?? 0, "127.0.0.1", resolve);
    });
    return this;
  }

  async stop(): Promise<void> {
    this.store.save();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const { method = "GET", url = "/" } = request;
    if (url.startsWith(adminPath)) {
      const { status, body } = administer(method, url, Buffer.concat(parts).toString(), this);
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
      return;
    }
    const fault = this.#takeFault(`${method} ${url}`);
    const latency = fault?.latencyMs ?? this.latencyMs;
    if (latency > 0) await new Promise((resolve) => setTimeout(resolve, latency));
    if (fault?.cut === "hang") return;
    if (fault?.cut === "reset") return void response.destroy();
    const body = Buffer.concat(parts);
    const reply =
      fault?.status === undefined
        ? this.api.handle({ method, url, headers: request.headers, body })
        : { status: fault.status, body: { error: ["injected"] } };
    this.requests.push({ method, path: url, user: String(request.headers["x-ops-userid"] ?? ""), status: reply.status });
    if (fault?.cut === "reset-after") return void response.destroy();
    const text = fault?.body ?? JSON.stringify(reply.body);
    const headers = {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(text),
      Date: new Date((this.#options.now ?? Date.now)()).toUTCString(),
      ...fault?.headers,
    };
    response.writeHead(
      reply.status,
      reply.status === 401
        ? { ...headers, "WWW-Authenticate": 'X-Ops-Sign version="1.0" version="1.1" version="1.2" version="1.3"' }
        : headers,
    );
    if (fault?.cut !== "half") return void response.end(text);
    response.write(text.slice(0, Math.ceil(text.length / 2)), () => response.destroy());
  }

  #takeFault(line: string): Fault | undefined {
    const fault = this.faults.find(({ match, times }) => times > 0 && match.test(line));
    if (fault) fault.times--;
    return fault;
  }
}
