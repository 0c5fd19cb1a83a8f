/** `unguard --v1`: what Pulumi runs before it deletes such a group, and when both are taken out of the settings. */
import process from "node:process";
import { guardVariable } from "../../contract/state-commands.ts";
import { openSession } from "../account.ts";
import { guardCalls, unguard } from "../guard/guard.ts";
import { parseGuardRequest } from "../guard/request.ts";
import { guarded } from "../process.ts";

export const run = () =>
  guarded(async ({ say }) => {
    const request = parseGuardRequest(process.env[guardVariable]);
    await unguard(request, guardCalls(await openSession(request)), say);
  });
