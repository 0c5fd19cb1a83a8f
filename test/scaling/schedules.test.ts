/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html */
import assert from "node:assert/strict";
import { AutoScalingError } from "../../scaling/error.ts";
import type { PutScheduledAction } from "../../scaling/types/commands.ts";
import { Host, hours, minutes, startMs } from "./helpers.ts";

const put = (host: Host, input: Partial<PutScheduledAction>) =>
  host.do((model) => model.putScheduledAction({ group: "web", name: "action", ...input }));

function hostWith(input: Partial<PutScheduledAction>): Host {
  const host = new Host();
  host.create({ minSize: 1, maxSize: 5, desiredCapacity: 2 });
  host.pass(minutes(1));
  put(host, input);
  return host;
}

const sizes = (host: Host) => [host.group().minSize, host.group().maxSize, host.group().desiredCapacity];

describe("a scheduled action", () => {
  it("at one time changes what it gives, keeps the rest, and is gone", () => {
    const host = hostWith({ startAtMs: startMs + hours(1), desiredCapacity: 4 });
    host.pass(minutes(58));
    assert.deepEqual(sizes(host), [1, 5, 2]);
    host.pass(minutes(2));
    assert.deepEqual([sizes(host), host.model.scheduledActions("web")], [[1, 5, 4], []]);
    assert.match(
      host.model.activities({})[0]!.cause,
      /^At 2026-01-01T01:00:00Z a scheduled action update of AutoScalingGroup constraints to min: 1, max: 5, desired: 4 changing the desired capacity from 2 to 4\. {2}At/,
    );
  });

  it("moves the desired capacity into the limits that it sets", () => {
    const host = hostWith({ startAtMs: startMs + hours(1), minSize: 3, maxSize: 3 });
    host.pass(hours(1));
    assert.deepEqual(sizes(host), [3, 3, 3]);
  });

  it("recurs, first at its start, until its end, in its time zone", () => {
    const host = hostWith({
      startAtMs: startMs + hours(2),
      endAtMs: startMs + hours(50),
      recurrence: "0 9 * * *",
      timeZone: "Europe/Berlin",
      desiredCapacity: 4,
    });
    const at: string[] = [];
    host.onStep = () => {
      if (host.group().desiredCapacity !== 4) return;
      at.push(new Date(host.clock.now()).toISOString());
      host.model.setDesiredCapacity({ group: "web", desiredCapacity: 1 });
    };
    assert.deepEqual(host.model.scheduledActions("web"), [
      {
        group: "web",
        name: "action",
        arn: host.model.scheduledActions("web")[0]!.arn,
        startAtMs: startMs + hours(2),
        endAtMs: startMs + hours(50),
        recurrence: "0 9 * * *",
        timeZone: "Europe/Berlin",
        desiredCapacity: 4,
      },
    ]);
    host.pass(hours(100));
    assert.deepEqual(at, ["2026-01-01T02:00:00.000Z", "2026-01-01T08:00:00.000Z", "2026-01-02T08:00:00.000Z"]);
    assert.deepEqual(host.model.scheduledActions(), []);
  });

  it("is left out while ScheduledActions is suspended, and recurs afterwards", () => {
    const host = hostWith({ recurrence: "0 * * * *", desiredCapacity: 4 });
    host.do((model) => model.suspendProcesses({ group: "web", processes: ["ScheduledActions"] }));
    host.pass(minutes(90));
    assert.deepEqual(sizes(host), [1, 5, 2]);
    host.do((model) => model.resumeProcesses({ group: "web", processes: ["ScheduledActions"] }));
    assert.deepEqual(sizes(host), [1, 5, 2]);
    host.pass(minutes(30));
    assert.deepEqual(sizes(host), [1, 5, 4]);
  });

  it("that no longer fits the group's limits changes nothing", () => {
    const host = hostWith({ startAtMs: startMs + hours(1), minSize: 4 });
    host.do((model) => model.updateGroup({ name: "web", maxSize: 3 }));
    host.pass(hours(1));
    assert.deepEqual(sizes(host), [1, 3, 2]);
  });

  it("is changed by name, keeping what is not given, and deleted", () => {
    const host = hostWith({ recurrence: "0 6 * * *", desiredCapacity: 4 });
    put(host, { maxSize: 9 });
    const [action] = host.model.scheduledActions("web");
    assert.deepEqual([action!.recurrence, action!.desiredCapacity, action!.maxSize], ["0 6 * * *", 4, 9]);
    put(host, { recurrence: "0 7 * * *" });
    host.pass(hours(6.5));
    assert.deepEqual(sizes(host), [1, 5, 2]);
    host.pass(hours(1));
    assert.deepEqual(sizes(host), [1, 9, 4]);
    host.do((model) => model.deleteScheduledAction({ group: "web", name: "action" }));
    assert.throws(
      () => host.do((model) => model.deleteScheduledAction({ group: "web", name: "action" })),
      /Scheduled action name not found: action/,
    );
  });

  it("is refused in the past, without a time, at the time of another", () => {
    const host = hostWith({ startAtMs: startMs + hours(1), desiredCapacity: 1 });
    const refuse = (input: Partial<PutScheduledAction>, message: RegExp) =>
      assert.throws(() => put(host, { name: "other", ...input }), message);
    refuse({ startAtMs: startMs, desiredCapacity: 1 }, /startAt is "2026-01-01T00:00:00.000Z"; allowed: a time in the future/);
    refuse({ desiredCapacity: 1 }, /recurrence is absent/);
    refuse({ recurrence: "0 0 1 1 *", endAtMs: startMs + hours(5), desiredCapacity: 1 }, /would never run/);
    assert.throws(
      () => put(host, { name: "other", startAtMs: startMs + hours(1), desiredCapacity: 1 }),
      (error: unknown) =>
        error instanceof AutoScalingError && error.code === "AlreadyExists" && /starts at the same time/.test(error.message),
    );
  });
});
