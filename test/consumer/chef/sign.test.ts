import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { canonicalPath, canonicalText, signedHeaders, timestamp, type SigningVersion } from "../../../consumer/chef/sign.ts";
import { isSignedBy, signVersion } from "../../../sandbox/chef/signature.ts";
import vectors from "./vectors.json" with { type: "json" };

const key = createPrivateKey(vectors.privateKey.join("\n"));
const request = { ...vectors.request, time: new Date(vectors.request.time) };

const authorization = (headers: Record<string, string>) =>
  Object.keys(headers)
    .filter((name) => name.startsWith("X-Ops-Authorization-"))
    .map((_, index) => headers[`X-Ops-Authorization-${index + 1}`]);

const lowerCased = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

describe("consumer/chef/sign", () => {
  for (const version of ["1.3", "1.0"] as const) {
    it(`gives the published signature of protocol ${version}`, async () => {
      const headers = await signedHeaders(request, key, version);
      assert.deepEqual(authorization(headers), vectors.authorization[version]);
      assert.equal(headers["X-Ops-Content-Hash"], vectors.contentHash[version]);
      assert.equal(headers["X-Ops-Sign"], `algorithm=${version === "1.3" ? "sha256" : "sha1"};version=${version};`);
    });
  }

  it("signs a delete without body as openssl does", async () => {
    const headers = await signedHeaders(
      { ...request, method: "DELETE", path: "/organizations/clownco/nodes/i-0123456789abcdef0", body: "" },
      key,
      "1.3",
    );
    assert.equal(headers["X-Ops-Authorization-1"], "Gni+9rkRh7BTzNF4sq+yQCHZxCVpDNzlsA1HFQZpg9FicUnYLL1kQtO8qoBj");
    assert.equal(
      createHash("sha256").update(authorization(headers).join("")).digest("hex"),
      "5e633a6a08a0b19aead82568ba26c3bee414cffe6fa686bc490f2803401e960d",
    );
  });

  it("writes the canonical text without a newline at the end", () => {
    assert.equal(canonicalText(request, "1.0").length, 160);
    assert.equal(canonicalText(request, "1.3").split("\n").length, 7);
    assert.ok(!canonicalText(request, "1.3").endsWith("\n"));
  });

  it("numbers the headers of a long key past nine in order", async () => {
    const long = generateKeyPairSync("rsa", { modulusLength: 4096 });
    const headers = await signedHeaders(request, long.privateKey, "1.3");
    assert.equal(authorization(headers).length, 12);
    assert.ok(
      isSignedBy({ ...request, url: request.path, headers: lowerCased(headers), body: Buffer.from(request.body) }, "1.3", long.publicKey),
    );
  });

  it("refuses a name that protocol 1.0 cannot sign, and says what to do", async () => {
    await assert.rejects(
      () => signedHeaders({ ...request, user: "a".repeat(200) }, key, "1.0"),
      /cannot sign for a+: the text has 351 bytes and this key takes 245; use a shorter client name, a longer key, or protocol 1\.3/,
    );
  });

  it("cuts a timestamp to whole seconds", () => assert.equal(timestamp(new Date("2026-11-21T03:04:05.678Z")), "2026-11-21T03:04:05Z"));

  it("makes paths canonical as the server does", () => {
    const rows = { "/": "/", "////": "/", "//a/b///c///": "/a/b/c", "/a?b=1&c=2": "/a", "/a/?b": "/a" };
    for (const [path, expected] of Object.entries(rows)) assert.equal(canonicalPath(path), expected);
  });

  it("is accepted by the independent verifier for any request, and no changed request is", async () => {
    const publicKey = createPublicKey(key);
    const texts = fc.stringMatching(/^[A-Za-z0-9_.-]{1,40}$/);
    await fc.assert(
      fc.asyncProperty(texts, texts, fc.string(), fc.constantFrom<SigningVersion>("1.0", "1.3"), async (user, name, body, version) => {
        const one = { ...request, method: "PUT", path: `/organizations/acme/nodes/${name}`, user, body };
        const headers = lowerCased(await signedHeaders(one, key, version));
        const received = { method: "PUT", url: one.path, headers, body: Buffer.from(body) };
        assert.equal(signVersion(headers["x-ops-sign"] ?? ""), version);
        assert.ok(isSignedBy(received, version, publicKey));
        assert.ok(!isSignedBy({ ...received, url: `${one.path}x` }, version, publicKey));
        assert.ok(!isSignedBy({ ...received, body: Buffer.from(`${body}x`) }, version, publicKey));
        assert.ok(!isSignedBy({ ...received, headers: { ...headers, "x-ops-userid": `${user}x` } }, version, publicKey));
      }),
      { numRuns: 40 },
    );
  });
});
