import { createHash, randomBytes } from "node:crypto";

/** Length of the random part; what Pulumi's AWS provider uses. */
const suffixLength = 7;

/**
 * `<prefix><7 hexadecimal digits><ending>`; the digits follow from the engine's seed, so that the preview names what the update makes.
 * Throws when the result is longer than `maxLength`, as Pulumi does: a cut name would break what matches on its prefix.
 */
export function autoname(prefix: string, seed: Uint8Array, maxLength: number, ending = ""): string {
  const length = prefix.length + suffixLength + ending.length;
  if (length > maxLength) {
    throw new Error(
      `the name ${JSON.stringify(prefix)} with Pulumi's random suffix has ${length} characters, ${maxLength} are allowed; shorten the resource's name or set its name property`,
    );
  }
  const bytes = seed.length > 0 ? createHash("sha256").update(seed).digest() : randomBytes(suffixLength);
  return `${prefix}${Buffer.from(bytes).toString("hex").slice(0, suffixLength)}${ending}`;
}
