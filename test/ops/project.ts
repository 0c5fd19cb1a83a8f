/** A folder with a stack's settings, in which the operations command line runs as a user runs it. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const cli = join(import.meta.dirname, "../../ops/cli.ts");

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Project {
  readonly path = mkdtempSync(join(tmpdir(), "fleet-ops-"));

  write(file: string, text: string): void {
    writeFileSync(join(this.path, file), text);
  }

  read(file: string): string {
    return readFileSync(join(this.path, file), "utf8");
  }

  /** Runs a verb; the endpoint is the only AWS it can reach. */
  ops(endpoint: string, ...args: readonly string[]): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [cli, ...args], {
        cwd: this.path,
        env: { ...awsVariables(endpoint), PATH: process.env["PATH"] ?? "", FLEET_TEST_RUN: process.env["FLEET_TEST_RUN"] ?? "" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const output = { stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
      child.on("error", reject).on("close", (status) => resolve({ status, ...output }));
    });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** For a child process, or for this one. */
export const awsVariables = (endpoint: string): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: "/nonexistent",
  AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
});

/** Settings of a stack, as far as operations read them. */
export const settingsText = (fleets: string): string => `config:
  aws:region: eu-west-1
  aws:allowedAccountIds:
    - "999999999999" # not the local one, which is accepted all the same
  fleet:product: shop
  fleet:platform: web
  fleet:majorVersion: 3
  fleet:fleets:
${fleets}`;
