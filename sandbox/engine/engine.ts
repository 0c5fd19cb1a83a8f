/** A deployment engine that speaks Pulumi's protocol and needs no Pulumi CLI: see `DeploymentEngine` in api.ts. */
import type { DeployOptions, DeployResult, StackResource } from "./api.ts";
import { deleteRest } from "./deploy/deletions.ts";
import { refreshAll } from "./deploy/refresh.ts";
import { pass, withoutProgram } from "./phases.ts";
import { Run } from "./run.ts";
import type { Launched } from "./run.ts";
import { loadCheckpoint, loadResources } from "./state/checkpoint.ts";
import type { Checkpoint } from "./state/checkpoint.ts";
import { lock } from "./state/lock.ts";
import { packageOf, providerPackage, isProviderType, stackType } from "./urn.ts";
import { mapWithoutSecrets, redacted } from "./values.ts";

/** A run whose processes end with it, whatever happens. */
async function withRun<Result>(options: DeployOptions, work: (run: Run) => Promise<Result>): Promise<Result> {
  const run = new Run(options);
  try {
    await run.listen();
    return await work(run);
  } finally {
    await run.close();
  }
}

/** The same, as the only one that changes the stack. */
async function withLock<Result>(options: DeployOptions, work: (run: Run) => Promise<Result>): Promise<Result> {
  const unlock = lock(options.stateFile, options.stack);
  try {
    return await withRun(options, work);
  } finally {
    unlock();
  }
}

/** Starts everything at once: packs, plugins, the reading of the state; the program follows. */
function begin(run: Run, recorder: ReturnType<Run["recorder"]>) {
  run.host.warmAll();
  const ready = run.startPacks(true);
  const checkpoint = run.checkpoint(recorder);
  ready.catch(() => undefined);
  checkpoint.catch(() => undefined);
  return { ready, checkpoint };
}

export function preview(options: DeployOptions): Promise<DeployResult> {
  return withRun(options, (run) => {
    const recorder = run.recorder("preview");
    return pass(run, { program: run.launch(true), write: false, recorder, ...begin(run, recorder) });
  });
}

interface Plan {
  readonly checkpoint: Promise<Checkpoint>;
  readonly program: Promise<Launched>;
  /** What ended the run before anything was done. */
  readonly refused?: DeployResult;
}

/** Apart from the update, so that the plan and its steps are not kept while that goes on. */
async function plan(run: Run): Promise<Plan> {
  const recorder = run.recorder("preview");
  const first = run.launch(true);
  const { ready, checkpoint } = begin(run, recorder);
  // The second one starts while the first runs, and waits: what it costs to start is not spent in the end.
  const program = ready.then(() => run.launch(false));
  program.catch(() => undefined);
  try {
    const result = await pass(run, { program: first, write: false, recorder, ready, checkpoint });
    // Nothing was done: the steps of the plan are not those of the update.
    return { program, checkpoint, ...(!result.ok && { refused: { ...result, steps: [], changeSummary: {} } }) };
  } finally {
    // What is about to start would outlive the run.
    await program.catch(() => undefined);
  }
}

export function up(options: DeployOptions): Promise<DeployResult> {
  return withLock(options, async (run) => {
    const { program, checkpoint, refused } = await plan(run);
    if (refused !== undefined) return refused;
    const { organization = "organization", projectName: project, stack, config } = options;
    const ready = Promise.all(run.packs.map((pack) => pack.configureStack({ organization, project, stack, config, dryRun: false })));
    return pass(run, { program, write: true, recorder: run.recorder("up"), ready, checkpoint });
  });
}

function warmForState(run: Run, types: Iterable<string>): void {
  for (const type of types) run.host.warm(isProviderType(type) ? providerPackage(type) : packageOf(type));
}

export function destroy(options: DeployOptions): Promise<DeployResult> {
  return withLock(options, async (run) => {
    const recorder = run.recorder("destroy");
    const checkpoint = await run.checkpoint(recorder);
    warmForState(run, new Set(checkpoint.resources.map(({ type }) => type)));
    return withoutProgram(run, recorder, checkpoint, deleteRest);
  });
}

export function refresh(options: DeployOptions): Promise<DeployResult> {
  return withLock(options, async (run) => {
    const recorder = run.recorder("refresh");
    const checkpoint = await run.checkpoint(recorder);
    warmForState(run, new Set(checkpoint.resources.map(({ type }) => type)));
    return withoutProgram(run, recorder, checkpoint, refreshAll);
  });
}

/** With secrets in plain text; throws an EngineError for a wrong passphrase. */
export async function outputs({
  stateFile,
  passphrase,
}: Pick<DeployOptions, "stateFile" | "passphrase">): Promise<Readonly<Record<string, unknown>>> {
  const { resources } = await loadCheckpoint(stateFile, passphrase);
  return mapWithoutSecrets(resources.find(({ type }) => type === stackType)?.outputs ?? {});
}

export async function stackResources(stateFile: string): Promise<readonly StackResource[]> {
  return (await loadResources(stateFile)).map(
    ({ urn, type, custom, id, inputs = {}, outputs = {}, parent, protect = false, dependencies = [] }) => ({
      urn,
      type,
      custom,
      ...(id !== undefined && { id }),
      inputs: redacted(inputs),
      outputs: redacted(outputs),
      ...(parent !== undefined && { parent }),
      protect,
      dependencies,
    }),
  );
}
