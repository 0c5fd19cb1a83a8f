/**
 * Hashes of files and folders that a program hands over, so that a changed content is a change. The hashes are Pulumi's:
 * of an asset its bytes, of an archive file its bytes, of a folder or a map of assets a tar of the files in it.
 * https://github.com/pulumi/pulumi/tree/master/sdk/go/common/resource/archive
 */
import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { lstat, readFile, readdir, stat } from "node:fs/promises";
import { join, posix, resolve } from "node:path";
import { EngineError } from "./api.ts";
import type { PropertyMap, Value, ValueObject } from "./values.ts";
import { hasSignature, isList, isObject, signatures, some } from "./values.ts";

const archiveExtensions = [".tar", ".tgz", ".tar.gz", ".zip", ".jar"];

interface File {
  readonly name: string;
  readonly content: Buffer;
}

const text = (value: Value | undefined) => (typeof value === "string" && value !== "" ? value : undefined);

async function read(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new EngineError(`The ${what} ${path} cannot be read: ${(error as Error).message}`);
  }
}

function refuseUri(value: ValueObject): never {
  throw new EngineError(
    `The asset or archive ${JSON.stringify(value["uri"])} is on the network, which the embedded engine does not support; load it into a file first.`,
  );
}

async function assetContent(asset: ValueObject, folder: string): Promise<Buffer> {
  const path = text(asset["path"]);
  if (path !== undefined) return read(resolve(folder, path), "asset");
  if (text(asset["uri"]) !== undefined) refuseUri(asset);
  return Buffer.from(text(asset["text"]) ?? "");
}

/** In the order of Go's filepath.Walk: by name within each folder. */
async function* folderFiles(folder: string, prefix = ""): AsyncGenerator<File> {
  const names = (await readdir(folder)).sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  for (const name of names) {
    if (name === ".pulumi") continue;
    const path = join(folder, name);
    const found = await stat(path);
    if (found.isDirectory() && (await lstat(path)).isSymbolicLink()) continue;
    if (found.isDirectory()) yield* folderFiles(path, `${prefix}${name}/`);
    else yield { name: prefix + name, content: await read(path, "file") };
  }
}

async function* archiveFiles(archive: ValueObject, folder: string): AsyncGenerator<File> {
  const path = text(archive["path"]);
  const assets = archive["assets"];
  if (path !== undefined) {
    yield* folderFiles(resolve(folder, path));
  } else if (isObject(assets)) {
    for (const name of Object.keys(assets).sort()) {
      const member = assets[name];
      if (hasSignature(member, signatures.asset)) yield { name, content: await assetContent(member, folder) };
      else if (hasSignature(member, signatures.archive)) {
        for await (const file of archiveFiles(member, folder)) yield { name: posix.join(name, file.name), content: file.content };
      }
    }
  } else refuseUri(archive);
}

const blockBytes = 512;
const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, "0")}\0`;

/** A USTAR header as Go's archive/tar writes it: mode 0600, everything else zero. */
export function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  const bytes = Buffer.byteLength(name);
  // Names over 100 bytes are cut at a slash into prefix and name.
  const cut = bytes <= 100 ? -1 : name.lastIndexOf("/", Math.min(name.length - 2, 155));
  const [prefix, rest] = cut === -1 ? ["", name] : [name.slice(0, cut), name.slice(cut + 1)];
  if (Buffer.byteLength(rest) > 100)
    throw new EngineError(`The file name ${name} is too long for an archive; at most 100 bytes after its last folder.`);
  header.write(rest, 0);
  header.write(octal(0o600, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(size, 12), 124);
  header.write(octal(0, 12), 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\u000000", 257);
  header.write(octal(0, 8), 329);
  header.write(octal(0, 8), 337);
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

function addToTar(hash: Hash, { name, content }: File): void {
  hash.update(tarHeader(name, content.length)).update(content);
  hash.update(Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes));
}

async function archiveHash(archive: ValueObject, folder: string): Promise<string> {
  const hash = createHash("sha256");
  const path = text(archive["path"]);
  if (path !== undefined && archiveExtensions.some((extension) => path.endsWith(extension))) {
    return hash.update(await read(resolve(folder, path), "archive")).digest("hex");
  }
  if (path !== undefined) {
    const found = await stat(resolve(folder, path)).catch(() => undefined);
    if (found?.isDirectory() !== true) {
      throw new EngineError(
        `The archive ${resolve(folder, path)} is neither a folder nor a file that ends in ${archiveExtensions.join(", ")}.`,
      );
    }
  }
  const seen = new Set<string>();
  for await (const file of archiveFiles(archive, folder)) {
    if (!seen.has(file.name)) addToTar(hash, file);
    seen.add(file.name);
  }
  // Two empty blocks end a tar.
  return hash.update(Buffer.alloc(2 * blockBytes)).digest("hex");
}

async function hashed(value: Value, folder: string): Promise<Value> {
  if (isList(value)) return Promise.all(value.map((item) => hashed(item, folder)));
  if (!isObject(value)) return value;
  if (hasSignature(value, signatures.asset)) {
    return {
      ...value,
      hash: createHash("sha256")
        .update(await assetContent(value, folder))
        .digest("hex"),
    };
  }
  const members = await hashedMap(value, folder);
  return hasSignature(value, signatures.archive) ? { ...members, hash: await archiveHash(value, folder) } : members;
}

const hasHash = (value: Value) => hasSignature(value, signatures.asset) || hasSignature(value, signatures.archive);

/** The same properties with hashes in every asset and archive; paths are relative to `folder`. */
export async function hashedMap(map: PropertyMap, folder: string): Promise<PropertyMap> {
  if (!some(map, hasHash)) return map;
  const entries = Object.entries(map).map(async ([key, value]): Promise<[string, Value]> => [key, await hashed(value, folder)]);
  return Object.fromEntries(await Promise.all(entries));
}
