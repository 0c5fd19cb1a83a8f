/** Takes out what may be replaced now: https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html (How it works) */
import { at, sentences } from "./activities.ts";
import type { Core } from "./core.ts";
import { beginTermination } from "./lifecycle.ts";
import { isActive } from "./membership.ts";
import type { Census } from "./refresh-census.ts";
import { checkpointAllowance } from "./refresh-checkpoints.ts";
import { matches } from "./refresh-scope.ts";
import type { RefreshState } from "./refresh-state.ts";
import { isReady } from "./replacement.ts";
import type { GroupState, InstanceState } from "./state.ts";

/** @returns what keeps the refresh from replacing anything, when something does that only a person can change. */
export function replaceSome(core: Core, group: GroupState, refresh: RefreshState, census: Census): string | undefined {
  const allowance = checkpointAllowance(core, group, refresh, census);
  const movable = census.remaining.filter((instance) => isActive(instance) && !waitsForProtection(refresh, instance));
  oldestConfigurationFirst(core, group, refresh, movable);
  const count = Math.min(movable.length, allowance);
  group.refreshSurplus = Math.max(0, Math.min(census.range.max - group.desiredCapacity, count));
  group.launchCause = "an instance was launched in response to an instance refresh.";
  let taken = 0;
  for (const instance of movable) {
    if (taken === count) break;
    const serves = isReady(core, instance, 0);
    if (serves && census.ready <= census.range.min) continue;
    if (serves) census.ready--;
    refresh.replaced++;
    taken++;
    takeOut(core, group, instance);
  }
  if (taken > 0) {
    census.settling += taken;
    census.remaining = census.remaining.filter((instance) => isActive(instance) || instance.state === "Standby");
    group.refreshSurplus = Math.max(0, Math.min(census.range.max - group.desiredCapacity, count - taken));
  }
  if (movable.length > 0 || census.settling > 0 || census.remaining.length === 0) return undefined;
  return census.remaining.some((instance) => instance.state === "Standby")
    ? "Waiting for instances in Standby to be returned to service."
    : "Waiting for scale-in protection to be removed from instances.";
}

/**
 * A refresh that is run again after a partial one takes "earlier instances first", before those that match already:
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-adding-checkpoints-instance-refresh.html
 */
function oldestConfigurationFirst(core: Core, group: GroupState, refresh: RefreshState, instances: InstanceState[]): void {
  const config = refresh.rollback === undefined ? (refresh.desiredConfiguration ?? group.config) : group.config;
  const left = new Map(group.activeByZone);
  const isMatching = (instance: InstanceState) => matches(core, config, instance);
  const [matching, earlier] = [instances.filter(isMatching), instances.filter((instance) => !isMatching(instance))];
  instances.splice(0, instances.length, ...fullestZoneFirst(left, earlier), ...fullestZoneFirst(left, matching));
}

/** In the order in which taking them out keeps the zones balanced. @param left instances in each zone, counted down. */
function fullestZoneFirst(left: Map<string, number>, instances: readonly InstanceState[]): InstanceState[] {
  const place = new Map<InstanceState, number>();
  for (const instance of instances) {
    const inZone = left.get(instance.zone) ?? 0;
    place.set(instance, -inZone);
    left.set(instance.zone, inZone - 1);
  }
  return instances.toSorted((one, other) => (place.get(one) ?? 0) - (place.get(other) ?? 0));
}

function waitsForProtection(refresh: RefreshState, instance: InstanceState): boolean {
  return instance.protectedFromScaleIn && refresh.preferences.scaleInProtectedInstances === "Wait";
}

function takeOut(core: Core, group: GroupState, instance: InstanceState): void {
  const reason = `${at(core)}an instance was taken out of service in response to an instance refresh.`;
  beginTermination(core, group, instance, { cause: sentences(reason, `${at(core)}instance ${instance.id} was selected for termination.`) });
}
