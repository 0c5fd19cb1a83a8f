/** `ops simulate` as a user runs it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { XMLParser } from "fast-xml-parser";
import { fleetsOfPreview } from "../../../ops/simulate/preview.ts";
import { readDemand, readMetrics, readObjective, readRanges } from "../../../ops/simulate/options.ts";
import { exitCodes } from "../../../ops/exit-codes.ts";
import { Project } from "../project.ts";
import { chartsOf } from "../../../ops/simulate/page.ts";
import { figureRows, reportText, type Report } from "../../../ops/simulate/report.ts";
import { figuresOf } from "../../../scaling/simulate/figures.ts";
import { simulated } from "./recorded.ts";
import { scenarios } from "./scenarios.ts";

describe("ops simulate", function () {
  const project = new Project();
  const { fleet } = scenarios.find(({ name }) => name === "steps-and-back")!;
  const known = { group: { name: "g" }, launchTemplate: { id: "lt" }, region: "eu-central-1" };
  before(() => {
    project.write("outputs.json", JSON.stringify({ fleets: { app: { ...known, ...fleet }, other: { ...known, ...fleet } } }));
    project.write(
      "load.csv",
      "time,requests\n2026-03-01T10:00:00Z,20\n2026-03-01T10:30:00Z,90\n2026-03-01T11:00:00Z,10\n2026-03-01T11:30:00Z,10\n",
    );
    project.write("bad.csv", "2026-03-01T10:00:00Z,20\n2026-03-01T10:30:00Z,-1\n2026-03-01T11:00:00Z,x\n");
  });
  after(() => project.remove());
  /** Port 9 is the discard service: nothing may be called. */
  const simulate = (...args: readonly string[]) =>
    project.ops("http://127.0.0.1:9", "simulate", "--outputs", "outputs.json", "--fleet", "app", "--capacity", "10", ...args);

  it("prints figures, and writes chart and page", async () => {
    const { status, stdout, stderr } = await simulate(
      ...["--load", "load.csv", "--price", "0.5", "--currency", "EUR", "--svg", "sizes.svg", "--html", "report.html"],
    );
    assert.deepEqual([status, stderr], [exitCodes.done, ""]);
    assert.match(stdout, /^simulated time +2 h$/m);
    assert.match(stdout, /^instances in service +2 to 1\d, /m);
    assert.match(stdout, /^cost +\d+\.\d\d EUR$/m);
    assert.match(stdout, /^CPUUtilization above 60 \(up\) +/m);
    const svg = project.read("sizes.svg");
    const drawn = new XMLParser().parse(svg) as { svg: { title: string; path: unknown[] } };
    assert.deepEqual(
      [...svg.matchAll(/>(\d+ [A-Z][a-z]{2} \d\d:\d\d)</g)].map(([, label]) => label),
      ["1 Mar 10:00", "1 Mar 10:30", "1 Mar 11:00", "1 Mar 11:30", "1 Mar 12:00"],
    );
    assert.deepEqual([drawn.svg.title, drawn.svg.path.length], ["Instances over time", 3]);
    const page = project.read("report.html");
    assert.doesNotMatch(page, /<script|https?:\/\/(?!www\.w3\.org\/2000\/svg)|@import|url\(/);
    assert.match(page, /<meta name="viewport" content="width=device-width, initial-scale=1">/);
    assert.match(page, /2026-03-01 11:00/);
  });

  it("prints JSON alone, which is the same each time", async () => {
    const args = ["--load", "wave:low=20,high=90,period=4h", "--load", "noise:percent=15", "--for", "4h", "--json"];
    const [first, second, other] = await Promise.all([simulate(...args), simulate(...args), simulate(...args, "--seed", "2")]);
    assert.notEqual(other.stdout, first.stdout);
    assert.equal(first.stdout, second.stdout);
    const { start, figures, series } = JSON.parse(first.stdout) as {
      start: string;
      figures: { seconds: number; instanceHours: number; size: { most: number } };
      series: { inService: number[]; metrics: Record<string, (number | null)[]> };
    };
    assert.deepEqual([start, figures.seconds, series.inService.length], ["2026-01-05T00:00:00.000Z", 14_400, 240]);
    assert.equal(Math.max(...series.inService), figures.size.most);
    assert.deepEqual(Object.keys(series.metrics), ["CPUUtilization"]);
  });

  it("searches for the cheapest thresholds that keep the objective, and says when none does", async () => {
    const load = ["--load", "wave:low=20,high=90,period=4h", "--for", "8h"];
    const found = await simulate(...load, "--search", "up=40:80:20", "--search", "down=20:30:10", "--keep", "95@97", "--json");
    assert.equal(found.status, exitCodes.done, found.stderr);
    const { search, figures } = JSON.parse(found.stdout) as {
      search: { candidate: object; figures: { instanceHours: number; keptPercent: number } }[];
      figures: { instanceHours: number };
    };
    assert.ok(search.length > 0 && search.every((one) => one.figures.keptPercent >= 97));
    assert.equal(figures.instanceHours, Math.min(...search.map((one) => one.figures.instanceHours)));
    assert.match(found.stderr, /^6 combinations of thresholds$/m);
    const none = await simulate(...load, "--search", "up=80:90:10", "--keep", "10@100");
    assert.deepEqual(
      [none.status, none.stderr.split("\n").at(-2)],
      [exitCodes.failed, "No thresholds tried keep the objective; try wider ranges, or a lower --keep."],
    );
  });

  it("refuses what cannot be, with what is allowed", async () => {
    const [file, initial, settings, html] = await Promise.all([
      simulate("--load", "bad.csv"),
      simulate("--load", "constant:value=1", "--initial", "99"),
      simulate("--load", "constant:value=1", "--settings"),
      simulate("--load", "constant:value=1", "--html", "none/report.html"),
    ]);
    assert.match(
      file.stderr,
      /^--load bad\.csv, line 2: the value is -1; allowed: a number, 0 or more\.\n--load bad\.csv, line 3: the value is "x"/,
    );
    assert.match(initial.stderr, /^--initial is 99; allowed: a whole number from 2 to 20/);
    assert.match(settings.stderr, /^--settings needs --stack/);
    assert.match(html.stderr, /^--html none\/report\.html cannot be written/);
    for (const { status } of [file, initial, settings, html]) assert.equal(status, exitCodes.usage);
  });

  const demand = (...load: readonly string[]) => readDemand(fleet, { load, seed: "1" });
  const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
    ["a file that is not there", () => demand("none.csv"), /^--load none\.csv: it is no pattern, and as a file it cannot be read/],
    ["two files", () => demand("a.csv", "b.csv"), /^--load a\.csv, b\.csv: allowed: one file, and patterns beside it/],
    ["half a pattern", () => demand("wave:low=1"), /^--load wave:low=1: high is missing/],
    ["no load", () => demand(), /^--load: it is missing/],
    [
      "an odd time",
      () => readDemand(fleet, { load: ["constant:value=1"], seed: "x", for: "2y", start: "soon" }),
      /^--for: .*\n--start: .*\n--seed: /,
    ],
    [
      "an unknown model",
      () => readMetrics({ metric: ["memory"], idle: 0, max: 100 }, ["CPU"]),
      /^--metric memory: allowed: utilization, total, per-instance, backlog/,
    ],
    [
      "an unknown metric",
      () => readMetrics({ metric: ["Depth=total"], idle: 0, max: 100 }, ["CPU"]),
      /^--metric Depth=total: the fleet scales on CPU/,
    ],
    ["half an objective", () => readObjective("90"), /^--keep is 90; allowed: PERCENT@SHARE/],
    ["a share above all", () => readObjective("90@101"), /^--keep is 90@101; allowed: PERCENT@SHARE/],
    [
      "a policy that is not there",
      () => readRanges(["target=1:2:1"], fleet),
      /^--search target=1:2:1: allowed: up=FROM:TO:STEP, down=FROM:TO:STEP/,
    ],
    ["a range twice", () => readRanges(["up=1:2:1", "up=1:2:1"], fleet), /^--search up is given twice/],
    ["an endless range", () => readRanges(["up=1:2:0"], fleet), /STEP above 0/],
  ];
  for (const [what, act, message] of refused) it(`refuses ${what}`, () => assert.throws(act, { name: "OpsError", message }));

  it("models each metric by its own name", () => {
    assert.deepEqual(readMetrics({ metric: ["Depth=backlog", "total"], idle: 3, max: 90 }, ["CPU", "Depth"]), {
      metric: { kind: "total" },
      metrics: { Depth: { kind: "backlog" } },
    });
    assert.deepEqual(readMetrics({ metric: [], idle: 3, max: 90 }, ["CPU"]).metric, { kind: "utilization", idle: 3, max: 90 });
  });
});

