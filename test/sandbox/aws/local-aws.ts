/** A local AWS for a test file: in this process, on a clock that the test moves, in a folder of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDaemon } from "../../../sandbox/aws/daemon.ts";

export interface TestAws {
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  /** For every SDK client. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
  };
  /** Lines of the daemon's log. */
  readonly lines: readonly string[];
  /** Moves the stepped clock; everything that falls due is done when it resolves. */
  advance(seconds: number): Promise<void>;
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, "../../..");

export async function startTestAws(options: { readonly speed?: number | "stepped" } = {}): Promise<TestAws> {
  const directory = mkdtempSync(join(tmpdir(), "fleet-aws-"));
  const lines: string[] = [];
  const region = "eu-west-1";
  const accountId = "123456789012";
  const daemon = await startDaemon({
    root,
    directory,
    id: "test",
    speed: options.speed ?? "stepped",
    accountId,
    region,
    port: 0,
    log: (line) => lines.push(line),
    onShutdown: () => undefined,
  });
  const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${daemon.endpoint}/_fleet/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const value: unknown = await answer.json();
    if (!answer.ok) throw new Error(JSON.stringify(value));
    return value;
  };
  return {
    endpoint: daemon.endpoint,
    region,
    accountId,
    client: { endpoint: daemon.endpoint, region, credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" }, maxAttempts: 1 },
    lines,
    advance: async (seconds) => {
      await admin("POST", "clock", { advanceSeconds: seconds });
    },
    admin,
    stop: async () => {
      await daemon.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
