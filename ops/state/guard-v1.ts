/** `guard --v1`: what `pulumi up` runs for a group with deletion protection or zonal shift; the request is in the environment. */
import process from "node:process";
import { guardVariable } from "../../contract/state-commands.ts";
import { openSession } from "../account.ts";
import { guard, guardCalls } from "../guard/guard.ts";
import { parseGuardRequest } from "../guard/request.ts";
import { guarded } from "../process.ts";

export const run = () =>
  guarded(async ({ say }) => {
    const request = parseGuardRequest(process.env[guardVariable]);
    await guard(request, guardCalls(await openSession(request)), say);
  });