describe("what is told of a warm pool", () => {
  it("is how fast instances came, cold and out of it, what it took, and its curve", () => {
    const scenario = scenarios.find(({ name }) => name === "warm-pool")!;
    const { simulation } = simulated(scenario, Date.UTC(2026, 0, 5));
    const price = { pricePerHour: 1, restingPricePerHour: 0.1 };
    const figures = figuresOf(simulation, 20, { capacityPerInstance: 10, keepPercent: 90, flapSeconds: 1800, ...price });
    const report: Report = {
      ...{ title: "Simulation", about: "About.", simulation, figures },
      ...{ capacityPerInstance: 10, keepPercent: 90, keptPercent: 99, currency: "EUR" },
    };
    const rows = new Map(figureRows(figures, report).map(([name, value]) => [name, value]));
    assert.deepEqual(
      ["cost", "came out of the warm pool", "launched for the load", "warm pool, stopped or hibernated"].map((name) => rows.get(name)),
      [
        "9.35 EUR",
        "6, each serving after 30 s on average",
        "4, each serving after 4 min on average",
        "4.467 hours, of which only the volumes cost",
      ],
    );
    assert.match(reportText(report), /^pool {4}█/m);
    const [sizes] = chartsOf(report);
    assert.deepEqual(
      sizes?.series.map(({ label }) => label),
      ["instances in service", "prepared in the warm pool", "instances that the demand fills"],
    );
  });
});

