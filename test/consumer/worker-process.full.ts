/** Two hundred kills of the worker. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { killAgainAndAgain, until, WorkerWorld } from "./helpers/kills.ts";

describe("the worker process, killed two hundred times", function () {
  this.timeout(900_000);
  let world: WorkerWorld;

  before(async () => {
    world = await WorkerWorld.start();
  });

  after(() => world.stop());

  it("loses nothing", async () => {
    await killAgainAndAgain(world, 200, Math.random);
    const child = world.worker();
    await until("an empty queue", async () => (await world.depth()) === 0);
    child.kill("SIGTERM");
    await once(child, "close");
    const { nodes, clients } = world.organization;
    assert.deepEqual([Object.keys(nodes), Object.keys(clients)], [[], []]);
    assert.equal(await world.depth(world.environment["FLEET_DEAD_LETTER_QUEUE_URL"]), 0);
  });
});
