/** `ops simulate`: a fleet's own policies against a load, in virtual time, before anything is deployed. */
import { writeFileSync } from "node:fs";
import { InvalidArgumentError, Option, type Command } from "commander";
import { figuresOf, type FigureOptions } from "../../scaling/simulate/figures.ts";
import { loadHelp } from "../../scaling/simulate/load.ts";
import { watchedMetrics } from "../../scaling/simulate/policies.ts";
import { candidatesOf, mostCandidates, rank, withCandidate, type Outcome } from "../../scaling/simulate/search.ts";
import { simulate } from "../../scaling/simulate/simulate.ts";
import type { Demand, SimulatedFleet, SimulationOptions } from "../../scaling/simulate/types.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { guarded, type CommandContext } from "../process.ts";
import { chartStyle, chartSvg } from "../simulate/chart.ts";
import { readDemand, readMetrics, readObjective, readRanges, type LoadOptions, type MetricOptions } from "../simulate/options.ts";
import { chartsOf, simulationPage } from "../simulate/page.ts";
import { previewFleets } from "../simulate/preview.ts";
import { reportText, type Report } from "../simulate/report.ts";
import { runSearch } from "../simulate/run-search.ts";
import { chooseFleet, readFleets, stackOptions, type StackSource } from "../stack.ts";

interface SimulateOptions extends StackSource, LoadOptions, MetricOptions {
  readonly fleet?: string;
  readonly settings: boolean;
  readonly capacity: number;
  readonly launchSeconds: number;
  readonly warmSeconds?: number;
  readonly launchHook: boolean;
  readonly initial?: number;
  readonly price: number;
  readonly restingPrice: number;
  readonly currency: string;
  readonly flapMinutes: number;
  readonly keep: string;
  readonly search: readonly string[];
  readonly svg?: string;
  readonly html?: string;
  readonly json: boolean;
}

const notLess = (least: number) => (text: string) => {
  const value = Number(text.trim() || NaN);
  if (!Number.isFinite(value) || value < least) throw new InvalidArgumentError(`It must be a number, ${least} or more.`);
  return value;
};
function aboveZero(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}
const several = (text: string, before: readonly string[]) => [...before, text];

export function addSimulate(program: Command): void {
  const verb = program.command("simulate").description("what a fleet's scaling policies make of a load, in virtual time");
  loadOptions(stackOptions(verb))
    .option("--settings", "take the fleet from the stack's settings through a preview in the sandbox, not from what is deployed", false)
    .option("--fleet <name>", "fleet; needed when the stack has several")
    .addOption(
      new Option("--capacity <n>", "demand that one instance carries, in the load's unit").argParser(aboveZero).makeOptionMandatory(),
    )
    .option(
      "--metric <model>",
      "how demand becomes the metric: utilization, total, per-instance or backlog; NAME=… for one of several metrics; repeatable",
      several,
      [],
    )
    .addOption(new Option("--idle <percent>", "utilization of an instance without demand").argParser(notLess(0)).default(0))
    .addOption(new Option("--max <percent>", "utilization never shows more").argParser(notLess(1)).default(100))
    .addOption(new Option("--launch-seconds <n>", "from launch to running").argParser(notLess(0)).default(30))
    .addOption(
      new Option("--warm-seconds <n>", "from a start out of the warm pool to serving (default: --launch-seconds)").argParser(notLess(0)),
    )
    .option("--launch-hook", "a launch hook holds instances until they have booted (default: as the stack says)", false)
    .addOption(new Option("--initial <n>", "instances at the beginning (default: the minimum size)").argParser(notLess(0)))
    .addOption(new Option("--price <n>", "of one instance for an hour").argParser(notLess(0)).default(0))
    .addOption(
      new Option("--resting-price <n>", "of one that rests in the warm pool for an hour: its volumes").argParser(notLess(0)).default(0),
    )
    .option("--currency <name>", "shown behind the cost", "")
    .addOption(
      new Option("--flap-minutes <n>", "a change so soon after one in the other direction is a flap").argParser(notLess(0)).default(30),
    )
    .option("--keep <percent@share>", "objective: utilization at most so much in such a share of the time", "90@99")
    .option(
      "--search <range>",
      "try thresholds, up=50:90:5, down=… or target=…, for the cheapest that keep the objective; repeatable",
      several,
      [],
    )
    .option("--svg <file>", "write the chart of the sizes")
    .option("--html <file>", "write the report as a page that needs nothing else")
    .option("--json", "print figures and curves as JSON, and nothing else, on stdout", false)
    .addHelpText("after", help)
    .action((options: SimulateOptions) => guarded((context) => run(options, context)));
}

const loadOptions = (verb: Command) =>
  verb
    .option("--load <file|pattern>", "the demand: a CSV file (time,value) or a pattern, see below; repeatable, they add up", several, [])
    .option("--for <duration>", "how long, for example 90m, 12h or 30d (default: the file, or 1d)")
    .option("--start <time>", "ISO 8601; of a file its first time (default: a Monday at midnight UTC)")
    .option("--seed <n>", "of the noise", "1");

const help = `
Load patterns (durations as 90s, 20m, 6h, 2d):
${loadHelp()
  .map((line) => `  ${line}`)
  .join("\n")}

Metric models: utilization = idle + 100 × demand / (serving × capacity); total = the demand itself;
per-instance = demand / serving; backlog = work that waits, with demand and capacity per second.

Examples:
  npm run ops -- simulate --stack staging --sandbox --capacity 50 --load wave:low=100,high=900 --for 7d
  npm run ops -- simulate --stack production --settings --capacity 50 --load requests.csv --html report.html
  npm run ops -- simulate --outputs outputs.json --capacity 50 --load wave:low=100,high=900 --load noise:percent=10 \\
    --search up=50:90:5 --search down=20:45:5 --keep 85@99.5 --price 0.096 --currency EUR

Exit status: docs/ops.md. Calls nothing on AWS; --stack reads the stack's output.`;

