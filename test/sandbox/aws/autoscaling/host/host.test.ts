/** The journal: whatever a kill leaves of it is a state that was, with the effects that were still to be done. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { VirtualClock } from "../../../../../scaling/clock.ts";
import { ScalingModel } from "../../../../../scaling/model.ts";
import { ModelHost, type NumberedEffect } from "../../../../../sandbox/aws/autoscaling/host/host.ts";
import { idMaker } from "../../../../../sandbox/aws/autoscaling/host/ids.ts";
import { Journal } from "../../../../../sandbox/aws/autoscaling/host/journal.ts";

const start = Date.UTC(2026, 0, 31);

interface Life {
  readonly host: ModelHost;
  readonly clock: VirtualClock;
  readonly effects: NumberedEffect[];
}

function live(directory: string, startMs = start, entriesPerSnapshot = 7): Life {
  const clock = new VirtualClock(startMs);
  const effects: NumberedEffect[] = [];
  const options = { region: "us-east-1", accountId: "123456789012", startMs, makeId: idMaker(directory) };
  const host = new ModelHost({
    clock,
    directory,
    makeModel: (snapshot) => new ScalingModel(options, snapshot),
    perform: (effect) => effects.push(effect),
    entriesPerSnapshot,
  });
  return { host, clock, effects };
}

/** One thing that happens: a command that may be refused, time, or the end of the oldest open launch. */
type Step = { readonly size: number } | { readonly seconds: number } | "launch" | "fail" | "end";

const step = fc.oneof(
  fc.record({ size: fc.integer({ min: -1, max: 7 }) }),
  fc.record({ seconds: fc.integer({ min: 1, max: 400 }) }),
  fc.constantFrom<Step>("launch", "fail", "end"),
);

function prepare({ host }: Life): void {
  host.report([
    [
      "setLaunchTemplate",
      {
        launchTemplateId: "lt-1",
        launchTemplateName: "t",
        defaultVersion: 1,
        latestVersion: 1,
        versions: { 1: { instanceType: "t3.micro", imageId: "ami-1" } },
      },
    ],
    ["setSubnet", { subnetId: "subnet-a", zone: "a" }],
    ["setSubnet", { subnetId: "subnet-b", zone: "b" }],
  ]);
  host.run("createGroup", {
    name: "g",
    minSize: 0,
    maxSize: 6,
    subnetIds: ["subnet-a", "subnet-b"],
    launchTemplate: { launchTemplateId: "lt-1" },
  });
  host.run("putNotificationConfiguration", {
    group: "g",
    topicArn: "arn:aws:sns:us-east-1:123456789012:t",
    events: ["autoscaling:EC2_INSTANCE_LAUNCH"],
  });
}

function take({ host, clock, effects }: Life, given: Step): void {
  if (typeof given === "object" && "seconds" in given) {
    clock.advanceBy(given.seconds * 1000);
    return;
  }
  if (typeof given === "object") {
    try {
      host.run("setDesiredCapacity", { group: "g", desiredCapacity: given.size });
    } catch {
      // Refused: below 0 or above 6.
    }
    return;
  }
  const index = effects.findIndex(({ effect }) => effect.kind === (given === "end" ? "terminate" : "launch"));
  const [open] = index < 0 ? [] : effects.splice(index, 1);
  if (open?.effect.kind === "terminate") {
    host.report(
      open.effect.instanceIds.map((instanceId) => ["instanceStateChanged", { instanceId, state: "terminated" }]),
      [open.number],
    );
  } else if (open?.effect.kind === "launch" && given === "fail") {
    host.report(
      open.effect.activityIds.map((activityId) => ["launchFailed", { activityId, code: "X", message: "x" }]),
      [open.number],
    );
  } else if (open?.effect.kind === "launch") {
    for (const activityId of open.effect.activityIds) {
      const instanceId = `i-${activityId}`;
      host.report([
        ["instanceLaunched", { activityId, instanceId }],
        ["instanceStateChanged", { instanceId, state: "running" }],
      ]);
    }
    host.report([], [open.number]);
  }
}

