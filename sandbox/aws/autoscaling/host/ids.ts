/** Ids of activities, policies and tokens: different in every life of the local AWS, the same again in a replay of one life. */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Makes the n-th UUID of the life whose files stand in `directory`. */
export function idMaker(directory: string): (sequence: number) => string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, "life-id");
  if (!existsSync(file)) writeFileSync(file, randomUUID());
  const life = readFileSync(file, "utf8");
  return (sequence) => {
    const hash = createHash("sha256").update(`${life} ${sequence}`).digest("hex");
    // Version 4, variant 1: what a random UUID looks like.
    return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  };
}
