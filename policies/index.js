// Entry of the pack. Plain JavaScript, because a .ts entry on an old Node dies with a stack trace instead of a sentence.
import * as nodeModule from "node:module";
import { join } from "node:path";
import process from "node:process";

const oldestNode = [22, 18]; // the first release that runs TypeScript without a flag
const [major, minor] = process.versions.node.split(".").map(Number);
if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) {
  // Compiled code is kept beside the packages, as by the npm scripts, unless the environment names another place or coverage
  // is measured: the pack then starts in three quarters of the time.
  if (!process.env.NODE_V8_COVERAGE) nodeModule.enableCompileCache(join(import.meta.dirname, "../node_modules/.cache/node-compile"));
  // Not awaited: Pulumi loads this file with require(), which takes no module that waits. Kept at once, since Pulumi kills the pack.
  void import("./pack.ts").then(() => nodeModule.flushCompileCache());
} else {
  console.error(
    `The policy pack needs Node ${oldestNode.join(".")} or newer, and this is Node ${process.versions.node}: put a newer one first on the PATH (see .nvmrc) and run the same command again.`,
  );
  process.exitCode = 1;
}
