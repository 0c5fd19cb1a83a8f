import { configFaults } from "../core/config.ts";
import type { Exemption } from "../core/exemption.ts";
import type { AnyRule } from "../core/rule.ts";
import type { RunSettings } from "../core/run.ts";
import { packExemptionsValid } from "../rules/pack-exemptions-valid.ts";

interface Sources {
  readonly rules: readonly AnyRule[];
  readonly exemptions: readonly Exemption[];
  /** Configuration per rule as the engine or a file gives it; undefined while there is none. */
  readonly configured: () => ReadonlyMap<string, Readonly<Record<string, unknown>>> | undefined;
  readonly stack: string | undefined;
  /** Default: the machine's clock. */
  readonly now?: () => number;
}

/** `all` sets the level of every rule in a configuration file; the engine passes it on like a rule. */
const reservedNames = new Set(["all"]);

function faultsOf(rules: readonly AnyRule[], configured: ReadonlyMap<string, Readonly<Record<string, unknown>>>): string[] {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  return [...configured].flatMap(([name, given]) => {
    const rule = byId.get(name);
    if (rule) return configFaults(name, rule.options, given);
    return reservedNames.has(name) ? [] : [`there is no rule ${name}; see docs/policies.md for the ids`];
  });
}

export function runSettings({ rules, exemptions, configured, stack, now = Date.now }: Sources): RunSettings {
  const own = (rule: string) => configured()?.get(rule);
  return {
    rules,
    configured: own,
    configFaults: () => faultsOf(rules, configured() ?? new Map()),
    exemptions: () => {
      const given = own(packExemptionsValid.id)?.["exemptions"];
      return [...exemptions, ...(Array.isArray(given) ? (given as Exemption[]) : [])];
    },
    stack: () => stack,
    now,
  };
}
