/** `bake --v1`: what `pulumi up` runs for an image that is baked; the request is in the environment, what happens goes to stderr, the id to stdout and so into the state. */
import process from "node:process";
import { bakeVariable } from "../../contract/bake.ts";
import { openSession } from "../account.ts";
import { bake } from "../bake/bake.ts";
import { parseBakeRequest } from "../bake/request.ts";
import { guarded } from "../process.ts";

export const run = () =>
  guarded(async ({ say }) => {
    const request = parseBakeRequest(process.env[bakeVariable]);
    const session = await openSession(request);
    const { image } = await bake(request, { session, say, reuse: true, variables: [], dryRun: false });
    console.log(JSON.stringify({ imageId: image?.id }));
  });
