// The one file that commands kept in a stack's state call, for ever: `node ops/state-command.js <verb> --v<N>`.
// A state outlives many checkouts, and a destroy runs what an old one wrote; so a line once released is never changed
// or removed here, and its meaning stays (test/ops/released-commands.json holds them all).
//
// Plain JavaScript that old Node versions read too, so that a machine with the wrong one is told so in a sentence.
import process from "node:process";

const oldestNode = [22, 18]; // the first release that runs TypeScript without a flag

const commands = {
  "rollout --v1": "./state/rollout-v1.ts",
  "drain --v1": "./state/drain-v1.ts",
  "bake --v1": "./state/bake-v1.ts",
  "guard --v1": "./state/guard-v1.ts",
  "unguard --v1": "./state/unguard-v1.ts",
};

async function main() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    return refuse(
      `Node ${process.versions.node} is too old: this command needs Node ${oldestNode.join(".")} or newer. ` +
        `Install Node 24 (see .nvmrc), put it first on the PATH and run the same Pulumi command again.`,
    );
  }
  const wanted = process.argv.slice(2).join(" ");
  if (!Object.hasOwn(commands, wanted)) {
    return refuse(
      `"${wanted}" is no command of this checkout; known: ${Object.keys(commands).join(", ")}. ` +
        `The stack was last deployed from a newer one: check that out and run the same Pulumi command again.`,
    );
  }
  let command;
  try {
    command = await import(commands[wanted]);
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    return refuse(
      `The packages of this project are not installed (${error.message}): run "npm run setup" and the same Pulumi command again.`,
    );
  }
  await command.run();
}

function refuse(message) {
  console.error(message);
  process.exitCode = 2;
}

await main();
