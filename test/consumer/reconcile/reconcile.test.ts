import assert from "node:assert/strict";
import fc from "fast-check";
import { reconcile, reportText, type ReconcileDependencies } from "../../../consumer/reconcile/run.ts";
import { ours } from "../helpers/messages.ts";
import { MemoryChef, nodeFacts } from "../helpers/world.ts";

const nowMs = 1_000_000_000_000;
const gone = "i-0000000000000000a";
const alive = "i-0000000000000000b";
const ended = "i-0000000000000000c";

const options = {
  accountId: ours.accountId,
  region: "eu-west-1",
  minAgeSeconds: 3_600,
  maxDeletions: 50,
  clientsWithoutNode: false,
  dryRun: false,
};

const setUp = (states: Record<string, string> = { [alive]: "running", [ended]: "terminated" }) => {
  const chef = new MemoryChef();
  for (const name of [gone, alive, ended]) chef.plant(name);
  const deps: ReconcileDependencies = {
    chef,
    instanceStates: (ids) => Promise.resolve(new Map(Object.entries(states).filter(([id]) => ids.includes(id)))),
    callerAccount: () => Promise.resolve(ours.accountId),
    now: () => nowMs,
  };
  return { chef, deps };
};

describe("consumer/reconcile", () => {
  it("deletes the nodes and clients of instances that are gone, and nothing else", async () => {
    const { chef, deps } = setUp();
    const report = await reconcile(options, deps);
    assert.deepEqual(report.deleted, [gone, ended]);
    assert.deepEqual([...chef.nodes.keys(), ...chef.clients.keys()], [alive, alive]);
    assert.deepEqual(
      report.orphans.map(({ name, reason }) => [name, reason]),
      [
        [gone, "EC2 does not know the instance any more"],
        [ended, "the instance is terminated"],
      ],
    );
  });

  it("deletes nothing in a dry run, and says what would go", async () => {
    const { chef, deps } = setUp();
    const report = await reconcile({ ...options, dryRun: true }, deps);
    assert.deepEqual([chef.nodes.size, report.deleted, report.orphans.length], [3, [], 2]);
    assert.equal(
      reportText(report),
      [
        "NAME                 INSTANCE             OBJECTS        STATE     REASON",
        `${gone}  ${gone}  node + client  would go  EC2 does not know the instance any more`,
        `${ended}  ${ended}  node + client  would go  the instance is terminated`,
        "3 nodes, 3 clients; 2 without instance; 0 nodes not judged",
        "this was a dry run: nothing was deleted",
      ].join("\n"),
    );
  });

  it("never judges by a call to EC2 that failed", async () => {
    const { chef, deps } = setUp();
    await assert.rejects(reconcile(options, { ...deps, instanceStates: () => Promise.reject(new Error("throttled")) }), /throttled/);
    assert.equal(chef.nodes.size, 3);
  });

  for (const state of ["pending", "running", "shutting-down", "stopping", "stopped"]) {
    it(`keeps the node of an instance that is ${state}`, async () => {
      const { deps } = setUp({ [gone]: state, [alive]: state, [ended]: state });
      assert.deepEqual((await reconcile(options, deps)).orphans, []);
    });
  }

  it("refuses credentials of another account before it looks at anything", async () => {
    const { chef, deps } = setUp();
    await assert.rejects(
      reconcile(options, { ...deps, callerAccount: () => Promise.resolve("999999999999") }),
      /the credentials belong to account 999999999999, the stack to 123456789012/,
    );
    assert.deepEqual(chef.calls, []);
  });

  it("refuses when the search index and the list differ, in either direction", async () => {
    for (const shown of [
      [gone, alive],
      [gone, alive, ended, "ghost"],
    ]) {
      const { chef, deps } = setUp();
      chef.index = () => shown.map((name) => nodeFacts(name));
      const report = await reconcile(options, deps);
      assert.match(report.refused ?? "", /the search index and the list of nodes differ in 1 nodes/);
      assert.deepEqual([report.deleted, chef.nodes.size], [[], 3]);
    }
  });

  it("leaves alone what is elsewhere, young, or unknown, and says why", async () => {
    const { chef, deps } = setUp();
    chef.nodes.clear();
    const rows = {
      elsewhere: { instanceId: gone, accountId: "999999999999" },
      far: { instanceId: gone, region: "us-east-1" },
      young: { instanceId: gone, lastSeenSeconds: nowMs / 1000 - 60 },
      silent: { instanceId: gone, lastSeenSeconds: undefined },
      laptop: { instanceId: undefined },
    };
    for (const [name, facts] of Object.entries(rows)) chef.nodes.set(name, nodeFacts(name, facts));
    const report = await reconcile(options, deps);
    assert.deepEqual(report.orphans, []);
    assert.deepEqual(Object.fromEntries(report.unjudged.map(({ name, reason }) => [name, reason])), {
      elsewhere: "its account is 999999999999",
      far: "its region is us-east-1",
      young: "it reported 60 s ago",
      silent: "it never reported",
      laptop: "it names no EC2 instance",
    });
  });

  it("takes no more than its limit in one run", async () => {
    const { chef, deps } = setUp();
    const report = await reconcile({ ...options, maxDeletions: 1 }, deps);
    assert.deepEqual([report.deleted, report.postponed.map(({ name }) => name), chef.nodes.size], [[gone], [ended], 2]);
  });

  it("takes clients without node only when it is told that the organization is this account's alone", async () => {
    const { chef, deps } = setUp();
    chef.nodes.delete(gone);
    assert.deepEqual((await reconcile(options, deps)).deleted, [ended]);
    assert.ok(chef.clients.has(gone));
    assert.deepEqual((await reconcile({ ...options, clientsWithoutNode: true }, deps)).deleted, [gone]);
  });

  it("refuses a validator and goes on after one that fails", async () => {
    const { chef, deps } = setUp();
    chef.plant(gone, gone, { validator: true });
    const report = await reconcile(options, deps);
    assert.deepEqual(report.failed, [{ name: gone, reason: "its client is a validator or an administrator" }]);
    assert.deepEqual(report.deleted, [ended]);
  });

  it("never deletes an object whose instance EC2 shows alive, whatever the world looks like", async () => {
    const states = fc.constantFrom("pending", "running", "shutting-down", "terminated", "stopped", undefined);
    const nodes = fc.array(
      fc.record({
        state: states,
        account: fc.constantFrom(ours.accountId, "999999999999"),
        seen: fc.constantFrom(undefined, 1, nowMs / 1000),
      }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(nodes, fc.boolean(), fc.integer({ min: 1, max: 30 }), async (rows, clientsWithoutNode, maxDeletions) => {
        const known: Record<string, string> = {};
        const { chef, deps } = setUp(known);
        chef.nodes.clear();
        chef.clients.clear();
        rows.forEach(({ state, account, seen }, index) => {
          const name = `i-${index.toString(16).padStart(17, "0")}`;
          if (state !== undefined) known[name] = state;
          chef.nodes.set(name, nodeFacts(name, { accountId: account, lastSeenSeconds: seen }));
          chef.clients.set(name, { name, validator: false, admin: false });
        });
        const expected = [...chef.nodes.values()]
          .filter(
            ({ name, accountId, lastSeenSeconds }) =>
              (known[name] ?? "terminated") === "terminated" && accountId === ours.accountId && lastSeenSeconds === 1,
          )
          .map(({ name }) => name)
          .slice(0, maxDeletions);
        const report = await reconcile({ ...options, clientsWithoutNode, maxDeletions }, deps);
        assert.deepEqual(report.deleted, expected);
        assert.equal(chef.nodes.size, rows.length - expected.length);
      }),
      { numRuns: 100 },
    );
  });
});
