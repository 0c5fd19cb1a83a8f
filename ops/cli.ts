/** `npm run ops -- <verb>`: operations on running fleets. `docs/ops.md` has every verb and exit status. */
import process from "node:process";
import { Command } from "commander";
import { exitCodes } from "./exit-codes.ts";
import { addBake } from "./verbs/bake.ts";
import { addDrill } from "./verbs/drill.ts";
import { addHosts } from "./verbs/hosts.ts";
import { addImagePick } from "./verbs/image-pick.ts";
import { addNotices } from "./verbs/notices.ts";
import { addPromote } from "./verbs/promote.ts";
import { addReconcile } from "./verbs/reconcile.ts";
import { addRelease } from "./verbs/release.ts";
import { addRollout } from "./verbs/rollout.ts";
import { addSnapshotCreate } from "./verbs/snapshot-create.ts";
import { addSnapshotPick } from "./verbs/snapshot-pick.ts";
import { addSimulate } from "./verbs/simulate.ts";
import { addStatus } from "./verbs/status.ts";
import { addWhy } from "./verbs/why.ts";

const program = new Command("ops")
  .description("Operations on the fleets of a stack. Credentials come from the environment, as with the AWS CLI.")
  .showHelpAfterError("(--help shows what is allowed)")
  // Set before any verb is made: a verb takes it over.
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.usage))
  .addHelpText("after", "\nEach verb has examples: npm run ops -- <verb> --help. What the exit status means: docs/ops.md.");

addRollout(program);
addStatus(program);
addWhy(program);
addDrill(program);
addHosts(program);
addNotices(program);
addReconcile(program);
addRelease(program);
addSimulate(program);
addBake(program);
addPromote(program);
addImagePick(program.command("image").description("images that a bake made"));

const snapshot = program.command("snapshot").description("snapshots of a fleet's volumes: made, pruned, picked");
addSnapshotCreate(snapshot);
addSnapshotPick(snapshot);

await program.parseAsync();
