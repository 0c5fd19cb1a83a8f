/** Every failure that consumers of the field are known for, and the test that shows it handled here. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const rows: readonly (readonly [failure: string, file: string, test: string])[] = [
  ["duplicate delivery", "core.test.ts", "removes every departed instance's node and client and nothing else, whatever fails"],
  ["launch and terminate of one host out of order", "message.test.ts", "calls ${title} ${kind}"],
  ["401 of a wrong key, 403 of a missing right", "chef/client.test.ts", "tells what may not be done and the way to allow it"],
  ["clock skew", "chef/client.test.ts", "tells a wrong key from a clock that is off"],
  ["404 of the node", "core.test.ts", "counts each object's absence on its own"],
  ["node gone, client's deletion failed", "core.test.ts", "keeps a looked-up name in the message before it deletes anything"],
  ["404 of the organization", "core.test.ts", "never takes a missing organization for a missing node"],
  ["429, 5xx", "chef/client.test.ts", "calls overload what passes"],
  ["connection cut before, after or in the answer", "chef/client.test.ts", "calls a connection that ends (${cut}) a network failure"],
  ["no answer", "chef/client.test.ts", "gives up a server that never answers"],
  ["outage of a day", "core.test.ts", "outlasts a day in which Chef says ${fault}"],
  ["poisoned message", "shells.test.ts", "isolates a poisoned message: it goes to the dead letters with its reason"],
  ["swallowed error", "shells.test.ts", "keeps a message whose outcome the queue did not take"],
  ["visibility shorter than the work", "shells.test.ts", "keeps a message hidden while it works on it"],
  ["dead letters sent back", "../stack/node-cleanup.full.ts", "gives up what cannot succeed, and operators explain, discard and send back"],
  ["partial batch failure", "shells.test.ts", "reports only what failed, and says when it should come back"],
  ["huge batch", "shells.test.ts", "never works on more than its limit at once"],
  ["handler out of time", "shells.test.ts", "leaves to the next invocation what it has no time for"],
  ["stop during work", "worker-process.test.ts", "finishes on SIGTERM what it has in hand"],
  ["kill during work", "worker-process.test.ts", "loses nothing in twenty kills at random points"],
  ["instance that EC2 does not know", "reconcile/reconcile.test.ts", "deletes the nodes and clients of instances that are gone"],
  ["failed call to EC2 taken for a gone instance", "reconcile/reconcile.test.ts", "never judges by a call to EC2 that failed"],
  ["node name used again", "core.test.ts", "takes the name from the tag, and spares a later instance of the same name"],
  ["several nodes of one instance", "core.test.ts", "finds a node by search only when exactly one is the instance's"],
  ["index behind", "core.test.ts", "waits for an index that lags before it believes that there is no node"],
  ["wildcard or Lucene syntax for an instance id", "message.full.ts", "ends in an outcome, with names by ${naming}"],
  ["return to the warm pool", "message.test.ts", "calls ${title} ${kind}"],
  ["last notices of a destroyed stack", "../stack/node-cleanup.test.ts", "leaves zero nodes and clients when the stack is destroyed"],
  ["queue replaced while messages wait in it", "../stack/node-cleanup.full.ts", "drains a replaced queue first"],
  ["group replaced while Chef fails", "../stack/node-cleanup.full.ts", "forgets the twenty of a replaced group"],
  ["Chef down for good during a destroy", "../stack/node-cleanup.full.ts", "stops a destroy while Chef is down"],
  ["a right too many or too few", "../stack/node-cleanup.full.ts", "calls what its role allows, and nothing else"],
  ["a hook's token that can never be one", "message.test.ts", "calls ${title} ${kind}"],
  ["lost notification", "../stack/node-cleanup.full.ts", "reconciles what no notice told of"],
  ["hook never completed", "core.test.ts", "keeps a hook alive while its instance drains, and completes it then"],
  ["foreign traffic in the queue", "message.test.ts", "calls ${title} ${kind}"],
];

describe("fault table of the consumer", () => {
  for (const [failure, file, title] of rows) {
    it(`${failure}: ${file}`, () => {
      const text = readFileSync(join(import.meta.dirname, file), "utf8");
      assert.ok(text.includes(`it("${title}`) || text.includes(`it(\`${title}`), title);
    });
  }

  it("names each failure once", () => assert.equal(new Set(rows.map(([failure]) => failure)).size, rows.length));
});
