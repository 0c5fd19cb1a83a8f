/** A small AWS endpoint for Query calls: it records what comes and answers what it is told to. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface RecordedCall {
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Inner XML of `<ActionResult>`, or an error; undefined leaves the call without an answer. */
export type Answer = string | { readonly status: number; readonly code: string; readonly message: string } | undefined;

export class QueryDouble {
  readonly calls: RecordedCall[] = [];
  /** By action; what is not here answers with an empty result. */
  answers: Record<string, (parameters: Readonly<Record<string, string>>, count: number) => Answer> = {};
  endpoint = "";
  readonly #counts = new Map<string, number>();
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      const action = form.get("Action") ?? "";
      for (const key of ["Action", "Version"]) form.delete(key);
      const parameters = Object.fromEntries(form);
      this.calls.push({ action, parameters });
      const count = (this.#counts.get(action) ?? 0) + 1;
      this.#counts.set(action, count);
      const answer = action in this.answers ? this.answers[action]!(parameters, count) : "";
      if (answer === undefined) return; // never answered
      if (typeof answer === "string") {
        response.writeHead(200, { "content-type": "text/xml" });
        response.end(`<${action}Response><${action}Result>${answer}</${action}Result></${action}Response>`);
        return;
      }
      response.writeHead(answer.status, { "content-type": "text/xml" });
      response.end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>${answer.code}</Code><Message>${answer.message}</Message></Error></ErrorResponse>`,
      );
    });
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.endpoint = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  reset(): void {
    this.calls.length = 0;
    this.#counts.clear();
    this.answers = {};
  }

  /** Calls that change something, in order. */
  changes(): readonly RecordedCall[] {
    return this.calls.filter(
      (call) => !call.action.startsWith("Describe") && !call.action.startsWith("Get") && !call.action.startsWith("List"),
    );
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
