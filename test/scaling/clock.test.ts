import assert from "node:assert/strict";
import { RealClock, VirtualClock } from "../../scaling/clock.ts";

describe("a virtual clock", () => {
  it("runs what falls due in order of time, then of scheduling, each at its own time", () => {
    const clock = new VirtualClock(1000);
    const seen: string[] = [];
    const note = (label: string) => () => seen.push(`${label}@${clock.now()}`);
    clock.schedule(3000, note("late"));
    clock.schedule(2000, note("one"));
    clock.schedule(2000, note("two"));
    clock.schedule(500, note("past")); // at once, that is at the next move
    const cancel = clock.schedule(2500, note("cancelled"));
    cancel();
    clock.advanceTo(2500);
    assert.deepEqual(seen, ["past@1000", "one@2000", "two@2000"]);
    clock.advanceBy(1000);
    assert.deepEqual([seen.at(-1), clock.now()], ["late@3000", 3500]);
    clock.advanceTo(100);
    assert.equal(clock.now(), 3500);
  });

  it("runs what is scheduled on the way", () => {
    const clock = new VirtualClock(0);
    let count = 0;
    const again = () => {
      count++;
      clock.schedule(clock.now() + 10, again);
    };
    again();
    clock.advanceTo(100);
    assert.equal(count, 11);
  });
});

describe("a real clock", () => {
  it("runs an action, faster when told, and not when cancelled", async () => {
    const clock = new RealClock(1000);
    const started = clock.now();
    let cancelled = true;
    const cancel = clock.schedule(started + 100, () => (cancelled = false));
    cancel();
    const at = await new Promise<number>((resolve) => clock.schedule(started + 2000, () => resolve(clock.now())));
    assert.ok(at >= started + 2000);
    assert.equal(cancelled, true);
  });

  it("refuses a speed that is none", () => {
    for (const speed of [0, -1, NaN, Infinity]) assert.throws(() => new RealClock(speed), /it must be a number greater than 0/);
  });
});
