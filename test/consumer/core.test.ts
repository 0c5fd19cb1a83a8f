import assert from "node:assert/strict";
import fc from "fast-check";
import { maxReceiveCount, retryDelaySeconds } from "../../consumer/backoff.ts";
import { handleMessage, type CoreDependencies, type Message } from "../../consumer/core.ts";
import type { Outcome } from "../../consumer/outcome.ts";
import { settle } from "../../consumer/queue.ts";
import { hookMessage, notice, wrapped } from "./helpers/messages.ts";
import { MemoryQueue, nodeFacts, world, type FaultKind } from "./helpers/world.ts";

const id = "i-0123456789abcdef0";
const message = (body: unknown = notice(id), receiveCount = 1) => ({ body: wrapped(body), receiveCount });

/** Where a name is looked up, the first outcome only keeps it; this goes on with the message that took its place. */
async function handleTwice(first: Message, deps: CoreDependencies): Promise<Outcome> {
  const outcome = await handleMessage(first, deps);
  assert.ok(outcome.kind === "resolved", JSON.stringify(outcome));
  return handleMessage({ body: outcome.replacement, receiveCount: 1 }, deps);
}

describe("consumer/core", () => {
  it("deletes the node, then the client", async () => {
    const { chef, deps } = world();
    chef.plant(id);
    chef.plant("i-0fffffffffffffff0");
    assert.deepEqual(await handleMessage(message(), deps), { kind: "removed", instanceId: id, nodeName: id, node: true, client: true });
    assert.deepEqual(chef.calls, [`delete node ${id}`, `delete client ${id}`]);
    assert.deepEqual([...chef.nodes.keys(), ...chef.clients.keys()], ["i-0fffffffffffffff0", "i-0fffffffffffffff0"]);
  });

  it("counts each object's absence on its own", async () => {
    const { chef, deps } = world();
    chef.plant(id);
    chef.nodes.delete(id);
    assert.deepEqual(await handleMessage(message(), deps), { kind: "removed", instanceId: id, nodeName: id, node: false, client: true });
    assert.deepEqual(await handleMessage(message(), deps), { kind: "gone", instanceId: id, nodeName: id });
  });

  it("never takes a missing organization for a missing node", async () => {
    const { chef, deps } = world();
    chef.faults = ["missingOrganization"];
    const outcome = await handleMessage(message(), deps);
    assert.ok(outcome.kind === "retry" && outcome.cause === "operator");
    assert.equal(outcome.delaySeconds, 600);
  });

  it("comes back soon after overload and not before the wait that the server asked for", async () => {
    const { chef, deps } = world();
    chef.faults = ["overload"];
    assert.deepEqual(await handleMessage(message(), deps), {
      kind: "retry",
      instanceId: id,
      reason: "injected overload",
      cause: "passing",
      delaySeconds: 3,
    });
  });

  it("finds a node by search only when exactly one is the instance's", async () => {
    const { chef, deps } = world("search");
    chef.plant("app-1", id);
    assert.deepEqual(await handleTwice(message(), deps), {
      kind: "removed",
      instanceId: id,
      nodeName: "app-1",
      node: true,
      client: true,
    });
    chef.plant("app-1", id);
    chef.plant("app-2", id);
    assert.equal((await handleMessage(message(), deps)).kind, "retry");
    const outcome = await handleMessage(message(notice(id), 8), deps);
    assert.ok(outcome.kind === "give-up");
    assert.match(outcome.reason, /finds 2 nodes \(app-1, app-2\): delete the wrong ones by hand/);
    assert.equal(chef.nodes.size, 2);
  });

  it("ignores a search hit whose own instance id is another", async () => {
    const { chef, deps } = world("search");
    chef.plant("app-1", "i-0fffffffffffffff0");
    chef.index = () => [nodeFacts("app-1", { instanceId: "i-0fffffffffffffff0" })];
    assert.deepEqual(await handleMessage(message(notice(id), 8), deps), { kind: "gone", instanceId: id, nodeName: undefined });
    assert.equal(chef.nodes.size, 1);
  });

  it("waits for an index that lags before it believes that there is no node", async () => {
    const { chef, deps } = world("search");
    chef.plant("app-1", id);
    chef.index = () => [];
    assert.equal((await handleMessage(message(), deps)).kind, "retry");
    chef.index = undefined;
    assert.equal((await handleTwice(message(notice(id), 2), deps)).kind, "removed");
  });

  it("takes the name from the tag, and spares a later instance of the same name", async () => {
    const { chef, deps, tags } = world("tag");
    tags.set(id, "app-1");
    chef.plant("app-1", id);
    assert.equal((await handleTwice(message(), deps)).kind, "removed");
    chef.plant("app-1", "i-0fffffffffffffff0");
    assert.deepEqual(await handleMessage(message(), deps), { kind: "gone", instanceId: id, nodeName: undefined });
    assert.equal(chef.clients.size, 1);
  });

  it("keeps a looked-up name in the message before it deletes anything, so that a client survives no failure", async () => {
    const { chef, deps } = world("search");
    const queue = new MemoryQueue();
    chef.plant("app-1", id);
    queue.put(wrapped(notice(id)));
    const step = async () => {
      queue.advance();
      const [next] = await queue.receive(1);
      const outcome = await handleMessage(next!, deps);
      if ((await settle(next!, outcome, queue)) === "delete") await queue.remove([next!]);
      return outcome;
    };
    assert.equal((await step()).kind, "resolved");
    assert.deepEqual([chef.nodes.size, chef.clients.size, queue.entries.size], [1, 1, 1]);
    chef.faults = ["none", "none", "none", "overload"]; // node, client, delete node, delete client
    assert.equal((await step()).kind, "retry");
    assert.deepEqual([chef.nodes.size, chef.clients.size], [0, 1]);
    assert.deepEqual(await step(), { kind: "removed", instanceId: id, nodeName: "app-1", node: false, client: true });
    assert.equal(queue.entries.size, 0);
  });

  for (const [title, name, client] of [
    ["a validator", "app-1", { validator: true }],
    ["an administrator", "app-1", { admin: true }],
    ["a client named like a validator", "acme-validator", {}],
    ["the consumer's own user", "janitor", {}],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const { chef, deps, tags } = world("tag");
      tags.set(id, name);
      chef.plant(name, id, client);
      const outcome = await handleMessage(message(), deps);
      assert.ok(outcome.kind === "give-up");
      assert.match(outcome.reason, /never deleted/);
      assert.equal(chef.nodes.size + chef.clients.size, 2);
    });
  }

  it("changes nothing in a dry run", async () => {
    const { chef, deps, actions } = world("instance-id", { dryRun: true });
    chef.plant(id);
    assert.equal((await handleMessage(message(), deps)).kind, "removed");
    assert.equal((await handleMessage(message(hookMessage(id)), deps)).kind, "released");
    assert.deepEqual([chef.nodes.size, chef.calls, actions], [1, [], []]);
  });

  it("lets an instance in a terminating hook go and keeps its node", async () => {
    const { chef, deps, actions } = world();
    chef.plant(id);
    assert.deepEqual(await handleMessage(message(hookMessage(id)), deps), { kind: "released", instanceId: id });
    assert.deepEqual(actions, [`complete ${id}`]);
    assert.equal(chef.nodes.size, 1);
  });

  it("keeps a hook alive while its instance drains, and completes it then", async () => {
    const drained = [false, false, true];
    const { deps, actions } = world("instance-id", { drain: { drain: () => Promise.resolve(drained.shift() ?? true) } });
    for (const expected of ["retry", "retry", "released"])
      assert.equal((await handleMessage(message(hookMessage(id)), deps)).kind, expected);
    assert.deepEqual(actions, [`heartbeat ${id}`, `heartbeat ${id}`, `heartbeat ${id}`, `complete ${id}`]);
  });

  it("gives up what can never be understood, with its reason", async () => {
    assert.deepEqual(await handleMessage({ body: "hello", receiveCount: 1 }, world().deps), {
      kind: "give-up",
      instanceId: undefined,
      reason: "the body is not a JSON object",
    });
  });

  it("lasts through an outage of four days at the least, and ends before the queue's retention of 14 days", () => {
    const total = (random: number, cause: "passing" | "operator") => {
      let seconds = 0;
      for (let receive = 1; receive <= maxReceiveCount; receive++) seconds += retryDelaySeconds(cause, receive, random);
      return seconds / 86_400;
    };
    for (const cause of ["passing", "operator"] as const) {
      assert.ok(total(0, cause) > 4, `${cause} ${total(0, cause)}`);
      assert.ok(total(1, cause) < 14, `${cause} ${total(1, cause)}`);
    }
  });

  for (const fault of ["overload", "missingOrganization"] as const) {
    it(`outlasts a day in which Chef says ${fault}, with no dead letter and no hand work`, async () => {
      const { chef, deps } = world("instance-id", { random: Math.random });
      const queue = new MemoryQueue();
      for (let number = 0; number < 20; number++) {
        const instance = `i-${number.toString(16).padStart(17, "0")}`;
        chef.plant(instance);
        queue.put(wrapped(notice(instance)));
      }
      const receives: number[] = [];
      while (queue.advance()) {
        const isDown = queue.nowSeconds < 86_400;
        for (const next of await queue.receive(10)) {
          if (isDown) chef.faults = [fault];
          const outcome = await handleMessage(next, deps);
          if ((await settle(next, outcome, queue)) === "delete") {
            receives.push(next.receiveCount);
            await queue.remove([next]);
          }
        }
      }
      assert.deepEqual([chef.nodes.size, chef.clients.size, queue.dead.length, receives.length], [0, 0, 0, 20]);
      assert.ok(Math.max(...receives) < maxReceiveCount / 4, "most of the budget is left");
      assert.ok(queue.nowSeconds < 86_400 + 900, "it goes on within a quarter of an hour");
    });
  }

  it("removes every departed instance's node and client and nothing else, whatever fails and however often", async () => {
    const faults = fc.array(
      fc.constantFrom<FaultKind>("none", "none", "overload", "network", "network-after", "authentication", "missingOrganization"),
      { maxLength: 60 },
    );
    const ids = fc.uniqueArray(fc.stringMatching(/^i-[0-9a-f]{17}$/), { minLength: 1, maxLength: 6 });
    const namings = fc.constantFrom("instance-id", "tag", "search" as const);
    await fc.assert(
      fc.asyncProperty(
        ids,
        namings,
        faults,
        fc.array(fc.nat(), { maxLength: 40 }),
        fc.array(fc.boolean(), { maxLength: 80 }),
        async (gone, naming, failing, picks, crashes) => {
          const { chef, deps, tags } = world(naming);
          const queue = new MemoryQueue();
          gone.forEach((instance, index) => {
            const name = naming === "instance-id" ? instance : `app-${index}`;
            chef.plant(name, instance);
            tags.set(instance, name);
            queue.put(wrapped(notice(instance)));
            if (index % 2 === 0) queue.put(JSON.stringify(notice(instance))); // a duplicate, in the other form
          });
          chef.plant("i-0aaaaaaaaaaaaaaaa");
          chef.faults = [...failing];
          for (let step = 0; step < 2_000 && queue.advance(); step++) {
            const received = await queue.receive(10);
            const [next] = received.splice((picks.shift() ?? 0) % Math.max(1, received.length), 1);
            for (const other of received) await queue.returnAfter(other, 0);
            if (next === undefined) continue;
            const outcome = await handleMessage(next, deps);
            if (crashes.shift()) continue; // the process dies after the work and before the queue knows
            const disposition = await settle(next, outcome, queue);
            if (crashes.shift()) continue; // or between the settlement and the deletion
            if (disposition === "delete") await queue.remove([next]);
          }
          assert.equal(queue.entries.size, 0, "no message stays");
          assert.deepEqual(queue.dead, []);
          assert.deepEqual([...chef.nodes.keys()], ["i-0aaaaaaaaaaaaaaaa"]);
          assert.deepEqual([...chef.clients.keys()], ["i-0aaaaaaaaaaaaaaaa"]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
