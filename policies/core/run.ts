/** Runs rules over resources and deployments: configuration, exemptions, and rules that throw are settled here, once for all. */
import type { Deployment } from "../model/deployment.ts";
import { kinds, type Kind } from "../model/kinds.ts";
import { nameOf, type AnyResource } from "../model/resource.ts";
import { names, standing, type Exemption } from "./exemption.ts";
import { together, type Finding, type Findings } from "./finding.ts";
import type { FleetExemption, PackFacts } from "./pack-facts.ts";
import type { AnyRule, Context, Edit, Rule } from "./rule.ts";

export interface RuleFinding extends Finding {
  readonly rule: string;
}

export interface RunSettings {
  readonly rules: readonly AnyRule[];
  /** Configuration of a rule as given, without defaults. */
  readonly configured: (rule: string) => Readonly<Record<string, unknown>> | undefined;
  readonly configFaults: () => readonly string[];
  readonly exemptions: () => readonly Exemption[];
  readonly stack: () => string | undefined;
  readonly now: () => number;
}

type ResourceCheck = (resource: AnyResource, context: Context<never>) => Findings;
type Repair = (resource: AnyResource, context: Context<never>) => readonly Edit[];

const kindOfType = new Map(Object.entries(kinds).map(([kind, type]) => [type, kind as Kind]));

function checkFor(rule: AnyRule, type: string): ResourceCheck | undefined {
  const kind = kindOfType.get(type);
  return kind === undefined ? undefined : (rule.resources[kind] as ResourceCheck | undefined);
}

function repairFor(rule: AnyRule, type: string): Repair | undefined {
  const kind = kindOfType.get(type);
  return kind === undefined ? undefined : (rule.repairs[kind] as Repair | undefined);
}

/** Says where a rule failed, without the error's text, which may quote a secret. */
function failure(rule: string, error: unknown): string {
  const frame = error instanceof Error ? /^.*\/(policies\/[^\s)]+)/m.exec(error.stack ?? "")?.[1] : undefined;
  const name = error instanceof Error ? error.name : typeof error;
  return `the rule ${rule} itself failed (${name}${frame === undefined ? "" : ` at ${frame}`}), so nothing is proved here; the other rules ran`;
}

export class Run {
  readonly #settings: RunSettings;
  readonly #pack: PackFacts;
  readonly #unproved = new Map<string, RuleFinding>();
  readonly #fleetExemptions = new Map<string, FleetExemption[]>();
  readonly #arguments = new Map<string, AnyResource>();
  readonly #configs = new Map<string, { readonly given: unknown; readonly config: unknown }>();

  constructor(settings: RunSettings) {
    this.#settings = settings;
    this.#pack = {
      ruleIds: new Set(settings.rules.map((one) => one.id)),
      configFaults: settings.configFaults,
      exemptions: () => this.#exemptions(),
      fleetExemptions: () => [...this.#fleetExemptions.values()].flat(),
      takeUnproved: () => this.takeUnproved(),
    };
  }

  /** Checks one resource before it is created or changed. Gives the violations; what is unproved is kept for the rule that reports it. */
  checkResource(rule: AnyRule, resource: AnyResource): RuleFinding[] {
    this.learn(resource);
    const check = checkFor(rule, resource.facts.type);
    if (!check) return [];
    const found = this.#collect(rule, (context) => check(resource, context)).map((one) => ({ urn: resource.urn, ...one }));
    return this.#settle(rule, found, (urn) => (urn === resource.urn ? [urn, ...ancestors(resource)] : [urn]));
  }

