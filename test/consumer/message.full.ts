/** 100,000 bodies of any kind through the whole core: an outcome each, no exception, and Chef is asked only about instances. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { handleMessage } from "../../consumer/core.ts";
import { anyBody } from "./helpers/bodies.ts";
import { world } from "./helpers/world.ts";

describe("any body", function () {
  this.timeout(600_000);

  for (const naming of ["instance-id", "search"] as const) {
    it(`ends in an outcome, with names by ${naming}`, async () => {
      const { chef, deps } = world(naming);
      await fc.assert(
        fc.asyncProperty(anyBody, async (body) => {
          const { kind } = await handleMessage({ body, receiveCount: 8 }, deps);
          assert.ok(["removed", "resolved", "gone", "released", "ignored", "retry", "give-up"].includes(kind));
        }),
        { numRuns: 50_000 },
      );
      assert.ok(chef.calls.every((call) => /^(?:delete (?:node|client) |search ec2_instance_id:)i-[0-9a-f]{8,17}$/.test(call)));
    });
  }
});
