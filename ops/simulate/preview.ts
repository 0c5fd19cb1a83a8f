/** Fleets as the stack's settings make them, from a preview of the whole program in the sandbox: nothing need be deployed. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import type { ScalingPolicies } from "../../contract/scaling-policies.ts";
import { tagKeys } from "../../contract/tags.ts";
import { typeTokens } from "../../contract/type-tokens.ts";
import type { SimulatedFleet } from "../../scaling/simulate/types.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";

/** Starting the local AWS and running the program takes half a minute on a slow machine; ten times that is a hang. */
const previewTimeoutMs = 300_000;
const sandboxCli = join(import.meta.dirname, "../../sandbox/cli.ts");

/** @throws OpsError `usage` with what the preview said. */
export async function previewFleets(stack: string): Promise<Readonly<Record<string, SimulatedFleet>>> {
  const { text, problem } = await preview(stack);
  let report: PreviewReport;
  try {
    report = JSON.parse(text) as PreviewReport;
  } catch {
    throw new OpsError(exitCodes.usage, `The preview of stack ${stack} in the sandbox failed: ${problem}`);
  }
  const fleets = fleetsOfPreview(report);
  if (Object.keys(fleets).length > 0) return fleets;
  const told = (report.diagnostics ?? []).map(({ message }) => message.trim());
  throw new OpsError(exitCodes.usage, `The preview of stack ${stack} in the sandbox shows no fleet. ${told.join("\n") || problem}`);
}

function preview(stack: string): Promise<{ readonly text: string; readonly problem: string }> {
  return new Promise((resolve) => {
    const options = { timeout: previewTimeoutMs, maxBuffer: 256 << 20 };
    execFile(process.execPath, [sandboxCli, "preview", "--stack", stack, "--json"], options, (error, text, stderr) =>
      resolve({ text, problem: stderr.trim() || (error?.message ?? "it printed nothing") }),
    );
  });
}

export interface PreviewReport {
  readonly steps?: readonly { readonly newState?: { readonly type: string; readonly inputs: unknown } }[];
  readonly diagnostics?: readonly { readonly message: string }[];
}

/** What the component of a fleet's scaling is given; it passes its arguments on, so that they stand in the preview. */
interface ScalingInputs extends ScalingPolicies {
  readonly size: SimulatedFleet["size"];
  readonly warmupSeconds: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** By name; a policy has neither ARN nor alarm yet. */
export function fleetsOfPreview({ steps = [] }: PreviewReport): Readonly<Record<string, SimulatedFleet>> {
  const fleets: Record<string, SimulatedFleet> = {};
  for (const { newState } of steps) {
    if (newState?.type !== typeTokens.scalingAlarms) continue;
    const { size, warmupSeconds, tags, ...policies } = newState.inputs as ScalingInputs;
    fleets[tags[tagKeys.fleet] ?? ""] = { size, bootSeconds: warmupSeconds, scaling: scalingOf(policies) };
  }
  return fleets;
}

function scalingOf({ up, down, targets, metrics = [], predictive, schedules }: ScalingPolicies): SimulatedFleet["scaling"] {
  const none = { policyArn: "", alarmName: "" };
  const pair = (parts: Pick<ScalingPolicies, "up" | "down">, of?: string) =>
    (["up", "down"] as const).flatMap((direction) => {
      const step = parts[direction];
      return step === undefined ? [] : [{ kind: "step" as const, direction, ...none, ...step, ...(of === undefined ? {} : { of }) }];
    });
  return {
    policies: [
      ...pair({ up, down }),
      ...metrics.flatMap((metric) => pair(metric, metric.name)),
      ...targets.map((target) => ({ kind: "target" as const, policyArn: "", ...target })),
    ],
    ...(predictive === undefined ? {} : { predictive }),
    ...(schedules === undefined ? {} : { schedules }),
  };
}
