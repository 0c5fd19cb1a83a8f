import { ChefClient } from "../chef/client.ts";
import { reconcile, type ReconcileReport } from "../reconcile/run.ts";
import type { ReconcilerSettings } from "../settings.ts";
import { callerAccount, instanceStates } from "./instances.ts";
import { CachedSecret, readSecret } from "./secrets.ts";

/** Listing an organization of 10,000 nodes takes the server a while. */
const totalTimeoutMs = 60_000;

/** One sweep with everything real behind it. */
export async function reconcileWith(settings: ReconcilerSettings): Promise<ReconcileReport> {
  const key = new CachedSecret(() => readSecret(settings.chefKey));
  const chef = new ChefClient({
    serverUrl: settings.chefServerUrl,
    user: settings.chefUser,
    key: (options) => key.get(options),
    signing: settings.chefSigning,
    allowHttp: settings.allowHttp,
    totalTimeoutMs,
    ...(settings.certificateAuthority === undefined ? {} : { certificateAuthority: await readSecret(settings.certificateAuthority) }),
  });
  try {
    return await reconcile(settings, { chef, instanceStates, callerAccount, now: Date.now });
  } finally {
    chef.close();
  }
}
