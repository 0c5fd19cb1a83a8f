/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html */
import assert from "node:assert/strict";
import { batchOutcome } from "../../../sandbox/aws/functions/batch-result.ts";

const done = (payload: string, reports = true, failed = false) => batchOutcome(["a", "b", "c"], reports, failed, payload).done;

describe("the answer of a function to a batch", () => {
  for (const payload of ["", "null", "{}", '{"batchItemFailures":[]}', '{"batchItemFailures":null}']) {
    it(`${payload || "nothing"} is a success`, () => assert.deepEqual(done(payload), ["a", "b", "c"]));
  }
  it("names those that failed", () => {
    assert.deepEqual(done('{"batchItemFailures":[{"itemIdentifier":"b"}]}'), ["a", "c"]);
  });
  for (const payload of [
    "no json",
    '"text"',
    '{"batchItemFailures":{}}',
    '{"batchItemFailures":[{"itemIdentifier":""}]}',
    '{"batchItemFailures":[{"itemIdentifier":null}]}',
    '{"batchItemFailures":[{"id":"b"}]}',
    '{"batchItemFailures":[{"itemIdentifier":"z"}]}',
  ]) {
    it(`${payload} fails the batch`, () => assert.deepEqual(done(payload), []));
  }
  it("does not count without ReportBatchItemFailures", () => {
    assert.deepEqual(done('{"batchItemFailures":[{"itemIdentifier":"b"}]}', false), ["a", "b", "c"]);
    assert.deepEqual(done("{}", false, true), []);
  });
});
