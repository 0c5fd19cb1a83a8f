/** The code of a function: a Pulumi archive or asset as the zip file that Lambda takes. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { archiveSignature, assetSignature, isObject, signatureOf } from "../../protocol/values.ts";
import type { Value } from "../../protocol/values.ts";
import { zip } from "./zip.ts";
import type { ZipEntry } from "./zip.ts";

const executableBit = 0o100;

async function filesUnder(directory: string, prefix: string): Promise<ZipEntry[]> {
  const found = await readdir(directory, { withFileTypes: true });
  const entries = await Promise.all(
    found.map(async (one) => {
      const path = join(directory, one.name);
      if (one.isDirectory()) return filesUnder(path, `${prefix}${one.name}/`);
      return [await fileEntry(path, `${prefix}${one.name}`)];
    }),
  );
  return entries.flat();
}

async function fileEntry(path: string, name: string): Promise<ZipEntry> {
  const { mode } = await stat(path);
  return { name, content: await readFile(path), executable: (mode & executableBit) !== 0 };
}

async function entriesOf(value: Value, name: string): Promise<ZipEntry[]> {
  if (!isObject(value)) throw new Error(`code: ${name || "the archive"} is neither an asset nor an archive`);
  const { text, path, assets, uri } = value;
  if (typeof uri === "string") throw new Error(`code: ${uri} is remote; the sandbox's AWS provider takes local files only`);
  if (typeof text === "string") return [{ name, content: Buffer.from(text), executable: false }];
  if (typeof path === "string") {
    const isFolder = (await stat(path)).isDirectory();
    if (!isFolder && signatureOf(value) === archiveSignature && name !== "")
      throw new Error(`code: ${path} is an archive inside an archive, which is not supported; unpack it`);
    return isFolder ? filesUnder(path, name === "" ? "" : `${name}/`) : [await fileEntry(path, name)];
  }
  if (!isObject(assets)) throw new Error(`code: ${name || "the archive"} has neither path, text nor assets`);
  const parts = await Promise.all(Object.entries(assets).map(([key, part]) => entriesOf(part, name === "" ? key : `${name}/${key}`)));
  return parts.flat();
}

/** The zip file. A path to a file that is a zip already is taken as it is. */
export async function zipOf(code: Value): Promise<Buffer> {
  const path = isObject(code) ? code["path"] : undefined;
  if (typeof path === "string" && !(await stat(path)).isDirectory()) {
    const content = await readFile(path);
    if (content.subarray(0, 4).toString("latin1") === "PK\x03\x04") return content;
    throw new Error(`code: ${path} is neither a folder nor a zip file`);
  }
  return zip(await entriesOf(code, ""));
}

/** `code` with the hash of its content, so that changed files are seen; an engine that has hashed it already is trusted. */
export async function hashed(code: Value): Promise<Value> {
  if (!isObject(code) || ![archiveSignature, assetSignature].includes(signatureOf(code) as string) || typeof code["hash"] === "string")
    return code;
  const hash = createHash("sha256")
    .update(await zipOf(code))
    .digest("hex");
  return { ...code, hash };
}
