/**
 * All rules, in the order in which they run. The rules about the pack itself stand last, because the last of them
 * reports what the others could not prove.
 */
import type { AnyRule } from "./core/rule.ts";
import { imageFactsKnown } from "./rules/image-facts-known.ts";
import { imageInstanceTypeMatch } from "./rules/image-instance-type-match.ts";
import { notifyReachesQueue } from "./rules/notify-reaches-queue.ts";
import { notifyTerminateExists } from "./rules/notify-terminate-exists.ts";
import { packConfigKnown } from "./rules/pack-config-known.ts";
import { packExemptionsValid } from "./rules/pack-exemptions-valid.ts";
import { packNothingUnproved } from "./rules/pack-nothing-unproved.ts";

export const rules: readonly AnyRule[] = [
  imageInstanceTypeMatch,
  imageFactsKnown,
  notifyTerminateExists,
  notifyReachesQueue,
  packConfigKnown,
  packExemptionsValid,
  packNothingUnproved,
];
