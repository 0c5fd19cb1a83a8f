/**
 * What the policy pack adds to a preview: start to first answer, all rules over 1,000 and 10,000 resources, memory; beside
 * a pack with as many policies written the usual way, TypeScript through ts-node and one stack policy per check.
 *
 *   npm run bench -- policies [--runs N]
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { rules } from "../policies/rules.ts";
import { materialise, type ExampleResource, type Materialised } from "../policies/tools/examples.ts";
import { analyzeRequest, stackRequest } from "../test/policies/helpers/pack.ts";
import { PackProcess } from "../test/policies/helpers/process.ts";

const { values } = parseArgs({ options: { runs: { type: "string", default: "5" } } });
const runs = Number(values.runs);

interface Parts {
  /** Name of a part of this fleet. */
  readonly name: (part: string) => string;
  /** Reference to a property of a part. */
  readonly of: (part: string, property: string) => string;
}

function groupParts({ of }: Parts): Record<string, ExampleResource> {
  return {
    template: {
      type: "aws:ec2:LaunchTemplate",
      properties: {
        imageId: "ami-0a1b2c3d4e5f60718",
        instanceType: "m7g.large",
        metadataOptions: { httpTokens: "required" },
        monitoring: { enabled: true },
        userData: Buffer.from("#!/bin/bash\n".repeat(40)).toString("base64"),
        tags: { "fleet:bake-type": "m7g.large", "fleet:architecture": "arm64", "fleet:baked-at": new Date().toISOString() },
      },
    },
    group: {
      type: "aws:autoscaling:Group",
      properties: {
        minSize: 2,
        maxSize: 50,
        defaultInstanceWarmup: 120,
        launchTemplate: { id: of("template", "id"), version: "1" },
        vpcZoneIdentifiers: ["subnet-1", "subnet-2"],
      },
    },
  };
}

function scalingParts({ of }: Parts): Record<string, ExampleResource> {
  const alarm = (side: "Greater" | "Less", threshold: number, policy: string): ExampleResource => ({
    type: "aws:cloudwatch:MetricAlarm",
    properties: {
      namespace: "AWS/EC2",
      metricName: "CPUUtilization",
      statistic: "Average",
      comparisonOperator: `${side}ThanThreshold`,
      threshold,
      period: 60,
      evaluationPeriods: side === "Less" ? 5 : 2,
      treatMissingData: "missing",
      dimensions: { AutoScalingGroupName: of("group", "name") },
      alarmActions: [of(policy, "arn")],
    },
  });
  const policy = (step: object): ExampleResource => ({
    type: "aws:autoscaling:Policy",
    properties: {
      autoscalingGroupName: of("group", "name"),
      policyType: "StepScaling",
      adjustmentType: "ChangeInCapacity",
      stepAdjustments: [step],
    },
  });
  return {
    grow: policy({ metricIntervalLowerBound: "0", scalingAdjustment: 1 }),
    shrink: policy({ metricIntervalUpperBound: "0", scalingAdjustment: -1 }),
    busy: alarm("Greater", 70, "grow"),
    idle: alarm("Less", 25, "shrink"),
  };
}

function noticeParts({ of }: Parts): Record<string, ExampleResource> {
  return {
    topic: { type: "aws:sns:Topic" },
    queue: { type: "aws:sqs:Queue", properties: { sqsManagedSseEnabled: true, visibilityTimeoutSeconds: 360 } },
    subscription: {
      type: "aws:sns:TopicSubscription",
      properties: { topic: of("topic", "arn"), protocol: "sqs", endpoint: of("queue", "arn") },
    },
    notices: {
      type: "aws:autoscaling:Notification",
      properties: {
        groupNames: [of("group", "name")],
        notifications: ["autoscaling:EC2_INSTANCE_TERMINATE"],
        topicArn: of("topic", "arn"),
      },
    },
    consumer: { type: "aws:lambda:Function", properties: { runtime: "nodejs24.x", timeout: 60 } },
    mapping: {
      type: "aws:lambda:EventSourceMapping",
      properties: { eventSourceArn: of("queue", "arn"), functionName: of("consumer", "name") },
    },
  };
}

