import assert from "node:assert/strict";
import type { RemainingAnswer } from "../../contract/node-cleanup.ts";
import type { DrainRequest } from "../../contract/state-commands.ts";
import { drain } from "../../ops/drain/drain.ts";
import { parseDrainRequest } from "../../ops/drain/request.ts";
import { OpsError } from "../../ops/exit-codes.ts";

const request: DrainRequest = {
  functionName: "shop-cleanup-0a1b2c3",
  queueUrl: "https://sqs.eu-west-1.amazonaws.com/123456789012/notices",
  deadLetterQueueUrl: "https://sqs.eu-west-1.amazonaws.com/123456789012/dead",
  deadLetterQueueArn: "arn:aws:sqs:eu-west-1:123456789012:dead",
  region: "eu-west-1",
  accountId: "123456789012",
  settleSeconds: 75,
  timeoutSeconds: 1_800,
};

const nothing: RemainingAnswer = { visible: 0, inFlight: 0, delayed: 0, deadLetters: 0, nodes: [] };

/** Runs the gate in virtual time over answers by second; what `answer` throws is a function that fails. */
const gate = async (answer: (second: number) => RemainingAnswer, skip = false) => {
  let now = 0;
  const said: string[] = [];
  const waiting = { now: () => now, sleep: (milliseconds: number) => ((now += milliseconds), Promise.resolve()) };
  const remaining = async () => {
    await Promise.resolve();
    return answer(now / 1000);
  };
  const failure = await drain(request, { remaining, waiting, say: (line) => said.push(line), skip }).then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(failure === undefined || failure instanceof OpsError, String(failure));
  return { failure, said, seconds: now / 1000 };
};

describe("ops/drain", () => {
  it("opens once nothing was left for the settle time", async () => {
    const { failure, seconds, said } = await gate(() => nothing);
    assert.equal(failure, undefined);
    assert.ok(seconds >= 75 && seconds < 100, String(seconds));
    assert.deepEqual(said, ["nothing is left in the queue or in Chef, for 75 s"]);
  });

  it("starts the settle time anew when something turns up, as SQS's late counts do", async () => {
    const { failure, seconds, said } = await gate((second) => (second > 40 && second < 60 ? { ...nothing, delayed: 1 } : nothing));
    assert.equal(failure, undefined);
    assert.ok(seconds >= 60 + 75 - 15, String(seconds));
    assert.equal(said[0], "1 messages in the queue, 0 nodes in Chef");
  });

  for (const [title, left] of Object.entries({
    visible: { visible: 1 },
    "in flight": { inFlight: 1 },
    delayed: { delayed: 1 },
    "a node in Chef": { nodes: ["i-1"] },
  })) {
    it(`stays shut while something is ${title}, and says at the deadline what to do`, async () => {
      const { failure, seconds } = await gate(() => ({ ...nothing, ...left }));
      assert.equal(failure?.exitCode, 6);
      assert.match(failure.message, /did not drain within 1800 s: .*The messages stay in https.*FLEET_DRAIN=skip/);
      assert.ok(seconds >= 1_800 && seconds < 1_900);
    });
  }

  it("fails at once for dead letters, with the line that sends them back", async () => {
    const { failure, seconds } = await gate(() => ({ ...nothing, deadLetters: 3 }));
    assert.equal(failure?.exitCode, 4);
    assert.match(
      failure.message,
      /3 dead letters wait .*aws sqs start-message-move-task --region eu-west-1 --source-arn arn:aws:sqs:eu-west-1:123456789012:dead --destination-arn arn:aws:sqs:eu-west-1:123456789012:notices"/,
    );
    assert.equal(seconds, 0);
  });

  it("goes on through a function that fails for a while", async () => {
    const { failure, said } = await gate((second) => {
      if (second < 100) throw new Error("Chef is down");
      return nothing;
    });
    assert.equal(failure, undefined);
    assert.deepEqual(said, ["the consumer does not answer: Chef is down", "nothing is left in the queue or in Chef, for 75 s"]);
  });

  it("opens at once when it is told to, and says what that may leave", async () => {
    const { failure, said } = await gate(() => assert.fail("asked"), true);
    assert.equal(failure, undefined);
    assert.match(said[0] ?? "", /^FLEET_DRAIN=skip: .*npm run ops -- reconcile/);
  });

  it("names every fault of its request at once", () => {
    assert.deepEqual(parseDrainRequest(JSON.stringify(request)), request);
    assert.throws(() => parseDrainRequest(undefined), /FLEET_DRAIN_GATE is not set/);
    assert.throws(
      () => parseDrainRequest(JSON.stringify({ ...request, queueUrl: "x", settleSeconds: -1, accountId: undefined })),
      /- queueUrl is "x"; allowed: the address of an SQS queue\n- accountId is missing; .*\n- settleSeconds is -1; allowed: a whole number from 0 to 3600/,
    );
  });
});
