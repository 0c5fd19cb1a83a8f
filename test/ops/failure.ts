import assert from "node:assert/strict";
import { OpsError } from "../../ops/exit-codes.ts";

/** What the work fails with. */
export async function failure(work: Promise<unknown>): Promise<OpsError> {
  const error: unknown = await work.then(
    () => assert.fail("it succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OpsError, String(error));
  return error;
}
