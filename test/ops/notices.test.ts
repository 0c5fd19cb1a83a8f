import assert from "node:assert/strict";
import { OpsError } from "../../ops/exit-codes.ts";
import { explain } from "../../ops/notices/explain.ts";
import type { SeenMessage } from "../../ops/notices/messages.ts";
import { chosen, redrive } from "../../ops/notices/move.ts";
import { noticesLine } from "../../ops/notices/status.ts";
import { hookMessage, notice, ours, wrapped } from "../consumer/helpers/messages.ts";

const id = "i-0123456789abcdef0";
const message = (body: string, changes: Partial<SeenMessage> = {}): SeenMessage => ({
  id: "m-1",
  receiptHandle: "r-1",
  body,
  receiveCount: 3,
  sentAt: "2026-11-21T03:00:00.000Z",
  ...changes,
});

describe("ops/notices", () => {
  it("says what a waiting message asks for", () => {
    assert.deepEqual(explain(message(wrapped(notice(id))), ours, false), {
      messageId: "m-1",
      sentAt: "2026-11-21T03:00:00.000Z",
      receiveCount: 3,
      instanceId: id,
      group: "shop-staging-web-v1-app-group-0a1b2c3",
      asks: `remove node and client of ${id}`,
    });
    assert.equal(explain(message(wrapped(hookMessage(id))), ours, false).asks, `let ${id} go on from its hook drain`);
    assert.equal(
      explain(message(wrapped(notice(id, { AccountId: "210987654321" }))), ours, false).asks,
      'nothing: account "210987654321" is not ours',
    );
  });

  it("says why a dead letter was given up, and whether sending it back can help", () => {
    const given = explain(message(wrapped(notice(id)), { reason: "client app is a validator" }), ours, true);
    assert.deepEqual([given.why, given.advice], ["client app is a validator", "mend the cause, then send it back (notices redrive)"]);
    const moved = explain(message("poison"), ours, true);
    assert.match(moved.why ?? "", /^SQS moved it: the consumer failed at every receive/);
    assert.match(moved.advice ?? "", /^redriving it changes nothing: .*discard it/);
  });

  it("takes all dead letters, or those that are named, and refuses one that is not there", () => {
    const found = [message("a", { id: "m-1" }), message("b", { id: "m-2" })];
    assert.deepEqual(chosen(found, []), found);
    assert.deepEqual(chosen(found, ["m-2"]), [found[1]]);
    assert.throws(
      () => chosen(found, ["m-3", "m-2"]),
      (error) =>
        error instanceof OpsError &&
        error.exitCode === 8 &&
        error.message === "--message-id m-3 is no visible dead letter; there are: m-1, m-2.",
    );
  });

  it("deletes a dead letter only after its copy is in the queue", async () => {
    const calls: string[] = [];
    const dead = { delete: ({ body }: SeenMessage) => (calls.push(`delete ${body}`), Promise.resolve()) };
    const queue = {
      send: (body: string) => (calls.push(`send ${body}`), body === "b" ? Promise.reject(new Error("down")) : Promise.resolve()),
    };
    await assert.rejects(redrive([message("a"), message("b"), message("c")], dead, queue), /down/);
    assert.deepEqual(calls, ["send a", "delete a", "send b"]);
  });

  it("tells the state of the queue in a line", () => {
    const counts = { visible: 2, inFlight: 1, delayed: 0 };
    assert.equal(
      noticesLine({ ...counts, deadLetters: 0, consumer: "lambda", mapping: "Enabled" }),
      "notices: 2 waiting, 1 in work, 0 delayed, no dead letters; consumed by a function, its mapping Enabled",
    );
    assert.equal(
      noticesLine({ ...counts, deadLetters: 3, consumer: "none" }),
      "notices: 2 waiting, 1 in work, 0 delayed, 3 DEAD LETTERS (ops notices explain); consumed by nobody",
    );
  });
});
