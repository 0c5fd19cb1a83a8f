import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";

export type Severity = "debug" | "info" | "warning" | "error";

/** Sends messages to the engine that started the plugin; without one (a plugin started by hand) they go to stderr. */
export class EngineLog {
  #client: EngineClient | undefined;
  /** After the end nobody listens, and a closed channel throws. */
  #closed = false;
  readonly #pending = new Set<Promise<void>>();

  constructor(address: string | undefined) {
    if (address !== undefined && address !== "") this.attach(address);
  }

  attach(address: string): void {
    this.#client?.close();
    this.#client = new EngineClient(address, credentials.createInsecure());
  }

  /** A `status` message is a passing one: an engine may show it only while the step runs. */
  send(urn: string, severity: Severity, message: string, status = false): void {
    if (this.#closed) return;
    const client = this.#client;
    if (client === undefined) {
      process.stderr.write(`${severity}: ${message}\n`);
      return;
    }
    const levels = engine.LogSeverity;
    const level = { debug: levels.DEBUG, info: levels.INFO, warning: levels.WARNING, error: levels.ERROR }[severity];
    const request = new engine.LogRequest().setUrn(urn).setSeverity(level).setMessage(message).setEphemeral(status);
    // A log line must never fail a step: an engine that is going away no longer wants it.
    const sent = new Promise<void>((resolve) => {
      client.log(request, () => resolve());
    }).finally(() => this.#pending.delete(sent));
    this.#pending.add(sent);
  }

  /** Resolves when everything sent so far has arrived, so that a step's messages come before its result. */
  async flush(): Promise<void> {
    await Promise.all(this.#pending);
  }

  close(): void {
    this.#closed = true;
    this.#client?.close();
  }
}
