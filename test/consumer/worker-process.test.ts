/** The worker as a process: killed at any point it loses nothing; stopped, it finishes; asked wrongly, it says everything at once. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { killAgainAndAgain, until, WorkerWorld } from "./helpers/kills.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("the worker process", function () {
  let world: WorkerWorld;

  before(async () => {
    world = await WorkerWorld.start();
    world.chef.api.register("acme", "i-0aaaaaaaaaaaaaaaa", { name: "i-0aaaaaaaaaaaaaaaa" }); // of which no notice tells
  });

  after(() => world.stop());

  it("loses nothing in twenty kills at random points, and touches nothing else", async () => {
    await killAgainAndAgain(world, 20, Math.random);
    const child = world.worker();
    await until("an empty queue", async () => (await world.depth()) === 0);
    child.kill("SIGTERM");
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 0);
    const { nodes, clients } = world.organization;
    assert.deepEqual([Object.keys(nodes), Object.keys(clients)], [["i-0aaaaaaaaaaaaaaaa"], ["i-0aaaaaaaaaaaaaaaa"]]);
    assert.equal(await world.depth(world.environment["FLEET_DEAD_LETTER_QUEUE_URL"]), 0);
  });

  it("finishes on SIGTERM what it has in hand, and answers for its health until then", async () => {
    await world.plant("i-0bbbbbbbbbbbbbbbb");
    world.chef.latencyMs = 1_000;
    const port = String(await freePort());
    const child = world.worker("--health-port", port);
    const health = () =>
      fetch(`http://127.0.0.1:${port}`).then(
        async (answer) => ({ status: answer.status, ...((await answer.json()) as { ok: boolean; inFlight: number }) }),
        () => undefined,
      );
    await until("the message to be in hand", async () => {
      const now = await health();
      return now?.status === 200 && now.ok && now.inFlight === 1;
    });
    child.kill("SIGTERM");
    const [code] = (await once(child, "close")) as [number];
    world.chef.latencyMs = 0;
    assert.equal(code, 0);
    assert.equal(world.organization.clients["i-0bbbbbbbbbbbbbbbb"], undefined);
    assert.equal(await world.depth(), 0);
  });

  it("names every wrong setting at once and ends with 2, and with 1 when there is no such queue", async () => {
    const run = async (changes: Record<string, string>, ...args: readonly string[]) => {
      const before = { ...world.environment };
      Object.assign(world.environment, changes);
      const child = world.worker(...args);
      for (const name of Object.keys(changes)) (world.environment as Record<string, string>)[name] = before[name] ?? "";
      let errors = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
      const [code] = (await once(child, "close")) as [number];
      return { code, errors };
    };
    const wrong = await run({ FLEET_CHEF_KEY: "/home/me/key.pem", FLEET_ACCOUNT_ID: "1", FLEET_CHEF_ALLOW_HTTP: "false" });
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.errors,
      /3 fault\(s\):\n {2}FLEET_CHEF_SERVER_URL is "http:.*without TLS.*\n {2}FLEET_CHEF_KEY is .*\n {2}FLEET_ACCOUNT_ID is "1"/,
    );
    assert.equal((await run({}, "--health-port", "x")).code, 2);
    const nowhere = await run({ FLEET_QUEUE_URL: world.environment["FLEET_QUEUE_URL"]!.replace(/notices$/, "nowhere") }, "--once");
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.errors, /does not exist/i);
  });
});
