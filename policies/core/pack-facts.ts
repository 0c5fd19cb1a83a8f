import type { Exemption } from "./exemption.ts";
import type { Finding } from "./finding.ts";

/** An exemption that an argument of a fleet grants to the fleet and everything in it. */
export interface FleetExemption extends Omit<Exemption, "resource" | "stack"> {
  /** URN of the fleet. */
  readonly fleet: string;
}

/** What the rules about the pack itself look at. */
export interface PackFacts {
  /** Ids of all rules. */
  readonly ruleIds: ReadonlySet<string>;
  /** What is wrong with the configuration. */
  readonly configFaults: () => readonly string[];
  /** Exemptions of this stack in code and configuration. */
  readonly exemptions: () => readonly Exemption[];
  readonly fleetExemptions: () => readonly FleetExemption[];
  /** Checks of other rules that could not be made; asking takes them. */
  readonly takeUnproved: () => readonly (Finding & { readonly rule: string })[];
}
