/** Both shells around the same core, over a queue in memory: the Lambda batch and the worker. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { retryDelaySeconds } from "../../consumer/backoff.ts";
import { ChefClient } from "../../consumer/chef/client.ts";
import { handleBatch, type BatchDependencies } from "../../consumer/lambda.ts";
import { settle, type QueueMessage } from "../../consumer/queue.ts";
import { jsonLog } from "../../consumer/report.ts";
import { Worker, type WorkerDependencies } from "../../consumer/worker.ts";
import { notice, ours, wrapped } from "./helpers/messages.ts";
import { MemoryQueue, world, type World } from "./helpers/world.ts";

const instance = (number: number) => `i-${number.toString(16).padStart(17, "0")}`;

const queueUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/notices-ffffff0";

const record = (id: string, body: string, receives = 1) => ({
  messageId: id,
  receiptHandle: id,
  body,
  eventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:notices-0a1b2c3",
  attributes: { ApproximateReceiveCount: String(receives), SentTimestamp: "1000" },
});

describe("consumer/lambda", () => {
  let printed: string[];
  let queue: MemoryQueue;

  const dependencies = ({ deps }: World, changes: Partial<BatchDependencies> = {}): BatchDependencies => {
    printed = [];
    queue = new MemoryQueue();
    const print = (line: string) => void printed.push(line);
    return {
      settings: { concurrency: 4, namePrefix: ours.namePrefix, queueUrl },
      core: deps,
      queue,
      log: jsonLog(print, () => 0),
      print,
      now: () => 5_000,
      ...changes,
    };
  };
  const lines = () => printed.map((line) => JSON.parse(line) as Record<string, unknown>);

  it("reports only what failed, and says when it should come back", async () => {
    const one = world();
    [1, 2, 3].forEach((number) => one.chef.plant(instance(number)));
    one.chef.faults = ["none", "none", "none", "none", "overload"];
    const deps = dependencies(one, { settings: { concurrency: 1, namePrefix: ours.namePrefix, queueUrl } });
    const returned: [string, string | undefined, number][] = [];
    queue.returnAfter = (message: QueueMessage, seconds) => (returned.push([message.id, message.queueUrl, seconds]), Promise.resolve());
    const event = { Records: [1, 2, 3].map((number) => record(`m-${number}`, wrapped(notice(instance(number))))) };
    assert.deepEqual(await handleBatch(event, { getRemainingTimeInMillis: () => 30_000 }, deps), {
      batchItemFailures: [{ itemIdentifier: "m-3" }],
    });
    // To the queue that it came from: one that was replaced is drained beside the function's own.
    assert.deepEqual(returned, [["m-3", "https://sqs.eu-west-1.amazonaws.com/123456789012/notices-0a1b2c3", 3]]);
    assert.deepEqual([...one.chef.nodes.keys()], [instance(3)]);
  });

  it("isolates a poisoned message: it goes to the dead letters with its reason, the rest of the batch is done", async () => {
    const one = world();
    one.chef.plant(instance(1));
    const deps = dependencies(one);
    const event = { Records: [record("m-1", "poison"), record("m-2", wrapped(notice(instance(1))))] };
    assert.deepEqual(await handleBatch(event, { getRemainingTimeInMillis: () => 30_000 }, deps), { batchItemFailures: [] });
    assert.deepEqual(queue.dead, [{ body: "poison", reason: "the body is not a JSON object" }]);
    assert.equal(one.chef.nodes.size, 0);
  });

  it("leaves to the next invocation what it has no time for", async () => {
    const one = world();
    [1, 2].forEach((number) => one.chef.plant(instance(number)));
    let remaining = 12_000;
    const deps = dependencies(one, { settings: { concurrency: 1, namePrefix: ours.namePrefix, queueUrl } });
    const event = { Records: [1, 2].map((number) => record(`m-${number}`, wrapped(notice(instance(number))))) };
    const response = await handleBatch(event, { getRemainingTimeInMillis: () => (remaining -= 6_000) }, deps);
    assert.deepEqual(response, { batchItemFailures: [{ itemIdentifier: "m-2" }] });
    assert.deepEqual([...one.chef.nodes.keys()], [instance(2)]);
  });

  it("keeps a message whose outcome the queue did not take", async () => {
    const deps = dependencies(world());
    queue.bury = () => Promise.reject(new Error("queue down"));
    const response = await handleBatch({ Records: [record("m-1", "poison")] }, { getRemainingTimeInMillis: () => 30_000 }, deps);
    assert.deepEqual(response, { batchItemFailures: [{ itemIdentifier: "m-1" }] });
  });

  it("never works on more than its limit at once", async () => {
    const one = world();
    let running = 0;
    let most = 0;
    one.chef.deleteNode = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running--;
      return true;
    };
    const event = { Records: Array.from({ length: 40 }, (_, number) => record(`m-${number}`, wrapped(notice(instance(number))))) };
    await handleBatch(event, { getRemainingTimeInMillis: () => 30_000 }, dependencies(one));
    assert.equal(most, 4);
  });

  it("logs each outcome and one line of embedded metrics", async () => {
    const one = world();
    one.chef.plant(instance(1));
    await handleBatch(
      { Records: [record("m-1", wrapped(notice(instance(1))))] },
      { getRemainingTimeInMillis: () => 30_000 },
      dependencies(one),
    );
    const [log, metrics] = lines();
    assert.deepEqual(log, {
      timestamp: "1970-01-01T00:00:00.000Z",
      level: "info",
      message: "message removed",
      outcome: "removed",
      instanceId: instance(1),
      nodeName: instance(1),
      node: true,
      client: true,
      messageId: "m-1",
      receiveCount: 1,
      durationMs: 0,
    });
    assert.deepEqual(
      [metrics?.["Stack"], metrics?.["Removed"], metrics?.["Retried"], metrics?.["TimeToGone"]],
      [ours.namePrefix, 1, 0, [4_000]],
    );
  });
});

interface Silence {
  /** What becomes of a connection; absent = nothing listens. */
  readonly take?: (socket: Socket) => void;
  /** The client's patience, where it is that which ends the wait. */
  readonly totalTimeoutMs?: number;
  readonly reason: RegExp;
}