/** One fleet with its notice path and consumer: the resources that most rules look at. */
function fleet(number: number): Record<string, ExampleResource> {
  const name = (part: string) => `f${number}-${part}`;
  const parts: Parts = { name, of: (part, property) => `\${${name(part)}.${property}}` };
  const all = { ...groupParts(parts), ...scalingParts(parts), ...noticeParts(parts) };
  return Object.fromEntries(Object.entries(all).map(([part, resource]) => [name(part), resource]));
}

const perFleet = Object.keys(fleet(0)).length;

function stack(resources: number): Materialised {
  const fleets = Array.from({ length: Math.ceil(resources / perFleet) }, (_none, index) => fleet(index));
  const { inputs, outputs } = materialise({ resources: Object.assign({}, ...fleets) as Record<string, ExampleResource> }, true);
  return { inputs: inputs.slice(0, resources), outputs: outputs.slice(0, resources) };
}

const median = (numbers: readonly number[]) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? NaN;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

const print = (name: string, value: number, unit: string) => console.log(`${name}: ${value.toPrecision(3)} ${unit}`);

interface Start {
  readonly seconds: number;
  /** Processor time, which a busy machine does not stretch; NaN where it cannot be read. */
  readonly processorSeconds: number;
}

/** From the start of the process to the answer for the first resource, in the engine's order of calls. */
async function firstAnswer(options: Parameters<typeof PackProcess.start>[0], one: Materialised): Promise<Start> {
  let pack: PackProcess | undefined;
  const took = await seconds(async () => {
    pack = await PackProcess.start(options);
    await pack.configure();
    await pack.analyze(one.inputs[0] as Materialised["inputs"][number]);
  });
  const start = { seconds: took, processorSeconds: processorSeconds(pack?.pid) };
  await pack?.stop();
  return start;
}

const startSecondsOf = (starts: readonly Start[]) => median(starts.map((start) => start.seconds));

function printStart(label: string, starts: readonly Start[]): void {
  print(label, startSecondsOf(starts), "s");
  if (onLinux) print(`${label}, processor time`, median(starts.map((start) => start.processorSeconds)), "s");
}

/**
 * Resource by resource, 16 at a time as the engine does by default, then the stack. The engine's messages are made before and
 * the answers are not read: that is the engine's work, which would take the pack's second core.
 */
async function analyzeAll(pack: PackProcess, { inputs, outputs }: Materialised): Promise<{ each: number; whole: number }> {
  const waiting = inputs.map((facts) => Buffer.from(analyzeRequest(facts).serializeBinary()));
  const stackMessage = Buffer.from(stackRequest(outputs).serializeBinary());
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await pack.answerBytes(next);
  };
  const each = await seconds(() => Promise.all(Array.from({ length: 16 }, worker)));
  const whole = await seconds(() => pack.stackAnswerBytes(stackMessage));
  return { each, whole };
}

const onLinux = process.platform === "linux";

/** Processor time of a process so far. */
function processorSeconds(pid: number | undefined): number {
  if (!onLinux) return NaN;
  const fields = readFileSync(`/proc/${pid ?? 0}/stat`, "utf8").split(" ");
  return (Number(fields[13]) + Number(fields[14])) / clockTicksPerSecond;
}

/** USER_HZ of Linux. */
const clockTicksPerSecond = 100;

function peakMiB(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid ?? 0}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1024;
}

