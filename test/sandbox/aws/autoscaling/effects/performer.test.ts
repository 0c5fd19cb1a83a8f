/** What the model wants done goes out in as few calls as the order of a group's effects allows. */
import assert from "node:assert/strict";
import { VirtualClock } from "../../../../../scaling/clock.ts";
import type { Effect } from "../../../../../scaling/types/effects.ts";
import { PartyAway, Performer, type Performance, type Performers } from "../../../../../sandbox/aws/autoscaling/effects/performer.ts";

const end = (group: string, id: string): Effect => ({ kind: "terminate", group, instanceIds: [id] });
const stop = (id: string, hibernate: boolean): Effect => ({ kind: "stop", group: "web", instanceIds: [id], hibernate });

class Setting {
  readonly clock = new VirtualClock(0);
  readonly calls: string[] = [];
  readonly done: number[][] = [];
  readonly log: string[] = [];
  answer: (call: string) => void = () => undefined;
  readonly #work = new Set<Promise<unknown>>();
  #number = 0;
  readonly performer = new Performer({
    clock: this.clock,
    performers: new Proxy({} as Performers, { get: () => this.#perform }),
    report: (_facts, done) => this.done.push([...done]),
    background: (work) => this.#work.add(work),
    log: (line) => this.log.push(line),
  });

  readonly #perform = async (effect: Effect, { maybeDone }: Performance) => {
    const ids = "instanceIds" in effect ? effect.instanceIds.join(" ") : "";
    const call = `${effect.kind} ${"group" in effect ? effect.group : ""}: ${ids}${maybeDone ? " again" : ""}`;
    this.calls.push(call);
    await Promise.resolve();
    this.answer(call);
    return [];
  };

  give(...effects: Effect[]): void {
    for (const effect of effects) this.performer.perform({ number: this.#number++, effect, inherited: false });
  }

  /** Until nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#work);
  }
}

describe("effects of the model", () => {
  it("of one kind for several instances are one call, and are done together", async () => {
    const setting = new Setting();
    setting.give(end("web", "i-1"), end("web", "i-2"), end("db", "i-3"), end("web", "i-4"));
    await setting.settled();
    assert.deepEqual(setting.calls.sort(), ["terminate db: i-3", "terminate web: i-1 i-2 i-4"]);
    assert.deepEqual(
      setting.done.sort((one, other) => one.length - other.length),
      [[2], [0, 1, 3]],
    );
  });

  it("keep their order where kinds alternate, and are apart where anything but the instances differs", async () => {
    const setting = new Setting();
    setting.give(end("web", "i-1"), stop("i-2", false), stop("i-3", true), end("web", "i-4"), end("web", "i-5"));
    await setting.settled();
    assert.deepEqual(setting.calls, ["terminate web: i-1", "stop web: i-2", "stop web: i-3", "terminate web: i-4 i-5"]);
  });

  it("that wait behind a call under way go out together after it", async () => {
    const setting = new Setting();
    setting.answer = (call) => {
      if (call === "terminate web: i-1") setting.give(end("web", "i-2"), end("web", "i-3"));
    };
    setting.give(end("web", "i-1"));
    await setting.settled();
    await setting.settled();
    assert.deepEqual(setting.calls, ["terminate web: i-1", "terminate web: i-2 i-3"]);
    assert.deepEqual(setting.done, [[0], [1, 2]]);
  });

  it("without an answer are asked for again together, and those that fail otherwise are given up with a line in the log", async () => {
    const setting = new Setting();
    setting.answer = (call) => {
      if (!call.endsWith("again")) throw new PartyAway("nothing listens");
      throw new Error("refused");
    };
    setting.give(end("web", "i-1"), end("web", "i-2"));
    await setting.settled();
    assert.deepEqual(setting.done, []);
    setting.clock.advanceBy(1000);
    await setting.settled();
    assert.deepEqual(setting.calls, ["terminate web: i-1 i-2", "terminate web: i-1 i-2 again"]);
    assert.deepEqual(setting.done, [[0, 1]]);
    assert.deepEqual(setting.log, [
      "auto scaling: terminate of web: nothing listens; again in 1 s",
      "auto scaling: terminate of web: refused",
    ]);
  });
});
