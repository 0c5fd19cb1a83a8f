import assert from "node:assert/strict";
import fc from "fast-check";
import { isTimeZone, nextCronTime, parseCron } from "../../scaling/cron.ts";

const next = (expression: string, after: string, timeZone?: string) => {
  const time = nextCronTime(parseCron(expression), Date.parse(after), timeZone);
  return time === undefined ? undefined : new Date(time).toISOString();
};

describe("cron", () => {
  it("finds the next time of lists, ranges, steps and names", () => {
    assert.equal(next("30 0 1 1,6,12 *", "2026-02-03T04:05:06Z"), "2026-06-01T00:30:00.000Z");
    assert.equal(next("*/20 9-17 * * MON-FRI", "2026-01-02T17:40:00Z"), "2026-01-05T09:00:00.000Z");
    assert.equal(next("0 12 * * *", "2026-01-01T12:00:00Z"), "2026-01-02T12:00:00.000Z");
    assert.equal(next("0 0 * JAN 7", "2026-01-01T00:00:00Z"), "2026-01-04T00:00:00.000Z");
    assert.equal(next("5/20 * * * *", "2026-01-01T00:05:00Z"), "2026-01-01T00:25:00.000Z");
    assert.equal(next("0 0 29 2 *", "2026-01-01T00:00:00Z"), "2028-02-29T00:00:00.000Z");
  });

  it("takes a day that fits either field when both are given", () => {
    assert.equal(next("0 0 13 * FRI", "2026-01-01T00:00:00Z"), "2026-01-02T00:00:00.000Z");
    assert.equal(next("0 0 13 * FRI", "2026-01-09T00:00:00Z"), "2026-01-13T00:00:00.000Z");
  });

  it("follows a time zone through both changes of the clocks", () => {
    assert.equal(next("0 9 * * *", "2026-03-28T12:00:00Z", "Europe/Berlin"), "2026-03-29T07:00:00.000Z");
    assert.equal(next("0 9 * * *", "2026-03-27T12:00:00Z", "Europe/Berlin"), "2026-03-28T08:00:00.000Z");
    // 02:30 does not exist on 29 March 2026 in Berlin; 02:30 on 25 October exists twice, and runs once
    assert.equal(next("30 2 * * *", "2026-03-28T12:00:00Z", "Europe/Berlin"), "2026-03-30T00:30:00.000Z");
    assert.equal(next("30 2 * * *", "2026-10-24T12:00:00Z", "Europe/Berlin"), "2026-10-25T00:30:00.000Z");
    assert.equal(next("30 2 * * *", "2026-10-25T00:30:00Z", "Europe/Berlin"), "2026-10-26T01:30:00.000Z");
    assert.equal(next("0 0 * * *", "2026-01-01T00:00:00Z", "Pacific/Tahiti"), "2026-01-01T10:00:00.000Z");
  });

  it("refuses what is not cron, naming the field", () => {
    assert.throws(() => parseCron("* * * *"), /has 4 fields; it needs 5/);
    assert.throws(() => parseCron("60 * * * *"), /field minute is "60"/);
    assert.throws(() => parseCron("* * * FOO *"), /field month is "FOO"/);
    assert.throws(() => parseCron("5-2 * * * *"), /field minute/);
    assert.throws(() => parseCron("*/0 * * * *"), /field minute/);
    assert.throws(() => parseCron("0 0 30 2 *"), /names a day that none of its months has/);
    assert.throws(() => parseCron("0 0 0 * *"), /field day of month is "0"/);
  });

  it("knows time zones of the database only", () => {
    assert.deepEqual(["Europe/Berlin", "Etc/GMT+9", "UTC", "Mars/Olympus", "+01:00", ""].map(isTimeZone), [
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("agrees with a walk through all minutes", () => {
    const field = (max: number) =>
      fc.oneof(
        fc.constant("*"),
        fc.nat(max).map(String),
        fc.integer({ min: 2, max: 20 }).map((step) => `*/${step}`),
      );
    fc.assert(
      fc.property(field(59), field(23), fc.integer({ min: 0, max: 86_400 * 5 }), (minute, hour, offsetSeconds) => {
        const cron = parseCron(`${minute} ${hour} * * *`);
        const after = Date.UTC(2026, 4, 1) + offsetSeconds * 1000;
        let walk = (Math.floor(after / 60_000) + 1) * 60_000;
        while (!cron.minutes.has(new Date(walk).getUTCMinutes()) || !cron.hours.has(new Date(walk).getUTCHours())) walk += 60_000;
        assert.equal(nextCronTime(cron, after), walk);
      }),
      { numRuns: 200 },
    );
  });
});
