/** Settings to start from: a source that is right, and ways to change one thing of it. */
import { parseSettings } from "../../settings/parse.ts";
import type { SettingsSource } from "../../settings/parse.ts";
import type { SettingFault } from "../../settings/faults.ts";
import type { Settings } from "../../settings/resolve.ts";

export type Values = Record<string, unknown>;

/** The smallest fleet. */
export const fleet = (): Values => ({
  image: { id: "ami-0123456789abcdef0", bakeType: "t3.small" },
  instanceType: "t3.small",
  size: { min: 2, max: 6 },
  bootSeconds: 120,
  scaling: { up: { threshold: 70 }, down: { threshold: 30 } },
});

/** Settings without a fault. */
export const values = (): Values => ({
  "aws:region": "eu-central-1",
  "aws:allowedAccountIds": ["123456789012"],
  "fleet:product": "storefront",
  "fleet:platform": "web",
  "fleet:majorVersion": 3,
  "fleet:network": { vpcId: "vpc-0123456789abcdef0" },
  "fleet:alerts": { email: "ops@example.com" },
  "fleet:policies": "advisory",
  "fleet:fleets": { app: fleet() },
});

/** As Pulumi hands settings to a program: text, and JSON for what is structured. */
export function source(of: Values, more: Partial<SettingsSource> = {}): SettingsSource {
  const config = Object.fromEntries(
    Object.entries(of).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  return { stack: "staging", config, secretKeys: [], policyPack: undefined, ...more };
}

export function settingsOf(of: Values, more?: Partial<SettingsSource>): Settings {
  const result = parseSettings(source(of, more));
  if ("faults" in result) throw new Error(JSON.stringify(result.faults, undefined, 2));
  return result.settings;
}

export function faultsOf(of: Values, more?: Partial<SettingsSource>): readonly SettingFault[] {
  const result = parseSettings(source(of, more));
  return "faults" in result ? result.faults : [];
}

/** The settings with one fleet, which has other values here and there; `undefined` takes one away. */
export function withFleet(changes: Values, name = "app"): Values {
  const changed = Object.fromEntries(Object.entries({ ...fleet(), ...changes }).filter(([, value]) => value !== undefined));
  return { ...values(), "fleet:fleets": { [name]: changed } };
}
