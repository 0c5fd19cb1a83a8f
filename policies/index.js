// Entry of the pack. Plain JavaScript, because a .ts entry on an old Node dies with a stack trace instead of a sentence.
const oldestNode = [22, 18]; // the first release that runs TypeScript without a flag
const [major, minor] = process.versions.node.split(".").map(Number);
if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) {
  // Not awaited: Pulumi loads this file with require(), which takes no module that waits.
  void import("./pack.ts");
} else {
  console.error(
    `The policy pack needs Node ${oldestNode.join(".")} or newer, and this is Node ${process.versions.node}: put a newer one first on the PATH (see .nvmrc) and run the same command again.`,
  );
  process.exitCode = 1;
}
