/** Evaluates the rules over the resources of a state, as the engine would over a deployment that has just ended. */
import type { Exemption } from "../core/exemption.ts";
import type { AnyRule } from "../core/rule.ts";
import { Run } from "../core/run.ts";
import { runSettings } from "../engine/run-settings.ts";
import { Deployment } from "../model/deployment.ts";
import { Resource, nameOf } from "../model/resource.ts";
import { levelOf, type PackConfig } from "./config-file.ts";
import { stackOf, type StateResource } from "./state.ts";

export interface Violation {
  readonly rule: AnyRule;
  readonly level: "advisory" | "mandatory";
  readonly message: string;
  /** Absent when the stack as a whole is meant, or several resources. */
  readonly urn?: string;
  readonly urns?: readonly string[];
}

export interface Analysis {
  readonly rules: readonly AnyRule[];
  readonly resources: number;
  readonly violations: readonly Violation[];
}

export interface AnalyzeOptions {
  readonly rules: readonly AnyRule[];
  readonly exemptions: readonly Exemption[];
  readonly config: PackConfig;
  /** Name of the stack; default: that of the state. */
  readonly stack?: string | undefined;
  readonly now?: () => number;
}

/** Nothing is changed here, so that what would be remediated is reported as mandatory. */
const reported = (rule: AnyRule, config: PackConfig) => (levelOf(rule, config) === "advisory" ? "advisory" : "mandatory");

export function analyze(state: readonly StateResource[], { rules, exemptions, config, stack, now }: AnalyzeOptions): Analysis {
  const enabled = rules.filter((rule) => levelOf(rule, config) !== "disabled");
  const run = new Run(
    runSettings({ rules, exemptions, configured: () => config.properties, stack: stack ?? stackOf(state), ...(now && { now }) }),
  );
  const resources = state.map(({ inputs }) => new Resource(inputs));
  const deployment = new Deployment(state.map(({ outputs }) => outputs));
  const byResource = resources.flatMap((resource) =>
    enabled.flatMap((rule) => run.checkResource(rule, resource).map((one) => ({ rule, one }))),
  );
  const byStack = enabled.flatMap((rule) => run.checkStack(rule, deployment).map((one) => ({ rule, one })));
  const violations = [...byResource, ...byStack].map(({ rule, one: { message, urn, urns } }): Violation => {
    return { rule, level: reported(rule, config), message, ...(urn !== undefined && { urn }), ...(urns && { urns }) };
  });
  return { rules: enabled, resources: resources.length, violations: violations.sort(byWeight) };
}

/** Mandatory ones first, then by resource and rule. */
function byWeight(one: Violation, other: Violation): number {
  const weight = ({ level, urn, rule }: Violation) => `${level === "mandatory" ? 0 : 1} ${urn ?? ""} ${rule.id}`;
  return weight(one) < weight(other) ? -1 : 1;
}

/** Type and name of a resource for a reader; the stack when there is no URN. */
export function placeOf({ urn, urns }: Pick<Violation, "urn" | "urns">): string {
  if (urns) return `${urns.length} resources`;
  if (urn === undefined) return "the stack";
  const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
  return `${type.slice(type.lastIndexOf(":") + 1)} "${nameOf(urn)}"`;
}