async function sizes(label: string, options: Parameters<typeof PackProcess.start>[0], stacks: readonly Materialised[]): Promise<number[]> {
  const totals: number[] = [];
  for (const one of stacks) {
    const pack = await PackProcess.start(options);
    await pack.configure();
    const before = processorSeconds(pack.pid);
    const { each, whole } = await analyzeAll(pack, one);
    const resources = one.inputs.length;
    print(`${label}, ${resources} resources, each by itself`, each, "s");
    print(`${label}, ${resources} resources, the stack`, whole, "s");
    if (onLinux) {
      print(`${label}, ${resources} resources, processor time`, processorSeconds(pack.pid) - before, "s");
      print(`${label}, ${resources} resources, peak memory`, peakMiB(pack.pid), "MiB");
    }
    totals.push(each + whole);
    await pack.stop();
  }
  return totals;
}

/** A pack as the documentation of Pulumi shows it: one file of TypeScript, the classes of @pulumi/aws, stack policies. */
function writeUsualPack(folder: string): void {
  const classes = [
    "autoscaling.Group",
    "autoscaling.Policy",
    "autoscaling.Notification",
    "ec2.LaunchTemplate",
    "cloudwatch.MetricAlarm",
    "sns.Topic",
    "sns.TopicSubscription",
    "sqs.Queue",
    "lambda.Function",
    "lambda.EventSourceMapping",
  ];
  const policies = rules.map(
    (_rule, index) => `    {
      name: "check-${index}",
      description: "Resources of one type have tags.",
      enforcementLevel: "advisory",
      validateStack: validateStackResourcesOfType(aws.${classes[index % classes.length] ?? ""}, (resources, _args, reportViolation) => {
        for (const resource of resources) if (Object.keys(resource).length === ${index}) reportViolation("odd");
      }),
    },`,
  );
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(import.meta.dirname, "../node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "PulumiPolicy.yaml"), "runtime: nodejs\n");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "usual", version: "0.0.1", main: "index.ts" }));
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: { target: "es2020", module: "nodenext", moduleResolution: "nodenext", strict: true, skipLibCheck: true },
    }),
  );
  writeFileSync(
    join(folder, "index.ts"),
    `import * as aws from "@pulumi/aws";\nimport { PolicyPack, validateStackResourcesOfType } from "@pulumi/policy";\n\nnew PolicyPack("usual", {\n  policies: [\n${policies.join("\n")}\n  ],\n});\n`,
  );
}

async function main(): Promise<void> {
  const temporary = mkdtempSync(join(tmpdir(), "fleet-bench-"));
  try {
    const [small, medium, large] = [stack(1), stack(1_000), stack(10_000)];
    const starts: Start[] = [];
    for (let run = 0; run < runs; run++) starts.push(await firstAnswer({}, small));
    printStart(`start to first answer (median of ${runs})`, starts);
    const ours = await sizes(`${rules.length} rules`, {}, [medium, large]);
    print("start to the last answer for 1,000 resources", startSecondsOf(starts) + (ours[0] ?? NaN), "s");
    print("10,000 resources to 1,000, per resource", (ours[1] ?? NaN) / 10 / (ours[0] ?? NaN), "times");

    // ts-node is what Pulumi's package ships (7.0.1), which keeps compiled files; the newer one that templates install keeps none.
    const directory = join(temporary, "usual");
    writeUsualPack(directory);
    const environment = { TMPDIR: temporary };
    const cold = await firstAnswer({ directory, environment }, small);
    printStart("usual way, start to first answer, nothing compiled yet", [cold]);
    const warm: Start[] = [];
    for (let run = 0; run < runs; run++) warm.push(await firstAnswer({ directory, environment }, small));
    printStart(`usual way, start to first answer, compiled before (median of ${runs})`, warm);
    const usual = await sizes("usual way", { directory, environment }, [medium, large]);
    print("start, usual way to ours, nothing compiled yet", cold.seconds / startSecondsOf(starts), "times");
    print("start, usual way to ours, compiled before", startSecondsOf(warm) / startSecondsOf(starts), "times");
    print("1,000 resources, usual way to ours", (usual[0] ?? NaN) / (ours[0] ?? NaN), "times");
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

await main();
