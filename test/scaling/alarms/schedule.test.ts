import assert from "node:assert/strict";
import { evaluatedPeriods, evaluationIntervalMs, nextEvaluationMs } from "../../../scaling/alarms/schedule.ts";

const at = (time: string) => Date.parse(`2026-03-01T${time}Z`);
const clock = (timeMs: number) => new Date(timeMs).toISOString().slice(11, 19);

describe("schedule of evaluations", () => {
  it("is each minute, ten seconds for short periods, an hour for spans over a day", () => {
    const minutes = [
      { periodSeconds: 60, evaluationPeriods: 5 },
      { periodSeconds: 10, evaluationPeriods: 3 },
      { periodSeconds: 86_400, evaluationPeriods: 2 },
      { periodSeconds: 86_400, evaluationPeriods: 1 },
    ].map(evaluationIntervalMs);
    assert.deepEqual(minutes, [60_000, 10_000, 3_600_000, 60_000]);
  });

  it("is always later than now", () => {
    const window = { periodSeconds: 60, evaluationPeriods: 1 };
    assert.deepEqual(
      ["12:00:00", "12:00:01", "12:00:59"].map((time) => clock(nextEvaluationMs(window, at(time)))),
      ["12:01:00", "12:01:00", "12:01:00"],
    );
  });

  it("slides by the minute over periods of five: minutes 1 to 5 first, then 2 to 6", () => {
    const window = { periodSeconds: 300, evaluationPeriods: 1 };
    assert.deepEqual(evaluatedPeriods(window, at("12:05:00")).map(clock), ["11:50:00", "11:55:00", "12:00:00"]);
    assert.deepEqual(evaluatedPeriods(window, at("12:06:00")).map(clock), ["11:51:00", "11:56:00", "12:01:00"]);
  });

  it("of a multi-day alarm ends at the full hour", () => {
    const window = { periodSeconds: 86_400, evaluationPeriods: 3 };
    assert.equal(clock(evaluatedPeriods(window, at("10:59:00")).at(-1) ?? 0), "10:00:00");
  });
});