const stateOf = ({ model }: ModelHost) => JSON.stringify(model.snapshot().state);
const pendingOf = (host: ModelHost) => host.inherited().map(({ number, effect }) => `${number} ${effect.kind}`);

describe("journal of the Auto Scaling service", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "journal-"))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const newest = () => readdirSync(directory).find((name) => name.startsWith("journal-"))!;

  it("gives the same state and the same open effects again after a kill between any two steps", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        rmSync(directory, { recursive: true, force: true });
        const life = live(directory);
        life.host.start();
        prepare(life);
        for (const one of steps) {
          take(life, one);
          const copy = `${directory}-copy`;
          cpSync(directory, copy, { recursive: true });
          const next = live(copy, life.clock.now());
          next.host.model.advance(life.clock.now());
          life.host.model.advance(life.clock.now());
          assert.deepEqual(JSON.parse(stateOf(next.host)), JSON.parse(stateOf(life.host)));
          assert.deepEqual(pendingOf(next.host), pendingOf(life.host));
          rmSync(copy, { recursive: true, force: true });
        }
      }),
      { numRuns: 40 },
    );
  });

  it("takes a line that was cut short as never written, at whatever byte", () => {
    const life = live(directory, start, 10_000);
    life.host.start();
    prepare(life);
    const states = [stateOf(life.host)];
    const sizes = [readFileSync(join(directory, newest())).length];
    for (const one of [{ size: 3 }, "launch", { seconds: 30 }, "launch", { size: 1 }, "end"] as Step[]) {
      take(life, one);
      states.push(stateOf(life.host));
      sizes.push(readFileSync(join(directory, newest())).length);
    }
    for (let index = 1; index < sizes.length; index++) {
      for (const cut of [sizes[index - 1]!, Math.floor((sizes[index - 1]! + sizes[index]!) / 2), sizes[index]! - 1]) {
        const copy = `${directory}-cut`;
        cpSync(directory, copy, { recursive: true });
        truncateSync(join(copy, newest()), cut);
        const next = live(copy, start, 10_000);
        const lines = readFileSync(join(copy, newest()), "utf8");
        assert.ok(lines === "" || lines.endsWith("\n"));
        next.host.start();
        assert.doesNotThrow(() => next.host.run("setDesiredCapacity", { group: "g", desiredCapacity: 2 }));
        rmSync(copy, { recursive: true, force: true });
      }
    }
    assert.equal(new Set(states).size, states.length - 1); // "wait 30 s" changes nothing
  });

  it("survives a kill while a snapshot replaces the journal", () => {
    const journal = new Journal<string, number>(directory);
    journal.open();
    for (const entry of [1, 2, 3]) journal.append(entry);
    journal.compact("three");
    journal.append(4);
    journal.close();
    writeFileSync(join(directory, "snapshot.json.new"), '{"generation": 2, "snap');
    const next = new Journal<string, number>(directory);
    assert.deepEqual(next.open(), { snapshot: "three", entries: [4] });
    next.compact("four");
    next.close();
    // The old journal is still there when the kill comes between the new snapshot and its removal.
    writeFileSync(join(directory, "journal-1.jsonl"), "4\n");
    assert.deepEqual(new Journal<string, number>(directory).open(), { snapshot: "four", entries: [] });
  });

  it("writes nothing for a refused command, and refuses to write before it was opened", () => {
    const life = live(directory);
    life.host.start();
    prepare(life);
    const before = readFileSync(join(directory, newest()), "utf8");
    assert.throws(() => life.host.run("setDesiredCapacity", { group: "nobody", desiredCapacity: 1 }), /nobody/);
    assert.equal(readFileSync(join(directory, newest()), "utf8"), before);
    assert.throws(() => new Journal<string, number>(directory).append(1), /not open/);
  });

  it("gives each life ids of its own", () => {
    const [one, same] = [idMaker(directory), idMaker(directory)];
    const other = idMaker(join(directory, "other"));
    assert.match(one(7), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(one(7), same(7));
    assert.notEqual(one(7), one(8));
    assert.notEqual(one(7), other(7));
  });
});
