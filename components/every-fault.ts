import * as pulumi from "@pulumi/pulumi";

/** All values; or one error with the messages of everything that failed, not of the first alone. */
export async function allOrEveryFault<Values extends readonly unknown[] | []>(
  promises: Values,
): Promise<{ -readonly [Key in keyof Values]: Awaited<Values[Key]> }> {
  const settled = await Promise.allSettled(promises);
  const reasons = settled.flatMap((one) => (one.status === "rejected" ? [messageOf(one.reason)] : []));
  if (reasons.length > 0) throw new pulumi.RunError(reasons.join("\n"));
  return Promise.all(promises);
}

const messageOf = (reason: unknown) => (reason instanceof Error ? reason.message : String(reason));
