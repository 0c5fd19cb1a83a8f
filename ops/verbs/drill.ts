/** `ops drill`: tests that a live group grows and shrinks, and leaves nothing behind. */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { FleetOutput } from "../../contract/fleets-output.ts";
import { openFleetSession, type AwsSession } from "../account.ts";
import { asking } from "../drain/asking.ts";
import { groupViews } from "../drill/aws.ts";
import { judge, runDrill } from "../drill/drill.ts";
import { verdictText } from "../drill/verdict.ts";
import { planDrill, type DrillPlan } from "../drill/plan.ts";
import type { DrillPorts, Remains } from "../drill/ports.ts";
import { drillReport } from "../drill/report.ts";
import { sandboxClock, sandboxLoad } from "../drill/sandbox-load.ts";
import { stressLoad } from "../drill/stress-load.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { guarded, type CommandContext } from "../process.ts";
import { chooseFleet, readFleets, stackOptions, type StackSource } from "../stack.ts";

interface DrillOptions extends StackSource {
  readonly fleet?: string;
  readonly upWithin?: number;
  readonly downWithin?: number;
  readonly leftWithin?: number;
  readonly report?: string;
  readonly json: boolean;
}

function wholeSeconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number of seconds, 1 or more.");
  return value;
}

const secondsOption = (flags: string, what: string) => new Option(`${flags} <seconds>`, what).argParser(wholeSeconds);

export function addDrill(program: Command): void {
  stackOptions(program.command("drill").description("load a live group, and see it grow, shrink and leave nothing behind"))
    .option("--fleet <name>", "fleet; needed when the stack has several")
    .addOption(secondsOption("--up-within", "from the load to one more instance in service (default: by alarm and boot time)"))
    .addOption(secondsOption("--down-within", "from the end of the load to the size before it (default: by alarm and boot time)"))
    .addOption(secondsOption("--left-within", "from the last termination to nothing left in queue and Chef (default: 300)"))
    .option("--report <file>", "write a page with the chart and the timeline")
    .option("--json", "print the result as JSON, and nothing else, on stdout", false)
    .addHelpText(
      "after",
      `
Examples:
  npm run ops -- drill --stack staging --sandbox --report drill.html
  npm run ops -- drill --stack production --fleet app --up-within 600

The group must be at rest and have room for one more instance. On AWS, stress-ng runs on its instances through Systems
Manager (bake it into the image; it ends by itself); in the sandbox, their metric is fed. Ctrl-C takes the load away and
ends the drill; the group then goes back to its size by its own policies.
Exit status: docs/ops.md. Needs autoscaling:Describe*, cloudwatch:DescribeAlarms, cloudwatch:GetMetricStatistics,
ssm:SendCommand, ssm:CancelCommand, ssm:ListCommandInvocations, and lambda:InvokeFunction of the stack's consumer.`,
    )
    .action((options: DrillOptions) => guarded((context) => drill(options, context)));
}

async function drill(options: DrillOptions, { say, waiting }: CommandContext): Promise<void> {
  const fleet = chooseFleet(await readFleets(options), options.fleet);
  const plan = planDrill(fleet, {
    ...(options.upWithin === undefined ? {} : { upWithinSeconds: options.upWithin }),
    ...(options.downWithin === undefined ? {} : { downWithinSeconds: options.downWithin }),
    ...(options.leftWithin === undefined ? {} : { leftWithinSeconds: options.leftWithin }),
  });
  const session = await openFleetSession(fleet, options);
  const remains = remainsOf(fleet, session);
  const ports: DrillPorts = {
    ...groupViews(session, plan.group),
    ...(options.sandbox === true ? await sandboxWorld(plan, waiting) : awsWorld(plan, session, waiting)),
    ...(remains === undefined ? {} : { remains }),
    tell: say,
  };
  const result = await runDrill(plan, ports);
  if (options.report !== undefined) {
    const metric = await ports.metric(result.startMs, result.endMs).catch(() => []);
    writeFileSync(options.report, drillReport(result, metric));
    say(`report: ${options.report}`);
  }
  const { verdicts, events, aborted } = result;
  for (const one of verdicts) say(`${one.met ? "met" : "missed"}: ${verdictText(one)}`);
  if (options.json) console.log(JSON.stringify({ group: plan.group, verdicts, ...(aborted && { aborted }), events }, undefined, 2));
  judge(result);
}

type World = Pick<DrillPorts, "now" | "load" | "sleep">;

/** Between looks: AWS is asked four things each time, far below its rates. */
const pauseMs = 10_000;
/** The sandbox's time may run fast; more often than this, looks would follow one another. */
const shortestPauseMs = 250;

/** The signal that ends other waits ends a drill: nothing of it goes on. */
async function pause(waiting: CommandContext["waiting"], milliseconds: number): Promise<void> {
  try {
    await waiting.sleep(milliseconds);
  } catch (error) {
    const signal = /\bSIG[A-Z]+/.exec((error as Error).message)?.[0] ?? "a signal";
    throw new OpsError(exitCodes.failed, `${signal} ended it`, { cause: error });
  }
}

async function sandboxWorld(plan: DrillPlan, waiting: CommandContext["waiting"]): Promise<World> {
  const endpoint = process.env["AWS_ENDPOINT_URL"];
  if (endpoint === undefined) throw new OpsError(exitCodes.usage, "The sandbox told no endpoint: start it with npm run sandbox -- up.");
  const { speed } = await sandboxClock(endpoint);
  return {
    now: async () => (await sandboxClock(endpoint)).nowMs,
    load: sandboxLoad(endpoint, plan.group),
    sleep: () => pause(waiting, Math.max(shortestPauseMs, pauseMs / speed)),
  };
}

function awsWorld(plan: DrillPlan, session: AwsSession, waiting: CommandContext["waiting"]): World {
  return {
    now: () => Promise.resolve(waiting.now()),
    load: stressLoad(session, plan.expectations.upWithinSeconds),
    sleep: () => pause(waiting, pauseMs),
  };
}

function remainsOf(fleet: FleetOutput, session: AwsSession): (() => Promise<Remains>) | undefined {
  const { cleanup, notices } = fleet;
  if (cleanup === undefined) return undefined;
  const { queueUrl, deadLetterQueueUrl } = notices;
  const ask = asking({ ...cleanup, queueUrl, deadLetterQueueUrl }, session);
  return async () => {
    const { visible, inFlight, delayed, deadLetters, nodes } = await ask();
    return { messages: visible + inFlight + delayed, deadLetters, nodes };
  };
}
