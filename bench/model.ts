/**
 * The Auto Scaling model alone: events per second and bytes per instance. An event is one command, fact or timer;
 * effects are taken and thrown away. The first figure is the whole life of instances (launched, hooked, in service,
 * checked, terminated, with notices and events), the second a group that only listens.
 *
 *   npm run bench -- model [--instances N]
 */
import { parseArgs } from "node:util";
import { createModel } from "../scaling/model.ts";
import type { ScalingModelApi } from "../scaling/model-types.ts";

const { values } = parseArgs({ options: { instances: { type: "string", default: "20000" } } });
const startMs = Date.UTC(2026, 0, 1);
const groupSize = 1000;

interface Bench {
  readonly model: ScalingModelApi;
  nowMs: number;
  events: number;
  instances: number;
}

function newBench(): Bench {
  const model = createModel({ region: "eu-central-1", accountId: "123456789012", startMs });
  for (const zone of ["a", "b", "c"]) model.setSubnet({ subnetId: `subnet-${zone}`, zone: `eu-central-1${zone}` });
  const versions = { 1: { instanceType: "m5.large", imageId: "ami-1" } };
  model.setLaunchTemplate({ launchTemplateId: "lt-1", launchTemplateName: "app", defaultVersion: 1, latestVersion: 1, versions });
  return { model, nowMs: startMs, events: 0, instances: 0 };
}

function addGroup(bench: Bench, name: string, maxSize: number): void {
  bench.model.createGroup({
    name,
    minSize: 0,
    maxSize,
    subnetIds: ["subnet-a", "subnet-b", "subnet-c"],
    launchTemplate: { launchTemplateId: "lt-1", version: "1" },
    initialHooks: [{ name: "boot", transition: "autoscaling:EC2_INSTANCE_LAUNCHING", heartbeatTimeoutSeconds: 300 }],
  });
  const events = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"];
  bench.model.putNotificationConfiguration({ group: name, topicArn: "arn:aws:sns:eu-central-1:123456789012:notices", events });
  bench.events += 2;
}

/** Answers every effect at once, one millisecond later. */
function carryOut(bench: Bench): void {
  const { model } = bench;
  for (let effects = model.takeEffects(); effects.length > 0; effects = model.takeEffects()) {
    model.advance(++bench.nowMs);
    for (const effect of effects) {
      if (effect.kind === "launch") {
        for (const activityId of effect.activityIds) boot(bench, effect.group, activityId);
      } else if (effect.kind === "terminate") {
        for (const instanceId of effect.instanceIds) {
          model.instanceStateChanged({ instanceId, state: "shutting-down" });
          model.instanceStateChanged({ instanceId, state: "terminated" });
          bench.events += 2;
        }
      }
    }
  }
}

function boot(bench: Bench, group: string, activityId: string): void {
  const instanceId = `i-${(++bench.instances).toString(16).padStart(17, "0")}`;
  bench.model.instanceLaunched({ activityId, instanceId });
  bench.model.instanceStateChanged({ instanceId, state: "running" });
  bench.model.completeLifecycleAction({ group, hook: "boot", instanceId, result: "CONTINUE" });
  bench.events += 3;
}

const memory = () => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

function resize(bench: Bench, group: string, desiredCapacity: number): void {
  bench.model.setDesiredCapacity({ group, desiredCapacity });
  bench.events++;
  carryOut(bench);
}

interface Rate {
  readonly perSecond: number;
  /** The collector's other threads count here, and other work on the machine does not. */
  readonly perProcessorSecond: number;
}

function rate(bench: Bench, act: () => void): Rate {
  const before = bench.events;
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  act();
  const milliseconds = performance.now() - started;
  const { user, system } = process.cpuUsage(cpuBefore);
  const events = bench.events - before;
  return { perSecond: (events / milliseconds) * 1e3, perProcessorSecond: (events / (user + system)) * 1e6 };
}

/** Groups of ten that grow and shrink by a few, again and again. */
function lives(rounds: number): Rate {
  const bench = newBench();
  const names = Array.from({ length: 100 }, (_, index) => `group-${index}`);
  for (const name of names) addGroup(bench, name, 20);
  return rate(bench, () => {
    for (let round = 0; round < rounds; round++) for (const name of names) resize(bench, name, round % 2 === 0 ? 10 : 5);
  });
}

/** Reports that change nothing much: alarms still on, targets still healthy, status checks fine. */
function listening(rounds: number): Rate {
  const bench = newBench();
  addGroup(bench, "group", groupSize);
  resize(bench, "group", groupSize);
  const steps = [{ metricIntervalUpperBound: 0, scalingAdjustment: -1 }];
  const { arn } = bench.model.putScalingPolicy({
    group: "group",
    name: "down",
    policyType: "StepScaling",
    adjustmentType: "ChangeInCapacity",
    stepAdjustments: steps,
    estimatedInstanceWarmupSeconds: 60,
  });
  const ids = bench.model.instances().map((instance) => instance.instanceId);
  return rate(bench, () => {
    for (let round = 0; round < rounds; round++) {
      bench.model.advance((bench.nowMs += 60_000));
      bench.model.alarmAction({ policyArn: arn, alarmName: "down", alarmArn: "arn", state: "ALARM", threshold: 20, metricValue: 25 });
      for (const instanceId of ids) bench.model.instanceStatusChanged({ instanceId, check: "system", impaired: false });
      bench.events += ids.length + 2;
    }
  });
}

function bytesPerInstance(count: number): number {
  const bench = newBench();
  for (let index = 0; index < count / groupSize; index++) addGroup(bench, `group-${index}`, groupSize);
  const before = memory();
  for (let index = 0; index < count / groupSize; index++) resize(bench, `group-${index}`, groupSize);
  const bytes = (memory() - before) / bench.model.instances().length;
  return bytes;
}

/** The best of several runs: the first one compiles. */
function print(name: string, runs: number, act: () => Rate): void {
  const rates = Array.from({ length: runs }, act);
  const best = (of: keyof Rate) => Math.round(Math.max(...rates.map((one) => one[of])));
  console.log(`${name}: ${best("perSecond")} per second, ${best("perProcessorSecond")} per second of processor time`);
}

print("events of instances' lives", 8, () => lives(20));
print("events that change little", 4, () => listening(200));
const many = Number(values.instances);
const few = bytesPerInstance(many / 10);
const all = bytesPerInstance(many);
console.log(`memory: ${Math.round(all)} bytes per instance of ${many}`);
console.log(`memory of ten times the instances: ${(all / few).toFixed(2)} times the bytes of each`);
