/**
 * The verbs of the embedded engine through Pulumi's own CLI, when one is on the PATH.
 *
 * The CLI works on a copy of the project files with a home, a backend and a passphrase of its own, so that no tracked file
 * and no setting of the user is read or changed. The state comes from `stateFile` and goes back there, in the format that
 * both engines share: a stack can be handed from one to the other between two runs.
 */
import type { DeployOptions, DeployResult, Phase } from "./engine/api.ts";
import { outputs, stackResources } from "./engine/engine.ts";
import { lock } from "./engine/state/lock.ts";
import { EventReader } from "./pulumi-cli/events.ts";
import { runPulumi } from "./pulumi-cli/process.ts";
import { exportState, importState, openWorkspace } from "./pulumi-cli/workspace.ts";
import type { Workspace } from "./pulumi-cli/workspace.ts";

function packArguments(workspace: Workspace): string[] {
  return workspace.packs.flatMap(({ dir, configFile }) => [
    "--policy-pack",
    dir,
    ...(configFile === undefined ? [] : ["--policy-pack-config", configFile]),
  ]);
}

const common = (options: DeployOptions) => [
  "--json",
  "--non-interactive",
  "--stack",
  options.stack,
  ...(options.parallel ? ["--parallel", String(options.parallel)] : []),
];

/** One command of the CLI, its events passed on as they come. */
async function perform(options: DeployOptions, workspace: Workspace, phase: Phase, args: readonly string[]): Promise<EventReader> {
  const reader = new EventReader(phase, (event) => options.onEvent?.(event));
  const { code, errors } = await runPulumi(workspace, [...args, ...common(options)], {
    onLine: (line) => reader.read(line),
    ...(options.signal && { signal: options.signal }),
    ...(options.killSignal && { killSignal: options.killSignal }),
  });
  reader.finish(code, errors);
  return reader;
}

async function withWorkspace(options: DeployOptions, work: (workspace: Workspace) => Promise<EventReader>): Promise<DeployResult> {
  const started = performance.now();
  const unlock = lock(options.stateFile, options.stack);
  try {
    const workspace = await openWorkspace(options);
    await importState(workspace, options);
    const reader = await work(workspace).finally(() => exportState(workspace, options));
    return reader.result((performance.now() - started) / 1000);
  } finally {
    unlock();
  }
}

export function preview(options: DeployOptions): Promise<DeployResult> {
  return withWorkspace(options, (workspace) => perform(options, workspace, "preview", ["preview", ...packArguments(workspace)]));
}

/** The preview is a command of its own, so that its plan and the update can be told apart. */
export function up(options: DeployOptions): Promise<DeployResult> {
  return withWorkspace(options, async (workspace) => {
    const packs = packArguments(workspace);
    const plan = await perform(options, workspace, "preview", ["preview", ...packs]);
    if (plan.failed || options.signal?.aborted) return plan.withoutSteps();
    return perform(options, workspace, "up", ["up", "--yes", "--skip-preview", ...packs]);
  });
}

export function destroy(options: DeployOptions): Promise<DeployResult> {
  return withWorkspace(options, (workspace) => perform(options, workspace, "destroy", ["destroy", "--yes", "--skip-preview"]));
}

export function refresh(options: DeployOptions): Promise<DeployResult> {
  return withWorkspace(options, (workspace) => perform(options, workspace, "refresh", ["refresh", "--yes", "--skip-preview"]));
}

export { outputs, stackResources };
