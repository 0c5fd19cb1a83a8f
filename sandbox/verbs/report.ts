/** The end of a deployment as text or JSON. */
import { stripVTControlCharacters } from "node:util";
import type { ChangeSummary, DeployResult } from "../engine/api.ts";
import type { Settings } from "./project.ts";

/** In the order in which a reader wants them. */
const order = ["create", "update", "replace", "delete", "refresh", "same"] as const;

export function summaryLine(summary: ChangeSummary): string {
  const parts = order.flatMap((op) => {
    const count = summary[op] ?? 0;
    return count === 0 ? [] : [op === "same" ? `${count} unchanged` : `${count} to ${op}`];
  });
  return parts.length === 0 ? "nothing to do" : parts.join(", ");
}

const past: Readonly<Record<string, string>> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  refresh: "refreshed",
  same: "unchanged",
};

export function doneLine(summary: ChangeSummary): string {
  const parts = order.flatMap((op) => {
    const count = summary[op] ?? 0;
    return count === 0 ? [] : [`${count} ${past[op] ?? op}`];
  });
  return parts.length === 0 ? "nothing was done" : parts.join(", ");
}

/** The shape of `pulumi preview --json`, and beside it what that lacks. */
export function jsonReport(result: DeployResult, settings: Settings) {
  const { ok, steps, changeSummary, policyViolations, outputs, durationSeconds } = result;
  const config = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  const diagnostics = result.diagnostics.map((one) => ({ ...one, message: stripVTControlCharacters(one.message) }));
  return { ok, config, steps, diagnostics, changeSummary, policyViolations, outputs, durationSeconds };
}

/** When nothing could be begun: the same shape, so that a reader needs one parser. */
export function jsonFailure(message: string) {
  return {
    ok: false,
    steps: [],
    diagnostics: [{ severity: "error", message }],
    changeSummary: {},
    policyViolations: [],
    outputs: {},
    durationSeconds: 0,
  };
}
