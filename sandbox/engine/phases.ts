/** One pass of the program: as a preview, or for real. */
import type { DeployResult } from "./api.ts";
import { EngineError } from "./api.ts";
import { deleteRest } from "./deploy/deletions.ts";
import type { Deployment } from "./deploy/deployment.ts";
import { Stopped } from "./deploy/deployment.ts";
import { applyStackPolicies } from "./deploy/policies.ts";
import type { Recorder } from "./deploy/recorder.ts";
import { Source } from "./deploy/source.ts";
import type { Child } from "./processes.ts";
import { exitFault } from "./program.ts";
import type { Launched, Run } from "./run.ts";
import type { Checkpoint } from "./state/checkpoint.ts";
import { stackType } from "./urn.ts";
import type { PropertyMap } from "./values.ts";
import { knownOnly, redacted } from "./values.ts";

/** How long a program may go on after it was told that the deployment has ended. */
const programGraceMilliseconds = 5000;

/** Reports what ended the deployment, unless that has been done. */
async function reporting(deployment: Deployment | undefined, recorder: Recorder, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Stopped) return;
    if (!(error instanceof EngineError) || deployment === undefined) throw error;
    recorder.diagnostic("error", error.message);
  }
}

/** Ends a program that does not see that the deployment has ended. */
function endAfterStop(child: Child, deployment: Deployment): () => void {
  let since: number | undefined;
  const watch = setInterval(() => {
    if (!deployment.stopped) return;
    since ??= performance.now();
    if (performance.now() - since > programGraceMilliseconds) void child.stop();
  }, 100);
  return () => clearInterval(watch);
}

async function runProgram(child: Child, deployment: Deployment): Promise<void> {
  const endWatch = endAfterStop(child, deployment);
  const code = await child.exited;
  endWatch();
  await deployment.settled();
  const fault = exitFault(code);
  if (fault !== undefined && !deployment.stopped) throw deployment.fail(new EngineError(fault));
  // A program that has reported errors has not registered everything that it wanted.
  if (code !== 0 || deployment.recorder.diagnostics.some(({ severity }) => severity === "error")) throw deployment.fail(new Stopped());
  deployment.check();
}

/** The stack's outputs as they are after the deployment. */
function stackOutputs(deployment: Deployment): PropertyMap {
  const root = deployment.snapshot.resources().find((state) => state.type === stackType && !state.delete);
  return root?.outputs ?? {};
}

export function resultOf(run: Run, deployment: Deployment): DeployResult {
  const { recorder } = deployment;
  if (deployment.options.signal?.aborted || deployment.options.killSignal?.aborted) {
    recorder.diagnostic("error", "The run was interrupted; what was done is in the state, and the next run goes on from there.");
  }
  recorder.summary(run.durationSeconds);
  return {
    ok: !recorder.failed,
    steps: recorder.steps,
    changeSummary: recorder.changeSummary(),
    diagnostics: recorder.diagnostics,
    policyViolations: recorder.violations,
    outputs: redacted(knownOnly(stackOutputs(deployment))),
    durationSeconds: run.durationSeconds,
  };
}

export interface PassOptions {
  readonly program: Promise<Launched>;
  /** Whether something is changed. */
  readonly write: boolean;
  readonly recorder: Recorder;
  /** Read while the program starts. */
  readonly checkpoint: Promise<Checkpoint>;
  /** What else must be there before the first registration is dealt with. */
  readonly ready: Promise<unknown>;
}

export async function pass(run: Run, { program, write, recorder, checkpoint, ready }: PassOptions): Promise<DeployResult> {
  const { child, begin, giveUp, end } = await program;
  let deployment: Deployment;
  try {
    const [state] = await Promise.all([checkpoint, ready]);
    deployment = run.deployment(recorder, state, write);
  } catch (error) {
    giveUp(new Stopped());
    await child.stop();
    throw error;
  }
  begin(new Source(deployment));
  await reporting(deployment, recorder, async () => {
    await runProgram(child, deployment);
    await deleteRest(deployment);
    await applyStackPolicies(deployment);
  });
  await deployment.snapshot.finish();
  deployment.registry.release();
  end();
  return resultOf(run, deployment);
}

/** A deployment without the program: destroy and refresh. */
export async function withoutProgram(
  run: Run,
  recorder: Recorder,
  checkpoint: Checkpoint,
  work: (deployment: Deployment) => Promise<void>,
): Promise<DeployResult> {
  const deployment = run.deployment(recorder, checkpoint, true);
  await reporting(deployment, recorder, () => work(deployment));
  await deployment.snapshot.finish();
  return resultOf(run, deployment);
}
