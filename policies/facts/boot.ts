/** How long an instance of a group takes from launch to serving. */
import type { Context } from "../core/rule.ts";
import type { AnyResource, Resource } from "../model/resource.ts";
import { Value } from "../model/value.ts";

/** What a fleet says of itself; for a group outside of a fleet, what the configuration says. */
export function bootSeconds(parent: string | undefined, context: Pick<Context, "argumentsOf">, configured: number): Value<number> {
  return context.argumentsOf(parent)?.as("fleet")?.at("bootSeconds") ?? new Value<number>(configured, "bootSeconds");
}

/** The fleet that a resource belongs to, from its line of parents. */
export function fleetOf(lineage: readonly AnyResource[], context: Pick<Context, "argumentsOf">): Resource<"fleet"> | undefined {
  for (const { urn } of lineage) {
    const fleet = context.argumentsOf(urn)?.as("fleet");
    if (fleet) return fleet;
  }
  return undefined;
}
