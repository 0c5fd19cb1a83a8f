/**
 * `npm run policies -- analyze state.json` evaluates an exported state without Pulumi's CLI; `docs` writes docs/policies.md.
 * Exit status: 0 nothing mandatory is violated, 1 something is, 2 the arguments or files cannot be used.
 */
import { command } from "./tools/command.ts";

const { status, stdout, stderr } = await command(process.argv.slice(2));
if (stdout !== "") console.log(stdout);
if (stderr !== "") console.error(stderr);
process.exitCode = status;
