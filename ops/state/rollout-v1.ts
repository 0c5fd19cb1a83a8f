/** `rollout --v1`: what `pulumi up` runs; the request is in the environment, what happens goes to stderr. Nothing on stdout: it would stand in the stack's state. */
import process from "node:process";
import { rolloutVariable } from "../../contract/state-commands.ts";
import { openSession } from "../account.ts";
import { rolloutCalls } from "../rollout/auto-scaling.ts";
import { retryVariable } from "../rollout/decide.ts";
import { parseRolloutRequest } from "../rollout/request.ts";
import { rollOut } from "../rollout/rollout.ts";
import { guarded } from "../process.ts";

export const run = () =>
  guarded(async ({ say, waiting }) => {
    const request = parseRolloutRequest(process.env[rolloutVariable]);
    const session = await openSession(request);
    const retry = process.env[retryVariable] === "1";
    await rollOut(request, { calls: rolloutCalls(session), waiting, say, retry });
  });
