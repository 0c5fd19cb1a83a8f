import assert from "node:assert/strict";
import { UsageError } from "../../sandbox/verbs/usage-error.ts";

/** What a user is told by work that refuses. */
export function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message;
  }
  return assert.fail("nothing was refused");
}