const silences: Readonly<Record<string, Silence>> = {
  "accepts and never answers": { take: () => undefined, totalTimeoutMs: 50, reason: /: not done within 50 ms$/ },
  "resets each connection": {
    take: (socket) => void socket.once("data", () => socket.resetAndDestroy()),
    reason: /: (?:read ECONNRESET|socket hang up)$/,
  },
  "closes each connection": { take: (socket) => void socket.once("data", () => socket.end()), reason: /: socket hang up$/ },
  "refuses each connection": { reason: /: connect ECONNREFUSED/ },
};

for (const [what, { take, totalTimeoutMs, reason }] of Object.entries(silences)) {
  describe(`consumer/lambda with a Chef server that ${what}`, () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => undefined));
      take?.(socket);
    });
    let client: ChefClient;
    let queue: MemoryQueue;
    let returned: [string, number][];
    let lines: Record<string, unknown>[];

    before(async () => {
      if (take !== undefined) await once(server.listen(0, "127.0.0.1"), "listening");
      // Nothing listens on TCP port 1.
      const port = take === undefined ? 1 : (server.address() as AddressInfo).port;
      const { privateKey } = generateKeyPairSync("rsa", {
        modulusLength: 2048,
        publicKeyEncoding: { type: "spki", format: "pem" },
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
      });
      const serverUrl = `http://127.0.0.1:${port}/organizations/acme`;
      const key = () => Promise.resolve(privateKey);
      client = new ChefClient({ serverUrl, user: "janitor", key, allowHttp: true, ...(totalTimeoutMs && { totalTimeoutMs }) });
    });

    after(() => {
      client.close();
      for (const socket of sockets) socket.destroy();
      server.close();
    });

    const handle = (receives: readonly number[], remainingMs: () => number) => {
      [queue, returned, lines] = [new MemoryQueue(), [], []];
      queue.returnAfter = ({ id }, seconds) => (returned.push([id, seconds]), Promise.resolve());
      const deps: BatchDependencies = {
        settings: { concurrency: 1, namePrefix: ours.namePrefix, queueUrl },
        core: world("instance-id", { chef: client }).deps,
        queue,
        log: (level, message, fields) => lines.push({ level, message, ...fields }),
        print: () => undefined,
        now: () => 5_000,
      };
      const Records = receives.map((count, index) => record(`m-${index}`, wrapped(notice(instance(index))), count));
      return handleBatch({ Records }, { getRemainingTimeInMillis: remainingMs }, deps);
    };

    it("leaves each message for later, the later the oftener it came, and acknowledges none", async () => {
      const response = await handle([1, 2, 5, 500], () => 30_000);
      assert.deepEqual(
        response.batchItemFailures,
        ["m-0", "m-1", "m-2", "m-3"].map((itemIdentifier) => ({ itemIdentifier })),
      );
      assert.deepEqual(
        returned,
        [1, 2, 5, 500].map((count, index) => [`m-${index}`, retryDelaySeconds("passing", count, 0)]),
      );
      assert.deepEqual(queue.dead, []);
      assert.deepEqual(
        lines.map(({ outcome, cause }) => [outcome, cause]),
        lines.map(() => ["retry", "passing"]),
      );
      for (const line of lines) assert.match(String(line["reason"]), reason);
    });

    it("starts nothing more once the time is short, and hands the rest back at once", async () => {
      const left = [30_000, 10_000, 4_999, 100];
      const response = await handle([1, 1, 1, 1], () => left.shift() ?? 0);
      assert.equal(response.batchItemFailures.length, 4);
      assert.deepEqual(
        returned.map(([id, seconds]) => [id, seconds === 0]),
        [
          ["m-0", false],
          ["m-1", false],
          ["m-2", true],
          ["m-3", true],
        ],
      );
    });
  });
}

