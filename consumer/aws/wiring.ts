import { ChefClient } from "../chef/client.ts";
import type { CoreDependencies, DrainPort } from "../core.ts";
import type { ConsumerSettings } from "../settings.ts";
import { AutoScalingLifecycle } from "./lifecycle.ts";
import { CachedSecret, readSecret } from "./secrets.ts";

/** The core with everything real behind it. What only some settings need is loaded only then. */
export async function connect(settings: ConsumerSettings): Promise<CoreDependencies & { close(): void }> {
  const key = new CachedSecret(() => readSecret(settings.chefKey));
  const authority = settings.certificateAuthority === undefined ? undefined : await readSecret(settings.certificateAuthority);
  const chef = new ChefClient({
    serverUrl: settings.chefServerUrl,
    user: settings.chefUser,
    key: (options) => key.get(options),
    signing: settings.chefSigning,
    allowHttp: settings.allowHttp,
    maxConnections: settings.concurrency,
    ...(authority === undefined ? {} : { certificateAuthority: authority }),
  });
  return {
    chef,
    user: settings.chefUser,
    naming: settings.naming,
    nodeNameTag: settings.naming === "tag" ? (await import("./node-name-tag.ts")).nodeNameTagReader() : () => Promise.resolve(undefined),
    ours: settings,
    lifecycle: new AutoScalingLifecycle(),
    ...(settings.drain === "chef-client" ? { drain: await chefClientDrain() } : {}),
    dryRun: settings.dryRun,
    close: () => chef.close(),
  };
}

async function chefClientDrain(): Promise<DrainPort> {
  return new (await import("./drain.ts")).ChefClientDrain();
}