  checkStack(rule: AnyRule, deployment: Deployment): RuleFinding[] {
    const { stack } = rule;
    if (!stack) return [];
    const found = this.#collect(rule, (context) => stack(deployment, context));
    const settled = this.#settle(rule, found, (urn) => {
      const resource = deployment.byUrn(urn);
      return resource ? deployment.lineage(resource).map((one) => one.urn) : [urn];
    });
    return together(settled, (urn) => deployment.byUrn(urn)?.label ?? nameOf(urn));
  }

  /** The edits that would repair the resource; none when the rule throws. */
  repair(rule: AnyRule, resource: AnyResource): readonly Edit[] {
    const repair = repairFor(rule, resource.facts.type);
    if (!repair || this.#exempt(rule.id, [resource.urn, ...ancestors(resource)])) return [];
    return repair(resource, this.#context(rule));
  }

  /** Remembers arguments that later checks ask for, and the exemptions that a fleet grants itself; its resources come after it. */
  learn(resource: AnyResource): void {
    if (resource.as("fleet") || resource.as("group")) this.#arguments.set(resource.urn, resource);
    const given = resource.as("fleet")?.at("exemptions");
    if (!given || given.missing) return;
    this.#fleetExemptions.set(
      resource.urn,
      given.items().map((one) => ({
        fleet: resource.urn,
        rule: one.at("rule").text() ?? "",
        reason: one.at("reason").text() ?? "",
        expires: one.at("expires").text() ?? "",
      })),
    );
  }

  /** Checks that could not be made since the last time. */
  takeUnproved(): readonly RuleFinding[] {
    const taken = [...this.#unproved.values()];
    this.#unproved.clear();
    return taken;
  }

  #collect(rule: AnyRule, check: (context: Context<never>) => Findings): Finding[] {
    const found: Finding[] = [];
    try {
      for (const finding of check(this.#context(rule))) found.push(finding);
    } catch (error) {
      found.push({ kind: "violation", message: failure(rule.id, error) });
    }
    return found;
  }

  /** Drops what is exempt and keeps what is unproved for later, unless the rule is told to report it itself. */
  #settle(rule: AnyRule, found: readonly Finding[], lineage: (urn: string) => readonly string[]): RuleFinding[] {
    const strict = (this.#config(rule) as { readonly whenUnproved?: string }).whenUnproved === "violation";
    return found.flatMap((one): RuleFinding[] => {
      if (one.urn !== undefined && this.#exempt(rule.id, lineage(one.urn))) return [];
      const named = { ...one, rule: rule.id };
      if (one.kind === "violation") return [named];
      if (strict) return [{ ...named, kind: "violation", message: `unproved: ${one.message}` }];
      this.#unproved.set(`${rule.id} ${one.urn ?? ""} ${one.message}`, named);
      return [];
    });
  }

  #exempt(rule: string, lineage: readonly string[]): boolean {
    const now = this.#settings.now();
    const [urn = ""] = lineage;
    return (
      this.#exemptions().some((one) => one.rule === rule && names(one, urn) && standing(one, now) === "valid") ||
      lineage.some((fleet) => this.#fleetExemptions.get(fleet)?.some((one) => one.rule === rule && standing(one, now) === "valid"))
    );
  }

  #exemptions(): readonly Exemption[] {
    const stack = this.#settings.stack();
    return this.#settings.exemptions().filter((one) => one.stack === undefined || stack === undefined || one.stack === stack);
  }

  #config(rule: Pick<AnyRule, "id" | "defaults">): unknown {
    const given = this.#settings.configured(rule.id);
    let known = this.#configs.get(rule.id);
    if (!known || known.given !== given) {
      known = { given, config: { ...(rule.defaults as object), ...given } };
      this.#configs.set(rule.id, known);
    }
    return known.config;
  }

  #context(rule: AnyRule): Context<never> {
    return {
      config: this.#config(rule) as never,
      configOf: <D>(other: Rule<D>) => this.#config(other) as D,
      now: this.#settings.now(),
      stack: this.#settings.stack(),
      argumentsOf: (urn) => this.#arguments.get(urn ?? ""),
      pack: this.#pack,
    };
  }
}

const ancestors = (resource: AnyResource) => (resource.facts.parent === undefined ? [] : [resource.facts.parent]);
