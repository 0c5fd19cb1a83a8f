/** `preview`, `up`, `destroy` and `refresh`. */
import process from "node:process";
import { stopAws } from "../aws/lifetime.ts";
import type { DeploymentEngine, DeployResult } from "../engine/api.ts";
import { describeOverrides } from "../seed.ts";
import { bootInstances, checkBoot } from "./boot.ts";
import { chooseEngine, type EngineName } from "./engines.ts";
import { interruptedStatus, onInterrupt } from "./interrupt.ts";
import { knownStacks, stateFile } from "./local-state.ts";
import { Progress } from "./progress.ts";
import { doneLine, jsonFailure, jsonReport, summaryLine } from "./report.ts";
import { openSession } from "./session.ts";
import { isTold } from "./told.ts";
import { useAws } from "./users.ts";

export type DeployVerb = "preview" | "up" | "destroy" | "refresh";

export interface DeployCommand {
  readonly root: string;
  readonly stack: string;
  readonly json: boolean;
  readonly engine: EngineName;
  readonly set: readonly string[];
  readonly speed?: number;
  /** Whether the local AWS goes on running at the end although no stack stands in it. */
  readonly keep: boolean;
  /** Whether the instances of the local AWS really boot from now on. */
  readonly boot?: boolean;
}

export async function deploy(verb: DeployVerb, command: DeployCommand): Promise<number> {
  // With --json nothing but JSON stands on stdout; people still see how far it is.
  const progress = new Progress(command.json ? process.stderr : process.stdout, verb);
  const say = (line: string) => progress.line(line);
  using interrupt = onInterrupt(say);
  using user = useAws(command.root);
  try {
    if (command.boot === true) checkBoot();
    const session = await openSession({ ...command, say });
    if (command.boot === true) await bootInstances(session.aws);
    if (session.aws.startedByUs) say(`local AWS started at ${session.aws.endpoint}`);
    if (session.overrides.length > 0 && verb !== "destroy") say(describeOverrides(session.overrides));
    const engine = await chooseEngine(command.engine);
    const { signal, killSignal } = interrupt;
    const result = await engine[verb](session.deployOptions({ signal, killSignal, onEvent: (event) => progress.show(event) }));
    progress.close();
    if (command.json) console.log(JSON.stringify(jsonReport(result, session.settings), undefined, 2));
    else printEnd(verb, command.stack, result);
    if (interrupt.interrupted()) return interruptedStatus;
    if (!command.keep && !user.hasCompany()) await endWhenEmpty(command.root, engine, say);
    return result.ok ? 0 : 1;
  } catch (error) {
    progress.close();
    if (!isTold(error)) throw error;
    console.error(error.message);
    if (command.json) console.log(JSON.stringify(jsonFailure(error.message), undefined, 2));
    return interrupt.interrupted() ? interruptedStatus : 1;
  }
}

function printEnd(verb: DeployVerb, stack: string, result: DeployResult): void {
  const line = verb === "preview" ? summaryLine(result.changeSummary) : doneLine(result.changeSummary);
  const names = Object.keys(result.outputs).join(", ");
  if (verb === "up" && result.ok && names !== "")
    console.log(`outputs: ${names} ("npm run sandbox -- outputs --stack ${stack}" shows them)`);
  console.log(`${result.ok ? "" : "FAILED: "}${verb} of ${stack}: ${line}, ${result.durationSeconds.toFixed(1)} s`);
}

/** A local AWS in which no stack of this checkout stands serves nobody. */
async function endWhenEmpty(root: string, engine: DeploymentEngine, say: (line: string) => void): Promise<void> {
  for (const stack of knownStacks(root)) {
    if ((await engine.stackResources(stateFile(root, stack))).length > 0) return;
  }
  if (await stopAws(root)) say("local AWS ended: no stack stands in it (--keep leaves it running)");
}