async function fleetOf(options: SimulateOptions): Promise<SimulatedFleet> {
  const { settings, stack, fleet } = options;
  if (!settings) return chooseFleet(await readFleets(options), fleet);
  if (stack === undefined)
    throw new OpsError(exitCodes.usage, "--settings needs --stack; allowed is the name of a stack with a settings file.");
  return chooseFleet(await previewFleets(stack), fleet);
}

async function run(options: SimulateOptions, { say }: CommandContext): Promise<void> {
  const objective = readObjective(options.keep);
  const fleet = await fleetOf(options);
  const launchHook = options.launchHook || fleet.launchHook !== undefined;
  const demand = readDemand(fleet, options);
  const watched = watchedMetrics(fleet);
  const simulation: SimulationOptions = {
    capacityPerInstance: options.capacity,
    ...readMetrics(options, watched),
    launchSeconds: options.launchSeconds,
    launchHook,
    ...(options.warmSeconds === undefined ? {} : { warmSeconds: options.warmSeconds }),
    ...(options.initial === undefined ? {} : { initialSize: options.initial }),
  };
  checkInitial(options.initial, fleet);
  const figures: FigureOptions = {
    capacityPerInstance: options.capacity,
    keepPercent: objective.keepPercent,
    flapSeconds: options.flapMinutes * 60,
    pricePerHour: options.price,
    restingPricePerHour: options.restingPrice,
  };
  const outcomes = await searched(options, { fleet, demand, options: simulation, figures }, objective.keptPercent, say);
  const best = outcomes?.[0];
  const shown = best === undefined ? fleet : withCandidate(fleet, best.candidate);
  const result = simulate(shown, demand, simulation);
  const report: Report = {
    title: `Simulation of ${options.fleet ?? "the fleet"}${options.stack === undefined ? "" : ` of ${options.stack}`}`,
    about: aboutText({ ...options, launchHook }, best),
    simulation: result,
    figures: figuresOf(result, shown.size.max, figures),
    capacityPerInstance: options.capacity,
    ...objective,
    currency: options.currency,
    ...(outcomes === undefined ? {} : { outcomes }),
  };
  write(report, options);
  if (outcomes?.length === 0)
    throw new OpsError(exitCodes.failed, "No thresholds tried keep the objective; try wider ranges, or a lower --keep.");
}

function checkInitial(initial: number | undefined, { size }: SimulatedFleet): void {
  if (initial === undefined || (Number.isInteger(initial) && initial >= size.min && initial <= size.max)) return;
  throw new OpsError(
    exitCodes.usage,
    `--initial is ${initial}; allowed: a whole number from ${size.min} to ${size.max}, the fleet's sizes.`,
  );
}

const aboutText = ({ load, capacity, metric, launchHook }: SimulateOptions, best: Outcome | undefined): string => {
  const found = Object.entries(best?.candidate ?? {}).map(([knob, value]) => `${knob} ${value}`);
  const models = metric.length === 0 ? "utilization" : metric.join(", ");
  return `Load ${load.join(" + ")}; one instance carries ${capacity}; metric: ${models}${launchHook ? "; with a launch hook" : ""}${found.length === 0 ? "" : `; with the best thresholds found: ${found.join(", ")}`}.`;
};

async function searched(
  { search }: SimulateOptions,
  work: { fleet: SimulatedFleet; demand: Demand; options: SimulationOptions; figures: FigureOptions },
  keptPercent: number,
  say: (line: string) => void,
): Promise<Outcome[] | undefined> {
  if (search.length === 0) return undefined;
  const candidates = candidatesOf(readRanges(search, work.fleet));
  if (candidates.length === 0 || candidates.length > mostCandidates)
    throw new OpsError(exitCodes.usage, `--search has ${candidates.length} combinations; allowed: 1 to ${mostCandidates}.`);
  say(`${candidates.length} combinations of thresholds`);
  const outcomes = await runSearch(work, candidates, (done) => {
    if (done % 50 === 0) say(`${done} of ${candidates.length} simulated`);
  });
  return rank(outcomes, keptPercent);
}

function write(report: Report, { svg, html, json }: SimulateOptions): void {
  const [sizes] = chartsOf(report);
  if (svg !== undefined && sizes !== undefined) writeOut("--svg", svg, `${chartSvg(sizes, "sizes", chartStyle)}\n`);
  if (html !== undefined) writeOut("--html", html, simulationPage(report));
  console.log(json ? JSON.stringify(jsonOf(report), undefined, 2) : reportText(report));
}

function writeOut(option: string, file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new OpsError(exitCodes.usage, `${option} ${file} cannot be written: ${(error as Error).message}.`);
  }
}

/** JSON has neither typed arrays nor NaN nor infinity. */
function jsonOf({ simulation, figures, outcomes }: Report): unknown {
  const list = (values: ArrayLike<number>) => Array.from(values, (value) => (Number.isFinite(value) ? value : null));
  const { startMs, stepSeconds, demand, desired, inService, serving, warmPool, metrics, leftOut } = simulation;
  return {
    start: new Date(startMs).toISOString(),
    stepSeconds,
    figures,
    leftOut,
    ...(outcomes === undefined ? {} : { search: outcomes }),
    series: {
      demand: list(demand),
      desired: list(desired),
      inService: list(inService),
      serving: list(serving),
      ...(warmPool === undefined ? {} : { warmPool: { running: list(warmPool.running), resting: list(warmPool.resting) } }),
      metrics: Object.fromEntries(Object.entries(metrics).map(([name, values]) => [name, list(values)])),
    },
  };
}