describe("a preview of the settings", () => {
  it("has size, boot time and every policy of each fleet", () => {
    const { fleet } = scenarios[0]!;
    const [up, down] = fleet.scaling.policies.map((policy) => {
      assert.ok(policy.kind === "step");
      const { kind, direction, policyArn, alarmName, ...rest } = policy;
      assert.deepEqual([kind, policyArn, alarmName], ["step", "", ""]);
      return { direction, rest };
    });
    const inputs = {
      size: fleet.size,
      warmupSeconds: 120,
      tags: { "fleet:name": "app" },
      up: up!.rest,
      down: down!.rest,
      targets: [],
      metrics: [{ name: "queue", up: up!.rest }],
      composites: [{ name: "busy", when: "all", alarms: ["up"], unless: [], stopsRollout: false }],
    };
    const capacity = {
      launchHook: { heartbeatSeconds: 300 },
      terminateHook: { heartbeatSeconds: 120 },
      warmPool: { state: "Stopped", reuse: false },
      mixedInstances: { types: ["m5.large"] },
    };
    const group = { healthCheckGracePeriod: 120, maxInstanceLifetime: 86_400, protectFromScaleIn: true };
    const steps = [
      { newState: { type: "fleet:components:Fleet", inputs: { identity: { fleet: "app" }, ...capacity, group } } },
      { newState: { type: "fleet:components:ScalingAlarms", inputs } },
      {},
    ];
    const [first] = fleet.scaling.policies;
    assert.deepEqual(fleetsOfPreview({ steps }), {
      app: {
        ...fleet,
        ...capacity,
        groupOptions: { maxInstanceLifetimeSeconds: 86_400, protectFromScaleIn: true },
        scaling: { policies: [...fleet.scaling.policies, { ...first, of: "queue" }], composites: { busy: "" } },
      },
    });
    assert.deepEqual(fleetsOfPreview({}), {});
    assert.ok(readFileSync(join(import.meta.dirname, "../../../contract/type-tokens.ts"), "utf8").includes(steps[1]!.newState!.type));
  });
});
