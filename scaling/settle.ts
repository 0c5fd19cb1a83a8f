/** After every command, fact or timer: each group that was touched is brought nearer to what it should be. */
import { reconcile } from "./capacity.ts";
import { beginCooldown } from "./cooldown.ts";
import type { Core } from "./core.ts";
import { continueDeletion } from "./groups.ts";
import { rebalance } from "./rebalance.ts";
import { stepRefresh } from "./refresh.ts";
import { replaceInstances } from "./replacement.ts";
import { reconcileWarmPool } from "./warm-pool.ts";

/** Each round changes something that the next one looks at; a few are usual, thousands are a fault of the model. */
const mostRounds = 10_000;

export function settle(core: Core): void {
  let rounds = 0;
  for (let group = core.takeTouched(); group !== undefined; group = core.takeTouched()) {
    if (++rounds > mostRounds) throw new Error(`Auto Scaling group ${group.name} does not come to rest; its rules contradict each other`);
    if (group.deleting) {
      continueDeletion(core, group);
      continue;
    }
    replaceInstances(core, group);
    stepRefresh(core, group);
    rebalance(core, group);
    reconcile(core, group);
    reconcileWarmPool(core, group);
    beginCooldown(core, group);
  }
}
