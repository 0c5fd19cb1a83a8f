/** The Chef client against the strict double: success, every classified failure, and what it does by itself. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { ChefClient, type ChefClientOptions } from "../../../consumer/chef/client.ts";
import { ChefError } from "../../../consumer/chef/errors.ts";
import { signedHeaders } from "../../../consumer/chef/sign.ts";
import { newOrganization } from "../../../sandbox/chef/store.ts";
import { ChefServer } from "../../../sandbox/chef/server.ts";

const pair = () =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
const janitor = pair();
const other = pair();

const node = (name: string, instanceId = name) => ({
  name,
  automatic: { ec2: { instance_id: instanceId, account_id: "123456789012", region: "eu-west-1" }, ohai_time: 1_700_000_000.5 },
});

describe("consumer/chef/client", () => {
  let server: ChefServer;
  let clients: ChefClient[];

  beforeEach(async () => {
    server = await new ChefServer().start();
    const acme = newOrganization();
    acme.groups["users"]?.push("janitor");
    server.store.state.organizations["acme"] = acme;
    server.store.state.users["janitor"] = { publicKey: janitor.publicKey, organizations: ["acme"] };
    clients = [];
  });

  afterEach(async () => {
    for (const client of clients) client.close();
    await server.stop();
  });

  const connect = (options: Partial<ChefClientOptions> = {}): ChefClient => {
    const client = new ChefClient({
      serverUrl: `${server.url}/organizations/acme`,
      user: "janitor",
      key: () => Promise.resolve(janitor.privateKey),
      allowHttp: true,
      ...options,
    });
    clients.push(client);
    return client;
  };

  /** Puts a node and its client there, as a chef-client's first run does. */
  const plant = async (name: string): Promise<void> => {
    const acme = server.store.state.organizations["acme"]!;
    acme.nodes[name] = { value: node(name), access: structuredClone(acme.containers.nodes) };
    acme.clients[name] = {
      value: { name, validator: false, publicKey: other.publicKey },
      access: structuredClone(acme.containers.clients),
    };
    await Promise.resolve();
  };

  const failure = async (work: Promise<unknown>): Promise<ChefError> => {
    const error: unknown = await work.then(
      () => assert.fail("it did not fail"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ChefError, String(error));
    return error;
  };

  it("deletes a node and its client, and says when one was not there", async () => {
    await plant("i-0123456789abcdef0");
    const client = connect();
    assert.equal(await client.deleteNode("i-0123456789abcdef0"), true);
    assert.equal(await client.deleteNode("i-0123456789abcdef0"), false);
    assert.equal(await client.deleteClient("i-0123456789abcdef0"), true);
    assert.equal(await client.deleteClient("i-0123456789abcdef0"), false);
    assert.deepEqual(await client.listNodes(), []);
  });

  it("reads nodes, clients and search hits", async () => {
    await plant("web-1");
    const acme = server.store.state.organizations["acme"]!;
    acme.clients["acme-validator"] = {
      value: { name: "acme-validator", validator: true, publicKey: other.publicKey },
      access: structuredClone(acme.containers.clients),
    };
    const client = connect();
    assert.deepEqual(await client.node("web-1"), {
      name: "web-1",
      instanceId: "web-1",
      lastSeenSeconds: 1_700_000_000.5,
      accountId: "123456789012",
      region: "eu-west-1",
    });
    assert.equal(await client.node("web-2"), undefined);
    assert.deepEqual(await client.client("acme-validator"), { name: "acme-validator", validator: true, admin: false });
    assert.deepEqual(await client.listClients(), ["web-1", "acme-validator"]);
  });

  it("searches by the instance's id and reports the total beside the page", async () => {
    const maker = connect();
    const acme = server.store.state.organizations["acme"]!;
    for (const name of ["a", "b", "c"]) {
      const signed = await post("nodes", node(name, "i-11111111"));
      assert.equal(signed, 201);
    }
    assert.equal(Object.keys(acme.nodes).length, 3);
    const found = await maker.searchNodes("ec2_instance_id:i-11111111", 2);
    assert.equal(found.total, 3);
    assert.deepEqual(
      found.nodes.map(({ name, instanceId }) => [name, instanceId]),
      [
        ["a", "i-11111111"],
        ["b", "i-11111111"],
      ],
    );
  });

  it("never takes a missing organization for a missing node", async () => {
    const error = await failure(connect({ serverUrl: `${server.url}/organizations/acne` }).deleteNode("x"));
    assert.equal(error.kind, "missingOrganization");
    assert.match(error.message, /organization acne does not exist/);
  });

  it("tells a wrong key from a clock that is off, and measures the clock", async () => {
    assert.equal((await failure(connect({ key: () => Promise.resolve(other.privateKey) }).deleteNode("x"))).kind, "authentication");
    assert.equal((await failure(connect({ user: "nobody" }).deleteNode("x"))).kind, "authentication");
    const late = await failure(connect({ now: () => Date.now() - 1_000_000 }).deleteNode("x"));
    assert.equal(late.kind, "clockSkew");
    assert.match(late.message, /it is (999|1000|1001) s behind the server's/);
  });

  it("tells what may not be done and the way to allow it", async () => {
    await plant("kept");
    server.store.state.organizations["acme"]!.nodes["kept"]!.access.delete = { actors: [], groups: ["admins"] };
    const error = await failure(connect().deleteNode("kept"));
    assert.equal(error.kind, "permission");
    assert.match(
      error.message,
      /janitor may not DELETE \/organizations\/acme\/nodes\/kept \(the server says: missing delete permission\)\. Give it read and delete/,
    );
  });

  it("reads the key again after a refused signature", async () => {
    const asked: boolean[] = [];
    const keys = [janitor.privateKey, other.privateKey];
    const client = connect({ key: ({ fresh }) => (asked.push(fresh), Promise.resolve(keys[fresh ? 1 : 0]!)) });
    assert.equal(await client.deleteNode("x"), false);
    server.store.state.users["janitor"]!.publicKey = other.publicKey;
    assert.equal(await client.deleteNode("x"), false);
    assert.deepEqual(asked, [false, true]);
  });

  it("never quotes a key that it cannot read", async () => {
    const error = await failure(connect({ key: () => Promise.resolve("-----BEGIN RSA PRIVATE KEY-----\nsecret\n") }).deleteNode("x"));
    assert.match(error.message, /is no RSA private key in PEM format/);
    assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /secret/);
  });

  it("asks for the server's API versions when its own is refused", async () => {
    server.faults.push({
      match: /nodes/,
      times: 1,
      status: 406,
      body: '{"error":"invalid-x-ops-server-api-version","message":"no","min_version":0,"max_version":0}',
    });
    server.faults.push({ match: /server_api_version/, times: 1, status: 200, body: '{"min_api_version":0,"max_api_version":0}' });
    assert.equal(await connect().deleteNode("x"), false);
  });

  it("calls overload what passes, with the wait that the server asks for", async () => {
    server.faults.push({ match: /nodes/, times: 1, status: 503, headers: { "Retry-After": "7" } });
    const error = await failure(connect().deleteNode("x"));
    assert.deepEqual([error.kind, error.status, error.retryAfterSeconds], ["overload", 503, 7]);
  });

  it("calls the licence and a wrong address by name", async () => {
    server.faults.push({ match: /nodes/, times: 1, status: 403, body: '{"error":"License is expired","message":"invalid-license"}' });
    server.faults.push({ match: /nodes/, times: 1, status: 404, body: "<html>nothing here</html>" });
    const client = connect();
    assert.equal((await failure(client.deleteNode("x"))).kind, "licence");
    assert.equal((await failure(client.deleteNode("x"))).kind, "badRequest");
  });

  for (const cut of ["reset", "reset-after", "half"] as const) {
    it(`calls a connection that ends (${cut}) a network failure`, async () => {
      server.faults.push({
        match: /nodes/,
        times: 1,
        cut,
        ...(cut === "half" ? { status: 200, body: '{"name": "x", "more": "text"}' } : {}),
      });
      assert.equal((await failure(connect().deleteNode("x"))).kind, "network");
    });
  }

  it("gives up a server that never answers", async () => {
    server.faults.push({ match: /nodes/, times: 1, cut: "hang" });
    const error = await failure(connect({ totalTimeoutMs: 80 }).deleteNode("x"));
    assert.equal(error.kind, "network");
    assert.match(error.message, /not done within 80 ms/);
  });

  it("gives up a TLS handshake that never ends", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const error = await failure(
      connect({ serverUrl: `https://127.0.0.1:${port}/organizations/acme`, connectTimeoutMs: 80 }).deleteNode("x"),
    );
    assert.match(error.message, /no connection within 80 ms/);
    silent.close();
  });

  it("keeps connections open", async () => {
    const client = connect({ maxConnections: 1 });
    for (let count = 0; count < 5; count++) await client.deleteNode("x");
    assert.equal(server.requests.length, 5);
    assert.equal(server.connections, 1);
  });

  it("refuses an address that is not https, has no organization, or carries a password", () => {
    for (const serverUrl of [
      "http://chef.example.com/organizations/acme",
      "https://chef.example.com",
      "chef.example.com",
      "https://u:p@chef.example.com/organizations/acme",
    ]) {
      assert.throws(
        () => connect({ serverUrl, allowHttp: false }),
        /it must look like https:\/\/chef\.example\.com\/organizations\/NAME \(http only when it is allowed explicitly\)/,
      );
    }
  });

  /** A signed POST, as a chef-client makes it. */
  async function post(kind: string, document: unknown): Promise<number> {
    const body = JSON.stringify(document);
    const path = `/organizations/acme/${kind}`;
    const headers = await signedHeaders(
      { method: "POST", path, body, user: "janitor", time: new Date(), apiVersion: 1 },
      createPrivateKey(janitor.privateKey),
      "1.3",
    );
    const answer = await fetch(`${server.url}${path}`, { method: "POST", headers, body });
    await answer.text();
    return answer.status;
  }
});
