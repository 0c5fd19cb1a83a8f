import type { ReconcileQuestion } from "../contract/node-cleanup.ts";
import { reconcileWith } from "./aws/reconciling.ts";
import type { ReconcileReport } from "./reconcile/run.ts";
import { jsonLog, printLine } from "./report.ts";
import { readReconcilerSettings, type ReconcilerSettings } from "./settings.ts";

/**
 * The function's entry: one sweep, by schedule or because it is asked, reported as one log line. A failure fails the
 * invocation, so that its alarm hears of it.
 */
export async function handler(event: ReconcileQuestion | Readonly<Record<string, unknown>>): Promise<ReconcileReport> {
  const settings = readReconcilerSettings(process.env);
  const report = await reconcileWith({ ...settings, ...(isQuestion(event) ? asked(event, settings) : {}) });
  const { orphans, postponed, unjudged, ...told } = report;
  const level = report.refused !== undefined || report.failed.length > 0 ? "warn" : "info";
  const counts = { orphans: orphans.length, postponed: postponed.length, unjudged: unjudged.length };
  jsonLog(printLine)(level, "reconciled", { ...told, ...counts });
  return report;
}

const isQuestion = (event: ReconcileQuestion | Readonly<Record<string, unknown>>): event is ReconcileQuestion =>
  event["fleet"] === "reconcile";

/** What a question may change: how far the sweep goes, and nothing of where. */
function asked(question: ReconcileQuestion, settings: ReconcilerSettings): Omit<ReconcileQuestion, "fleet"> {
  const { dryRun, minAgeSeconds, maxDeletions, clientsWithoutNode } = { ...settings, ...question };
  return { dryRun, minAgeSeconds, maxDeletions, clientsWithoutNode };
}
