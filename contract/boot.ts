/** Where a boot that failed is told; the scripts in boot/ have the same names, and a test holds them equal. */
import { tagKeys } from "./tags.ts";

/** Log group of a fleet's failed boots; each instance has a stream of its own, named by its id. */
export const bootLogGroup = (fleetPrefix: string): string => `/fleet/${fleetPrefix}/boot`;

/** Metric of failed boots, with the fleet's prefix as its only dimension. */
export const bootFailures = { namespace: "Fleet", name: "BootFailures", dimension: "Fleet" } as const;

/** Tags that an instance may write on itself while it boots. */
export const bootTagKeys: readonly string[] = [
  "Name",
  tagKeys.product,
  tagKeys.environment,
  tagKeys.majorVersion,
  tagKeys.role,
  tagKeys.nodeName,
  tagKeys.layer,
];
