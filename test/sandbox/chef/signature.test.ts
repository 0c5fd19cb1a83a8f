/** The double's verifier against the published vectors, so that it proves something about the client. */
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { isSignedBy, missingHeaders, parseTimestamp, signVersion, type SignVersion } from "../../../sandbox/chef/signature.ts";
import vectors from "../../consumer/chef/vectors.json" with { type: "json" };

const publicKey = createPublicKey(createPrivateKey(vectors.privateKey.join("\n")));

const published = (version: "1.0" | "1.1" | "1.3") => ({
  method: vectors.request.method,
  url: vectors.request.path,
  body: Buffer.from(vectors.request.body),
  headers: {
    "x-ops-sign": `algorithm=${version === "1.3" ? "sha256" : "sha1"};version=${version};`,
    "x-ops-userid": vectors.request.user,
    "x-ops-timestamp": vectors.request.time,
    "x-ops-content-hash": vectors.contentHash[version === "1.3" ? "1.3" : "1.0"],
    "x-ops-server-api-version": "1",
    ...Object.fromEntries(vectors.authorization[version].map((line, index) => [`x-ops-authorization-${index + 1}`, line])),
  } as Record<string, string>,
});

describe("sandbox/chef/signature", () => {
  for (const version of ["1.0", "1.1", "1.3"] as const) {
    it(`accepts the published signature of ${version} and no other version's`, () => {
      assert.ok(isSignedBy(published(version), version, publicKey));
      for (const other of (["1.0", "1.1", "1.2", "1.3"] as SignVersion[]).filter((one) => one !== version))
        assert.ok(!isSignedBy(published(version), other, publicKey));
    });
  }

  it("stops at a gap in the numbered headers", () => {
    const request = published("1.3");
    delete request.headers["x-ops-authorization-2"];
    assert.ok(!isSignedBy(request, "1.3", publicKey));
  });

  it("compares the content hash in 1.1 and takes it from the body in 1.3", () => {
    for (const [version, accepted] of [
      ["1.1", false],
      ["1.3", true],
    ] as const) {
      const request = published(version);
      request.headers["x-ops-content-hash"] = "wrong";
      assert.equal(isSignedBy(request, version, publicKey), accepted);
    }
  });

  it("ties versions to algorithms", () => {
    const rows = {
      "version=1.3": "1.3",
      "algorithm=sha256;version=1.3;": "1.3",
      "version=1.0": "1.0",
      "algorithm=sha1;version=1.2": "1.2",
    };
    for (const [header, version] of Object.entries(rows)) assert.equal(signVersion(header), version);
    for (const header of ["", "version=2.0", "algorithm=sha1;version=1.3", "algorithm=sha256;version=1.1"])
      assert.equal(signVersion(header), undefined);
  });

  it("takes whole seconds in UTC and nothing else", () => {
    assert.equal(parseTimestamp("2009-01-01T12:00:00Z"), Date.UTC(2009, 0, 1, 12));
    for (const text of ["2009-01-01T12:00:00.000Z", "2009-01-01T12:00:00+00:00", "2009-13-01T12:00:00Z", "now"])
      assert.equal(parseTimestamp(text), undefined);
  });

  it("names the headers that are missing", () => {
    const request = published("1.3");
    delete request.headers["x-ops-timestamp"];
    delete request.headers["x-ops-userid"];
    assert.deepEqual(missingHeaders(request), ["x-ops-userid", "x-ops-timestamp"]);
  });
});
