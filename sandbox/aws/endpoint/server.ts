/** The one HTTP endpoint: routes each request to the party that has its service, records it, tells the others about it. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../../scaling/clock.ts";
import type { AwsReply, AwsRequest, AwsService } from "../service.ts";
import type { CallLog } from "./calls.ts";
import { ownAccessKeyId } from "./direct.ts";
import { errorReply, ServiceError } from "./errors.ts";
import { lambdaAction } from "./lambda-actions.ts";
import { actionOf, protocolOf, scopeOf } from "./route.ts";
import type { Protocol } from "./route.ts";
import type { Sessions } from "./sessions.ts";

export type PlainHandler = (request: {
  readonly method: string;
  readonly path: string;
  readonly headers: AwsRequest["headers"];
  readonly body: Buffer;
}) => Promise<AwsReply>;

export interface EndpointOptions {
  readonly accountId: string;
  readonly clock: Clock;
  readonly calls: CallLog;
  readonly sessions: Sessions;
  log(line: string): void;
  /** Paths that begin with `/_fleet/`. */
  readonly admin: PlainHandler;
  /** Instance metadata: paths below `/_fleet/imds/<instance id>`. */
  readonly metadata: (instanceId: string, request: Parameters<PlainHandler>[0]) => Promise<AwsReply>;
}

/** Lambda's own limit for a zipped upload is 50 MB, which base64 makes 67 MB; nothing else comes near. */
const largestBodyBytes = 80 * 1024 * 1024;

export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #server: Server;
  readonly #services = new Map<string, AwsService>();
  #open: () => void = () => undefined;
  /** Requests that come before the services are there wait. */
  readonly #opened = new Promise<void>((resolve) => (this.#open = resolve));

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.keepAliveTimeout = 75_000; // longer than the SDKs keep an idle connection, so that they close it, not we
    this.#server.requestTimeout = 0; // long polls and synchronous invocations take their time
  }

  /** Binds 127.0.0.1; `port` 0 takes a free one. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => reject(error.code === "EADDRINUSE" ? new Error(occupied(port)) : error));
      this.#server.listen(port, "127.0.0.1", resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Begins to answer. */
  open(services: readonly AwsService[]): void {
    for (const service of services) this.#services.set(service.signingName, service);
    this.#open();
  }

  service(signingName: string): AwsService | undefined {
    return this.#services.get(signingName);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await readBody(incoming);
      await this.#opened;
      write(response, await this.#answer(incoming, body));
    } catch (error) {
      this.#options.log(`${incoming.method ?? ""} ${incoming.url ?? ""}: ${String(error)}`);
      if (!response.headersSent)
        write(response, { status: error instanceof ServiceError ? error.status : 500, headers: {}, body: String(error) });
    }
  }

  async #answer(incoming: IncomingMessage, body: Buffer): Promise<AwsReply> {
    const url = incoming.url ?? "/";
    const method = incoming.method ?? "GET";
    const headers = flat(incoming);
    const metadata = /^\/_fleet\/imds\/(i-[0-9a-f]+)(\/latest\/.*)$/.exec(url);
    if (metadata !== null) return this.#options.metadata(metadata[1] ?? "", { method, path: metadata[2] ?? "", headers, body });
    if (url.startsWith("/_fleet/")) return this.#options.admin({ method, path: url, headers, body });
    const scope = scopeOf(headers, url);
    if (scope === undefined) {
      return errorReply(
        protocolOf("", headers, url),
        new ServiceError(
          "MissingAuthenticationToken",
          "Request is missing Authentication Token",
          403,
          "MissingAuthenticationTokenException",
        ),
        randomUUID(),
      );
    }
    return this.dispatch({
      ...scope,
      accountId: this.#options.accountId,
      roleName: this.#options.sessions.get(scope.accessKeyId)?.roleName,
      requestId: randomUUID(),
      method,
      url,
      headers,
      body,
    });
  }

  /** Answers one routed request, as if it had come over the network. */
  async dispatch(request: AwsRequest): Promise<AwsReply> {
    const protocol = protocolOf(request.service, request.headers, request.url);
    const service = this.#services.get(request.service);
    const action = this.#action(protocol, request);
    const reply =
      service === undefined
        ? unknownService(protocol, request, [...this.#services.keys()])
        : await this.#handle(service, protocol, request);
    // What services of ours do for themselves is nobody's call.
    if (request.accessKeyId !== ownAccessKeyId) this.#options.calls.record(this.#options.clock.now(), action, request, reply.status);
    this.#tell(service, action, request, reply);
    return reply;
  }

  async #handle(service: AwsService, protocol: Protocol, request: AwsRequest): Promise<AwsReply> {
    try {
      return await service.handle(request);
    } catch (error) {
      if (error instanceof ServiceError) return errorReply(protocol, error, request.requestId);
      this.#options.log(`${request.service} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return errorReply(
        protocol,
        new ServiceError("InternalFailure", `${request.service} of the local AWS failed: ${String(error)}`, 500),
        request.requestId,
      );
    }
  }

  #action(protocol: Protocol, { method, url, headers, body }: AwsRequest): string {
    if (protocol === "rest") return lambdaAction(method, url);
    return actionOf(protocol, headers, url, () => new URLSearchParams(method === "GET" ? url.split("?")[1] : body.toString("utf8")));
  }

  #tell(answered: AwsService | undefined, action: string, request: AwsRequest, reply: AwsReply): void {
    const responseBody = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body;
    const call = { service: request.service, action, roleName: request.roleName, request, status: reply.status, responseBody };
    this.#options.sessions.observe(call);
    for (const service of this.#services.values()) {
      if (service === answered || service.observe === undefined) continue;
      try {
        service.observe(call);
      } catch (error) {
        this.#options.log(`${service.signingName} could not take note of ${request.service}:${action}: ${String(error)}`);
      }
    }
  }
}

const occupied = (port: number) =>
  `Port ${port} of 127.0.0.1 is taken by another process. Name another port, or none for a free one, or find the process with: ss -ltnp 'sport = :${port}'`;

function unknownService(protocol: Protocol, request: AwsRequest, known: readonly string[]): AwsReply {
  const message = `The local AWS has no service "${request.service}"; it has ${[...known].sort().join(", ")}.`;
  return errorReply(protocol, new ServiceError("ServiceNotAvailableLocally", message), request.requestId);
}

function flat(incoming: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += (chunk as Buffer).length;
    if (length > largestBodyBytes) throw new ServiceError("RequestEntityTooLarge", `a request may have ${largestBodyBytes} bytes`, 413);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function write(response: ServerResponse, { status, headers, body }: AwsReply): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, { ...headers, "content-length": bytes.length });
  response.end(bytes);
}
