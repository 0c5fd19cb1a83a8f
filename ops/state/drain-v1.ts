/** `drain --v1`: what a destroy runs before the consumer goes; the request is in the environment, what happens goes to stderr. */
import process from "node:process";
import { drainVariable } from "../../contract/state-commands.ts";
import { openSession } from "../account.ts";
import { asking } from "../drain/asking.ts";
import { drain, skipVariable } from "../drain/drain.ts";
import { parseDrainRequest } from "../drain/request.ts";
import { guarded } from "../process.ts";

export const run = () =>
  guarded(async ({ say, waiting }) => {
    const request = parseDrainRequest(process.env[drainVariable]);
    if (process.env[skipVariable] === "skip") {
      await drain(request, { remaining: () => Promise.reject(new Error("not asked")), waiting, say, skip: true });
      return;
    }
    await drain(request, { remaining: asking(request, await openSession(request)), waiting, say, skip: false });
  });
