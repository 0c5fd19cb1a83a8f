/** What a rule is: metadata, typed configuration, and pure checks of one resource or of a whole deployment. */
import type { EnforcementLevel, Severity } from "@pulumi/policy";
import type { Deployment } from "../model/deployment.ts";
import type { Kind } from "../model/kinds.ts";
import type { AnyResource, Resource } from "../model/resource.ts";
import { choice, defaultsOf, type ConfigOf, type Options } from "./config.ts";
import type { Findings } from "./finding.ts";
import type { PackFacts } from "./pack-facts.ts";

/** What a check may ask beside its resource. */
export interface Context<C = unknown> {
  readonly config: C;
  /** Configuration of another rule, with its defaults. */
  readonly configOf: <D>(rule: Rule<D>) => D;
  /** Milliseconds since 1970, for ages and expiries. */
  readonly now: number;
  /** Name of the stack; unknown when a state file is analysed. */
  readonly stack: string | undefined;
  readonly pack: PackFacts;
  /** Arguments of a fleet or group of this run, by URN: outputs do not tell what was given and what AWS decided. */
  readonly argumentsOf: (urn: string | undefined) => AnyResource | undefined;
}

export type ResourceChecks<C> = {
  readonly [K in Kind]?: (resource: Resource<K>, context: Context<C>) => Findings;
};

/** A change to one property that repairs a violation; keys and indexes from the root. */
export interface Edit {
  readonly path: readonly [string, ...(string | number)[]];
  readonly value: unknown;
}

export type Repairs<C> = {
  readonly [K in Kind]?: (resource: Resource<K>, context: Context<C>) => readonly Edit[];
};

/** The check of a kind whose arguments a rule only wants to have seen when others ask for them. */
export const remembered = () => [];

interface Metadata {
  /** Stable; a removed id is never used again. */
  readonly id: string;
  /** One sentence that says what holds when the rule is kept. */
  readonly title: string;
  /** What goes wrong otherwise. */
  readonly why: string;
  readonly severity: Severity;
  readonly level: EnforcementLevel;
  /** Controls of frameworks and rules of other tools that ask for the same or part of it, `fsbp:EC2.170`. */
  readonly controls: readonly string[];
  /** Controls that ask for the opposite; the documentation says why they are not followed. */
  readonly contradicts?: readonly string[];
  /** What to do about a violation. */
  readonly remediation: string;
  readonly url: string;
}

/** Every rule has this option. */
export const unprovedOption = choice(
  "What becomes of a check that cannot be made because a value is not known yet: `report` leaves it to pack-nothing-unproved, `violation` reports it here at this rule's level.",
  ["report", "violation"],
  "report",
);

export interface Rule<C = unknown> extends Metadata {
  readonly options: Options;
  readonly defaults: C;
  readonly resources: ResourceChecks<C>;
  readonly stack: ((deployment: Deployment, context: Context<C>) => Findings) | undefined;
  /** A kind without whose resources `stack` has nothing to say. */
  readonly needs: Kind | undefined;
  readonly repairs: Repairs<C>;
}

/** A rule whose configuration is of no interest, as in a list of rules. */
export type AnyRule = Omit<Rule<never>, "defaults"> & { readonly defaults: unknown };

type Full<O extends Options> = ConfigOf<O> & { readonly whenUnproved: "report" | "violation" };

interface Definition<O extends Options> extends Metadata {
  readonly options?: O;
  readonly resources?: ResourceChecks<Full<O>>;
  readonly stack?: (deployment: Deployment, context: Context<Full<O>>) => Findings;
  readonly needs?: Kind;
  readonly repairs?: Repairs<Full<O>>;
}

export function defineRule<O extends Options>(definition: Definition<O>): Rule<Full<O>> {
  const options = { ...definition.options, whenUnproved: unprovedOption };
  return {
    ...definition,
    options,
    defaults: defaultsOf(options) as Full<O>,
    resources: definition.resources ?? {},
    stack: definition.stack,
    needs: definition.needs,
    repairs: definition.repairs ?? {},
  };
}
