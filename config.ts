/** The only reader of the stack's configuration. */
import * as pulumi from "@pulumi/pulumi";
import { faultList } from "./settings/faults.ts";
import { parseSettings } from "./settings/parse.ts";
import type { Settings } from "./settings/resolve.ts";

/** The stack's settings, checked and complete; otherwise fails with all faults at once. */
export function readSettings(): Settings {
  const stack = pulumi.getStack();
  const result = parseSettings({
    stack,
    config: pulumi.runtime.allConfig(),
    secretKeys: JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[],
    policyPack: process.env["PULUMI_OPTION_POLICY_PACK"],
  });
  if ("faults" in result) throw new pulumi.RunError(faultList(stack, result.faults));
  return result.settings;
}
