import { ChefClient } from "./chef/client.ts";
import { callerAccount, instanceStates } from "./aws/instances.ts";
import { CachedSecret, readSecret } from "./aws/secrets.ts";
import { reconcile, type ReconcileReport } from "./reconcile/run.ts";
import { jsonLog, printLine } from "./report.ts";
import { readReconcilerSettings } from "./settings.ts";

/** The scheduled function's entry: one sweep, reported as one log line. A failure fails the invocation, so that its alarm hears of it. */
export async function handler(): Promise<Pick<ReconcileReport, "deleted" | "failed" | "refused" | "dryRun">> {
  const settings = readReconcilerSettings(process.env);
  const key = new CachedSecret(() => readSecret(settings.chefKey));
  const chef = new ChefClient({
    serverUrl: settings.chefServerUrl,
    user: settings.chefUser,
    key: (options) => key.get(options),
    signing: settings.chefSigning,
    allowHttp: settings.allowHttp,
    totalTimeoutMs: 60_000, // listing an organization of 10,000 nodes takes the server a while
    ...(settings.certificateAuthority === undefined ? {} : { certificateAuthority: await readSecret(settings.certificateAuthority) }),
  });
  try {
    const { orphans, postponed, unjudged, ...report } = await reconcile(settings, { chef, instanceStates, callerAccount, now: Date.now });
    const level = report.refused !== undefined || report.failed.length > 0 ? "warn" : "info";
    jsonLog(printLine)(level, "reconciled", {
      ...report,
      orphans: orphans.length,
      postponed: postponed.length,
      unjudged: unjudged.length,
    });
    return { deleted: report.deleted, failed: report.failed, refused: report.refused, dryRun: report.dryRun };
  } finally {
    chef.close();
  }
}
