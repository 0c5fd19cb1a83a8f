import assert from "node:assert/strict";
import { Aliases } from "../../../sandbox/engine/deploy/aliases.ts";
import { parseDuration } from "../../../sandbox/engine/deploy/goal.ts";
import { Limit } from "../../../sandbox/engine/deploy/limit.ts";
import { defaultProviderName } from "../../../sandbox/engine/provider/registry.ts";
import { isDefaultProvider, makeUrn, parseReference, urnName, urnType } from "../../../sandbox/engine/urn.ts";

const scope = { stack: "dev", project: "p" };

describe("goals", () => {
  it("have timeouts as Go writes durations", () => {
    assert.equal(parseDuration("90s"), 90);
    assert.equal(parseDuration("1h30m0.5s"), 5400.5);
    assert.equal(parseDuration("250ms"), 0.25);
    for (const wrong of ["", "5", "m", "5 m", "-5m"]) assert.throws(() => parseDuration(wrong), /is no duration/, wrong);
  });

  it("are named by stack, project, types and name", () => {
    const parent = makeUrn(scope, undefined, "a:b:Parent", "one");
    assert.equal(parent, "urn:pulumi:dev::p::a:b:Parent::one");
    const child = makeUrn(scope, parent, "c:d:Child", "with::colons");
    assert.equal(child, "urn:pulumi:dev::p::a:b:Parent$c:d:Child::with::colons");
    assert.equal(urnName(child), "with::colons");
    assert.equal(urnType(child), "c:d:Child");
    assert.equal(makeUrn(scope, "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "c:d:Child", "x"), "urn:pulumi:dev::p::c:d:Child::x");
    assert.deepEqual(parseReference(`${child}::id`), { urn: child, id: "id" });
  });

  it("use default providers named by their version", () => {
    assert.equal(defaultProviderName("7.48.0", ""), "default_7_48_0");
    assert.equal(defaultProviderName("1.0.0-alpha.1+exp.sha", ""), "default_1_0_0_alpha_1_exp_sha");
    assert.ok(isDefaultProvider(makeUrn(scope, undefined, "pulumi:providers:aws", "default_7_48_0")));
    assert.ok(!isDefaultProvider(makeUrn(scope, undefined, "pulumi:providers:aws", "mine")));
  });
});

describe("aliases", () => {
  it("give every earlier name, those that the parent's bring included", () => {
    const aliases = new Aliases(scope);
    const parent = "urn:pulumi:dev::p::t:m:Comp::new";
    aliases.claim(parent, "urn:pulumi:dev::p::t:m:Comp::old");
    assert.deepEqual(
      aliases.candidates({ name: "new-child", type: "t:m:Thing", parent }, [{ name: "other" }]),
      [
        "urn:pulumi:dev::p::t:m:Comp$t:m:Thing::other",
        "urn:pulumi:dev::p::t:m:Comp$t:m:Thing::old-child",
        "urn:pulumi:dev::p::t:m:Comp$t:m:Thing::other",
      ].filter((one, index, all) => all.indexOf(one) === index),
    );
    assert.equal(aliases.current("urn:pulumi:dev::p::t:m:Comp::old"), parent);
  });

  it("may name another type, project, stack or parent", () => {
    const aliases = new Aliases(scope);
    const identity = { name: "x", type: "t:m:Thing", parent: "urn:pulumi:dev::p::t:m:Comp::c" };
    const one = (alias: Parameters<Aliases["candidates"]>[1][number]) => aliases.candidates(identity, [alias])[0];
    assert.equal(one({ type: "t:m:Former" }), "urn:pulumi:dev::p::t:m:Comp$t:m:Former::x");
    assert.equal(one({ project: "q", stack: "s" }), "urn:pulumi:s::q::t:m:Comp$t:m:Thing::x");
    assert.equal(one({ parent: "" }), "urn:pulumi:dev::p::t:m:Thing::x");
    assert.equal(one({ urn: "urn:pulumi:a::b::c::d" }), "urn:pulumi:a::b::c::d");
  });
});

describe("the limit of operations at a time", () => {
  it("is kept, and what waits comes in order", async () => {
    const limit = new Limit(2);
    let running = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3, 4, 5].map((number) =>
        limit
          .run(async () => {
            order.push(number);
            most = Math.max(most, ++running);
            await new Promise((resolve) => setImmediate(resolve));
            running--;
            if (number === 2) throw new Error("one fails");
          })
          .catch(() => undefined),
      ),
    );
    assert.equal(most, 2);
    assert.deepEqual(order, [1, 2, 3, 4, 5]);
  });
});
