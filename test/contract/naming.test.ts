import assert from "node:assert/strict";
import fc from "fast-check";
import { autonameLength, fitName, fleetPrefix, groupName, isAutonamedFrom, nameLimits, stackPrefix } from "../../contract/naming.ts";

const inputs = { product: "storefront", environment: "staging", platform: "web", majorVersion: 3 };

describe("contract/naming", () => {
  it("derives every name from the four inputs", () => {
    assert.equal(stackPrefix(inputs), "storefront-staging-web-v3");
    assert.equal(fleetPrefix(inputs, "app"), "storefront-staging-web-v3-app");
    assert.equal(groupName(fleetPrefix(inputs, "app")), "storefront-staging-web-v3-app-group");
  });

  it("keeps a short name and cuts a long one to the service's limit with a hash", () => {
    assert.equal(fitName("short", "queue"), "short");
    const long = "q".repeat(100);
    assert.equal(fitName(long, "queue").length, nameLimits.queue);
    assert.match(fitName(long, "queue"), /^q+-[0-9a-f]{6}$/);
  });

  it("never gives two different long names the same short one", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z-]{90,120}$/), fc.stringMatching(/^[a-z-]{90,120}$/), (one, other) => {
        fc.pre(one !== other);
        assert.notEqual(fitName(one, "queue"), fitName(other, "queue"));
        assert.ok(fitName(one, "queue").length + autonameLength <= 80);
      }),
    );
  });

  it("knows an autonamed group from one with a longer prefix", () => {
    assert.ok(isAutonamedFrom("shop-group", "shop-group-0a1b2c3"));
    assert.ok(!isAutonamedFrom("shop-group", "shop-group-blue-0a1b2c3"));
    assert.ok(!isAutonamedFrom("shop-group", "shop-group-0a1b2cz"));
    assert.ok(!isAutonamedFrom("shop-group", "shop-group"));
  });
});
