/** The program of this project in a checkout of its own, deployed under the pack by the sandbox's command line. */
import assert from "node:assert/strict";
import type { DeployResult } from "../../../sandbox/engine/api.ts";
import { Checkout } from "../../helpers/checkout.ts";

export class Program {
  readonly checkout = new Checkout();

  /** Starts the local AWS, for all that follows. */
  async start(): Promise<void> {
    await this.checkout.sandbox("env");
  }

  stop(): Promise<void> {
    return this.checkout.remove();
  }

  async deploy(verb: "preview" | "up", stack: string, ...args: readonly string[]): Promise<DeployResult> {
    const { stdout, stderr } = await this.checkout.sandbox(verb, "--json", "--stack", stack, ...args);
    assert.ok(stdout.startsWith("{"), `sandbox ${verb} printed no JSON:\n${stderr.slice(-2_000)}`);
    return JSON.parse(stdout) as DeployResult;
  }
}

export const said = ({ policyViolations }: DeployResult) =>
  policyViolations.map(({ policyName, enforcementLevel, urn, message }) => ({
    rule: policyName,
    level: enforcementLevel,
    place: urn.split("::").at(-1),
    text: message.slice(message.indexOf("\n") + 1),
  }));

export const violated = (result: DeployResult) => said(result).filter(({ rule }) => rule !== "pack-nothing-unproved");

/** Rules of which something is unproved. */
export const unproved = (result: DeployResult) =>
  [...new Set(said(result).flatMap(({ rule, text }) => (rule === "pack-nothing-unproved" ? (text.split(" ")[0] ?? "") : [])))].sort();

export const errors = ({ diagnostics }: DeployResult) =>
  JSON.stringify(diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message));

/** What was done beside nothing. */
export const done = ({ steps }: DeployResult) => steps.filter(({ op }) => op !== "same");
