import type { Context } from "../context.ts";
import { isObject } from "../../protocol/values.ts";
import type { Value } from "../../protocol/values.ts";
import { readTags } from "./tags.ts";

/** Those of the ARNs whose resources carry all the tags. */
export async function withTags(arns: readonly string[], tags: Value | undefined, context: Context): Promise<string[]> {
  if (!isObject(tags)) return [...arns];
  const fits = await Promise.all(
    arns.map(async (arn) => {
      const own = await readTags(arn, context);
      return Object.entries(tags).every(([key, value]) => own[key] === value);
    }),
  );
  return arns.filter((_, index) => fits[index]);
}
