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

/** Of the fleet's own component: what stands between a launch and serving, and what is launched. */
interface FleetInputs extends Pick<SimulatedFleet, "launchHook" | "terminateHook" | "warmPool" | "mixedInstances"> {
  readonly identity: { readonly fleet: string };
  /** What goes straight to the group. */
  readonly group?: {
    readonly maxInstanceLifetime?: number;
    readonly protectFromScaleIn?: boolean;
    readonly terminationPolicies?: readonly string[];
  };
}

/** By name; a policy has neither ARN nor alarm yet. */
export function fleetsOfPreview({ steps = [] }: PreviewReport): Readonly<Record<string, SimulatedFleet>> {
  const inputs = <Inputs>(type: string) => steps.flatMap(({ newState }) => (newState?.type === type ? [newState.inputs as Inputs] : []));
  const made = new Map(inputs<FleetInputs>(typeTokens.fleet).map((fleet) => [fleet.identity.fleet, fleet]));
  return Object.fromEntries(
    inputs<ScalingInputs>(typeTokens.scalingAlarms).map(({ size, warmupSeconds, tags, ...policies }): [string, SimulatedFleet] => {
      const name = tags[tagKeys.fleet] ?? "";
      return [name, { size, bootSeconds: warmupSeconds, ...capacityOf(made.get(name)), scaling: scalingOf(policies) }];
    }),
  );
}

function capacityOf(fleet: FleetInputs | undefined): Partial<SimulatedFleet> {
  const { launchHook, terminateHook, warmPool, mixedInstances, group = {} } = fleet ?? {};
  const { maxInstanceLifetime, protectFromScaleIn, terminationPolicies } = group;
  const groupOptions = given({ maxInstanceLifetimeSeconds: maxInstanceLifetime, protectFromScaleIn, terminationPolicies });
  return given({
    launchHook,
    terminateHook,
    warmPool,
    mixedInstances,
    groupOptions: Object.keys(groupOptions).length === 0 ? undefined : groupOptions,
  });
}

/** Without what is absent. */
const given = <Values extends object>(values: Values) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Values]?: Exclude<Values[Key], undefined>;
  };

function scalingOf({
  up,
  down,
  targets,
  metrics = [],
  predictive,
  schedules,
  composites = [],
}: ScalingPolicies): SimulatedFleet["scaling"] {
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
    ...(composites.length === 0 ? {} : { composites: Object.fromEntries(composites.map(({ name }) => [name, ""])) }),
  };
}