/** A queue in memory that lives in real time: empty receives wait a moment. */
class LiveQueue extends MemoryQueue {
  failures = 0;

  override async receive(count: number): Promise<QueueMessage[]> {
    if (this.failures > 0) {
      this.failures--;
      throw new Error("queue down");
    }
    const messages = await super.receive(count);
    if (messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    return messages;
  }
}

describe("consumer/worker", () => {
  const start = (one: World, changes: { concurrency?: number; once?: boolean } = {}) => {
    const queue = new LiveQueue();
    const log: Record<string, unknown>[] = [];
    const deps: WorkerDependencies = {
      core: one.deps,
      queue,
      log: (level, message, fields) => log.push({ level, message, ...fields }),
      print: () => undefined,
      namePrefix: ours.namePrefix,
      now: Date.now,
    };
    return { queue, log, worker: new Worker({ concurrency: 16, visibilitySeconds: 30, ...changes }, deps) };
  };

  it("empties a queue once and ends", async () => {
    const one = world();
    const { queue, worker } = start(one, { once: true });
    for (let number = 0; number < 100; number++) {
      one.chef.plant(instance(number));
      queue.put(wrapped(notice(instance(number))));
    }
    await worker.run();
    assert.deepEqual([one.chef.nodes.size, one.chef.clients.size, queue.entries.size], [0, 0, 0]);
  });

  it("never works on more than its limit at once", async () => {
    const one = world();
    const { queue, worker } = start(one, { once: true, concurrency: 20 });
    let running = 0;
    let most = 0;
    one.chef.deleteNode = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      return true;
    };
    for (let number = 0; number < 200; number++) queue.put(wrapped(notice(instance(number))));
    await worker.run();
    assert.ok(most <= 20, String(most));
    assert.equal(queue.entries.size, 0);
  });

  it("finishes what is in hand when it is stopped, and takes nothing more", async () => {
    const one = world();
    const { queue, worker } = start(one);
    one.chef.plant(instance(1));
    queue.put(wrapped(notice(instance(1))));
    const deleteNode = one.chef.deleteNode;
    one.chef.deleteNode = async (name) => {
      worker.stop();
      queue.put(wrapped(notice(instance(2))));
      await new Promise((resolve) => setTimeout(resolve, 30));
      return deleteNode(name);
    };
    await worker.run();
    assert.deepEqual([one.chef.nodes.size, one.chef.clients.size], [0, 0]);
    assert.deepEqual(
      [...queue.entries.values()].map(({ receives }) => receives),
      [0],
    );
  });

  it("goes on after a queue that did not answer, and its health says so meanwhile", async () => {
    const one = world();
    const { queue, worker, log } = start(one, { once: true });
    queue.failures = 2;
    one.chef.plant(instance(1));
    queue.put(wrapped(notice(instance(1))));
    await worker.run();
    assert.equal(one.chef.nodes.size, 0);
    assert.equal(log.filter(({ message }) => message === "the queue does not answer").length, 2);
    assert.deepEqual([worker.health.ok, worker.health.failuresInARow], [true, 0]);
  });

  it("keeps a message hidden while it works on it", async () => {
    const one = world();
    const queue = new LiveQueue();
    const hidden: number[] = [];
    queue.returnAfter = (_, seconds) => (hidden.push(seconds), Promise.resolve());
    one.chef.plant(instance(1));
    queue.put(wrapped(notice(instance(1))));
    const short = new Worker(
      { concurrency: 1, visibilitySeconds: 0.06, once: true },
      { core: one.deps, queue, log: () => undefined, print: () => undefined, namePrefix: "x", now: Date.now },
    );
    const deleteNode = one.chef.deleteNode;
    one.chef.deleteNode = async (name) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return deleteNode(name);
    };
    await short.run();
    assert.ok(hidden.length >= 2, `hidden anew ${hidden.length} times`);
    assert.deepEqual([...new Set(hidden)], [0.06]);
  });

  it("carries a dead letter's reason and deletes only after the copy is there", async () => {
    const one = world();
    const queue = new MemoryQueue();
    queue.put("poison");
    const [message] = await queue.receive(1);
    queue.bury = () => Promise.reject(new Error("queue down"));
    await assert.rejects(settle(message!, { kind: "give-up", instanceId: undefined, reason: "poison" }, queue), /queue down/);
    assert.equal(queue.entries.size, 1);
    assert.equal(one.chef.calls.length, 0);
  });
});
