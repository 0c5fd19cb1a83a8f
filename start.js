// Entry of the Pulumi program. Plain JavaScript, so that a Node that cannot read TypeScript says so in one sentence.
import pulumi from "@pulumi/pulumi";
import process from "node:process";

const oldest = [22, 18]; // the first release that runs TypeScript without a flag

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  throw new pulumi.RunError(
    `Node ${process.versions.node} cannot run this program: it needs Node ${oldest.join(".")} or newer. ` +
      "Install Node 24 (see .nvmrc), or put the project's own in front: export PATH=$PWD/node_modules/.bin:$PATH",
  );
}

const { fleets } = await import("./index.ts");
export { fleets };
