import assert from "node:assert/strict";
import fc from "fast-check";
import { parseCsv } from "../../../scaling/simulate/csv.ts";
import { demandOf, durationSeconds, loadHelp, parseLoads, type LoadFault } from "../../../scaling/simulate/load.ts";

const startMs = Date.UTC(2026, 0, 5);
function values(texts: readonly string[], minutes: number, seed = 1): number[] {
  const faults: LoadFault[] = [];
  const load = parseLoads(texts, faults);
  assert.deepEqual(faults, []);
  return [...demandOf(load, { startMs, seconds: minutes * 60, stepSeconds: 60, seed }).values];
}
function faultsOf(...texts: readonly string[]): string[] {
  const faults: LoadFault[] = [];
  parseLoads(texts, faults);
  return faults.map(({ at, message }) => `${at}: ${message}`);
}

describe("load patterns", () => {
  it("are constant, step, ramp and spike, and add up", () => {
    assert.deepEqual(values(["constant:value=5"], 2), [5, 5]);
    assert.deepEqual(values(["step:from=1,to=4,at=2m"], 4), [1, 1, 4, 4]);
    assert.deepEqual(values(["ramp:from=0,to=40,at=1m,for=4m"], 6), [0, 5, 15, 25, 35, 40]);
    assert.deepEqual(values(["spike:by=7,at=1m,for=2m"], 4), [0, 7, 7, 0]);
    assert.deepEqual(values(["constant:value=5", "spike:by=7,at=1m,for=1m"], 3), [5, 12, 5]);
  });

  it("are a daily wave that is highest at its peak", () => {
    const wave = values(["wave:low=100,high=900"], 1440);
    const peak = wave.indexOf(Math.max(...wave));
    assert.ok(Math.abs(peak - 15 * 60) <= 1, `minute ${peak}`);
    assert.ok(Math.abs(Math.max(...wave) - 900) < 0.1 && Math.abs(Math.min(...wave) - 100) < 0.1);
    const short = values(["wave:low=0,high=10,period=60m,peak=0s"], 120);
    for (const [minute, value] of short.slice(0, 60).entries()) assert.ok(Math.abs(value - short[minute + 60]!) < 1e-9);
  });

  it("have noise by seed, around the load and never below 0", () => {
    const noisy = values(["constant:value=100", "noise:percent=20"], 500, 7);
    assert.deepEqual(values(["constant:value=100", "noise:percent=20"], 500, 7), noisy);
    assert.notDeepEqual(values(["constant:value=100", "noise:percent=20"], 500, 8), noisy);
    assert.ok(noisy.every((value) => value >= 80 && value <= 120));
    const mean = noisy.reduce((sum, value) => sum + value, 0) / noisy.length;
    assert.ok(Math.abs(mean - 100) < 2, `${mean}`);
  });

  it("are refused with everything that is wrong", () => {
    assert.deepEqual(faultsOf("wave:low=x,up=3", "tide:low=1", "spike:by=1,at=0,for=0", "noise:percent=200", "step:to=-1,at=5y"), [
      'wave:low=x,up=3: low is "x"; allowed: a number, 0 or more',
      "wave:low=x,up=3: up is not known here; allowed: low, high, peak, period",
      "wave:low=x,up=3: high is missing",
      "tide:low=1: tide is no load pattern and no file; allowed: constant, step, ramp, wave, spike, noise, or a CSV file",
      'spike:by=1,at=0,for=0: for is "0"; allowed: a duration such as 90s, 20m, 6h or 2d',
      "noise:percent=200: percent is 200; allowed: 0 to 100",
      'step:to=-1,at=5y: to is "-1"; allowed: a number, 0 or more',
      'step:to=-1,at=5y: at is "5y"; allowed: a duration such as 90s, 20m, 6h or 2d',
    ]);
    assert.equal(loadHelp().length, 6);
  });

  it("take durations in seconds, minutes, hours and days", () => {
    assert.deepEqual(["90", "90s", "1.5m", "6h", "2d", "", "h", "-1s", "1w"].map(durationSeconds), [
      90,
      90,
      90,
      21_600,
      172_800,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

function csv(text: string) {
  const faults: LoadFault[] = [];
  return { load: parseCsv(text, faults), faults: faults.map(({ at, message }) => `${at}: ${message}`) };
}

describe("a load file", () => {
  it("has a time and a value per line, with or without heading, in several notations", () => {
    const expected = { startMs, intervalSeconds: 300, values: [1, 2.5, 0] };
    for (const text of [
      "timestamp,value\n2026-01-05T00:00:00Z,1\n2026-01-05T00:05:00Z,2.5\n2026-01-05T00:10:00Z,0\n",
      "2026-01-05 00:00,1\r\n2026-01-05 00:05,2.5\r\n2026-01-05 00:10,0",
      '# exported\n\n"time";"CPU"\n1767571200;1\n1767571500;2.5\n1767571800;0\n',
      "1767571200000\t1\n1767571500000\t2.5\n1767571800000\t0",
      "2026-01-05T01:00:00+01:00,1\n2026-01-05T01:05:00+01:00,2.5\n2026-01-05T01:10:00+01:00,0",
    ])
      assert.deepEqual(csv(text), { load: expected, faults: [] }, text);
  });

  it("is refused for holes, disorder, negative and non-numeric values, line by line", () => {
    const text = [
      "time,value",
      "2026-01-05T00:00:00Z,1",
      "2026-01-05T00:01:00Z,-2",
      "2026-01-05T00:02:00Z,many",
      "2026-01-05T00:03:00Z,",
      "yesterday,4",
      "2026-01-05T00:05:00Z,4,5",
      "2026-01-05T00:06:00Z,Infinity",
    ];
    assert.deepEqual(csv(text.join("\n")).faults, [
      "line 3: the value is -2; allowed: a number, 0 or more",
      'line 4: the value is "many"; allowed: a number, 0 or more',
      'line 5: the value is ""; allowed: a number, 0 or more',
      'line 6: the time is "yesterday"; allowed: ISO 8601 such as 2026-01-05T10:00:00Z, or seconds since 1970',
      "line 7: it has 3 columns; allowed: two, time and value",
      'line 8: the value is "Infinity"; allowed: a number, 0 or more',
    ]);
    const at = (minute: number) => `${startMs / 1000 + minute * 60},1`;
    assert.deepEqual(csv([0, 1, 2, 5, 6, 6, 4].map(at).join("\n")).faults, [
      "line 4: it follows line 3 after 180 s where the others follow after 60 s; fill the hole",
      "line 6: its time is not after that of line 5",
      "line 7: its time is not after that of line 6",
    ]);
    assert.deepEqual(csv(`${startMs / 1000},1`).faults, ["the file: it has 1 values; allowed: two or more"]);
    assert.deepEqual(csv("").faults, ["the file: it has 0 values; allowed: two or more"]);
    assert.deepEqual(csv([0, 1.5, 3].map(at).join("\n")).faults, [
      "the file: its values are 90 s apart; allowed: whole minutes, or what divides a minute",
    ]);
    const wrong = Array.from({ length: 30 }, (_, line) => `${startMs / 1000 + line * 60},x`).join("\n");
    assert.equal(csv(wrong).faults.at(-1), "the file: 10 more faults");
  });

  it("comes out as it went in, minute by minute, whatever its interval", () => {
    const intervals = fc.constantFrom(10, 30, 60, 300, 3600);
    fc.assert(
      fc.property(intervals, fc.array(fc.nat(1000), { minLength: 2, maxLength: 40 }), (intervalSeconds, given) => {
        const text = given.map((value, index) => `${startMs / 1000 + index * intervalSeconds},${value}`).join("\n");
        const { load, faults } = csv(text);
        assert.deepEqual([faults, load?.values, load?.intervalSeconds], [[], given, intervalSeconds]);
        const seconds = given.length * intervalSeconds;
        const { values: demand } = demandOf(
          { shapes: [], noisePercent: 0 },
          { startMs, seconds, stepSeconds: 60, seed: 1, measured: load! },
        );
        assert.equal(demand.length, Math.ceil(seconds / 60));
        for (const [minute, value] of demand.entries()) {
          const [from, until] = [minute * 60, (minute + 1) * 60];
          const covered = given.filter((_, index) => index * intervalSeconds < until && (index + 1) * intervalSeconds > from);
          assert.ok(Math.abs(value - covered.reduce((sum, one) => sum + one, 0) / covered.length) < 1e-9);
        }
      }),
    );
  });
});
