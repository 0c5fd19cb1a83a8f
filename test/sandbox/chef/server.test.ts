/** The Chef double: the real server's order of checks, access lists, search, persistence. */
import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signedHeaders } from "../../../consumer/chef/sign.ts";
import { indexedFields, parseQuery, SearchSyntaxError } from "../../../sandbox/chef/search.ts";
import { ChefServer } from "../../../sandbox/chef/server.ts";
import { ChefStore, newOrganization } from "../../../sandbox/chef/store.ts";

const pair = () =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
const keys = { admin: pair(), validator: pair(), stranger: pair() };

describe("sandbox/chef/server", () => {
  let folder: string;
  let server: ChefServer;
  let now: number;

  const start = async () => {
    server = await new ChefServer({ file: join(folder, "chef.json"), now: () => now }).start();
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "fleet-chef-"));
    now = Date.UTC(2026, 10, 21);
    await start();
    const acme = newOrganization();
    acme.groups["admins"]?.push("admin");
    acme.containers.clients.create.actors.push("acme-validator"); // the server lets the validator make clients
    acme.clients["acme-validator"] = {
      value: { name: "acme-validator", validator: true, publicKey: keys.validator.publicKey },
      access: structuredClone(acme.containers.clients),
    };
    server.store.state.organizations["acme"] = acme;
    server.store.state.users["admin"] = { publicKey: keys.admin.publicKey, organizations: ["acme"] };
    server.store.state.users["stranger"] = { publicKey: keys.stranger.publicKey, organizations: [] };
  });

  afterEach(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Options {
    readonly user?: string;
    readonly key?: string;
    readonly body?: unknown;
    readonly apiVersion?: number;
    readonly clockOffsetSeconds?: number;
    readonly headers?: Record<string, string | undefined>;
  }

  const call = async (method: string, path: string, options: Options = {}): Promise<{ status: number; body: Record<string, unknown> }> => {
    const { user = "admin", key = keys.admin.privateKey, apiVersion = 1, clockOffsetSeconds = 0 } = options;
    const body = options.body === undefined ? "" : JSON.stringify(options.body);
    const time = new Date(now + clockOffsetSeconds * 1000);
    const signed = await signedHeaders({ method, path, body, user, time, apiVersion }, createPrivateKey(key), "1.3");
    const headers = Object.fromEntries(
      Object.entries({ ...signed, ...options.headers }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    const answer = await fetch(`${server.url}${path}`, { method, headers, ...(body === "" ? {} : { body }) });
    const text = await answer.text();
    return { status: answer.status, body: JSON.parse(text === "" ? "{}" : text) as Record<string, unknown> };
  };
  const error = async (...args: Parameters<typeof call>): Promise<[status: number, text: unknown]> => {
    const { status, body } = await call(...args);
    return [status, Array.isArray(body["error"]) ? (body["error"] as unknown[])[0] : body["error"]];
  };

  const missing = "/organizations/nowhere/nodes/x";
  const node = "/organizations/acme/nodes/x";

  it("checks in the order of the real server: each fault hides all that come after it", async () => {
    assert.deepEqual(await error("DELETE", missing, { apiVersion: 99, headers: { "X-Ops-Userid": undefined } }), [
      406,
      "invalid-x-ops-server-api-version",
    ]);
    assert.equal((await call("PATCH", missing)).status, 405);
    assert.deepEqual(await error("DELETE", missing, { headers: { "X-Ops-Userid": undefined } }), [
      400,
      "missing required authentication header(s) 'x-ops-userid'",
    ]);
    assert.deepEqual(await error("DELETE", missing, { clockOffsetSeconds: -900 }), [
      401,
      "Failed to authenticate as 'admin'. Synchronize the clock on your host.",
    ]);
    assert.deepEqual(await error("DELETE", missing, { key: keys.stranger.privateKey }), [404, "organization 'nowhere' does not exist."]);
    assert.deepEqual(await error("DELETE", node, { user: "nobody" }), [
      401,
      "Failed to authenticate as 'nobody'. Ensure that your node_name and client key are correct.",
    ]);
    assert.deepEqual(await error("DELETE", node, { key: keys.stranger.privateKey }), [401, "Invalid signature for user or client 'admin'"]);
    assert.deepEqual(await error("DELETE", node, { user: "stranger", key: keys.stranger.privateKey }), [
      403,
      "'stranger' not associated with organization 'acme'",
    ]);
    assert.deepEqual(await error("DELETE", node), [404, "node 'x' not found"]);
    assert.deepEqual(await error("DELETE", "/organizations/acme/clients/x"), [404, "Cannot load client x"]);
  });

  it("allows a clock that is off by less than 900 s and refuses milliseconds", async () => {
    assert.equal((await call("GET", "/organizations/acme/nodes", { clockOffsetSeconds: 899 })).status, 200);
    const [status, text] = await error("GET", "/organizations/acme/nodes", { headers: { "X-Ops-Timestamp": "2026-11-21T00:00:00.000Z" } });
    assert.deepEqual([status, text], [401, "Failed to authenticate as 'admin'. bad header 'X-Ops-Timestamp'"]);
  });

  it("lets a validator make a client, whose key then makes and deletes its own node only", async () => {
    const validator = { user: "acme-validator", key: keys.validator.privateKey };
    const made = await call("POST", "/organizations/acme/clients", { ...validator, body: { name: "i-1", create_key: true } });
    assert.equal(made.status, 201);
    const own = { user: "i-1", key: (made.body["chef_key"] as { private_key: string }).private_key };
    assert.equal((await call("POST", "/organizations/acme/nodes", { ...own, body: { name: "i-1" } })).status, 201);
    assert.equal((await call("POST", "/organizations/acme/nodes", { body: { name: "other" } })).status, 201);
    assert.deepEqual(await error("DELETE", "/organizations/acme/nodes/other", own), [403, "missing delete permission"]);
    assert.equal((await call("DELETE", "/organizations/acme/nodes/i-1", own)).status, 200);
    assert.equal((await call("DELETE", "/organizations/acme/clients/i-1", own)).status, 200);
    assert.deepEqual((await call("GET", "/organizations/acme/clients")).body, {
      "acme-validator": "/organizations/acme/clients/acme-validator",
    });
  });

  it("refuses what exists and what has no valid name", async () => {
    assert.equal((await call("POST", "/organizations/acme/nodes", { body: { name: "x" } })).status, 201);
    assert.deepEqual(await error("POST", "/organizations/acme/nodes", { body: { name: "x" } }), [409, "Node already exists"]);
    assert.deepEqual(await error("POST", "/organizations/acme/nodes", { body: { name: "a b" } }), [400, "Field 'name' invalid"]);
  });

  it("finds a node only once the index has caught up, and loses it as late", async () => {
    server.api.indexLagMs = 5_000;
    const body = { name: "x", automatic: { ec2: { instance_id: "i-0123456789abcdef0" } } };
    const found = async () => (await call("GET", "/organizations/acme/search/node?q=ec2_instance_id:i-0123456789abcdef0")).body["total"];
    await call("POST", "/organizations/acme/nodes", { body });
    assert.equal(await found(), 0);
    now += 5_000;
    assert.equal(await found(), 1);
    await call("DELETE", "/organizations/acme/nodes/x");
    assert.equal(await found(), 1);
    now += 5_000;
    assert.equal(await found(), 0);
  });

  it("keeps its state through a restart, in a file that only its owner reads", async () => {
    await call("POST", "/organizations/acme/nodes", { body: { name: "x" } });
    await server.stop();
    await start();
    assert.equal((await call("GET", "/organizations/acme/nodes/x")).status, 200);
    assert.equal((await call("GET", "/organizations/acme/search/node?q=name:x")).body["total"], 1);
    assert.equal(statSync(join(folder, "chef.json")).mode & 0o777, 0o600);
  });

  it("has on disk what it answered, also when it is killed: the journal is replayed, but for a line that the kill cut off", async () => {
    server.store.save();
    for (const name of ["kept", "gone"]) server.api.register("acme", name, { name });
    assert.equal((await call("DELETE", "/organizations/acme/nodes/gone")).status, 200);
    assert.equal((await call("DELETE", "/organizations/acme/clients/gone")).status, 200);
    const journal = join(folder, "chef.json.journal");
    assert.equal(statSync(journal).mode & 0o777, 0o600);
    appendFileSync(journal, '["acme","nodes","kep'); // the second server finds what a killed one leaves: this one has not saved
    const second = new ChefStore(join(folder, "chef.json")).state.organizations["acme"];
    assert.deepEqual(Object.keys(second?.nodes ?? {}), ["kept"]);
    assert.deepEqual(Object.keys(second?.clients ?? {}), ["acme-validator", "kept"]);
    assert.deepEqual(second?.groups["clients"], ["kept"]);
    assert.ok(!existsSync(journal), "what was replayed is in the file");
  });
});

describe("sandbox/chef/search", () => {
  const fields = indexedFields({
    name: "app-1",
    chef_environment: "staging",
    automatic: { ec2: { instance_id: "i-1", tags: ["a", "b"] }, fqdn: "app-1.example.com" },
    normal: { deep: { instance_id: "i-2" } },
  });
  const matches = (query: string) => parseQuery(query)(fields);

  it("finds by whole path, by last name, and among several values", () => {
    for (const query of [
      "ec2_instance_id:i-1",
      "instance_id:i-1",
      "instance_id:i-2",
      "ec2_tags:b",
      "name:app-1",
      "chef_environment:staging",
      "*:*",
    ])
      assert.ok(matches(query), query);
    for (const query of ["ec2_instance_id:i-2", "ec2_tags:c", "name:app"]) assert.ok(!matches(query), query);
  });

  it("understands wildcards, quotes, escapes, AND, OR, NOT and parentheses", () => {
    for (const query of [
      "name:app*",
      "name:app?1",
      'name:"app-1"',
      "fqdn:app-1.example.com",
      "name:x OR name:app-1",
      "name:app-1 AND NOT name:x",
      "(name:x OR name:app-1) AND ec2_tags:a",
      "name:app\\-1",
    ]) {
      assert.ok(matches(query), query);
    }
    for (const query of ['name:"app*"', "name:app\\*", "name:app-1 AND name:x", "NOT name:app-1"]) assert.ok(!matches(query), query);
  });

  it("refuses what it cannot read", () => {
    for (const query of ["name", "name:", "(name:x", "name:x OR", "AND name:x", ")"])
      assert.throws(() => parseQuery(query), SearchSyntaxError, query);
  });
});
