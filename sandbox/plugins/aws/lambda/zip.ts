import { crc32, deflateRawSync } from "node:zlib";

export interface ZipEntry {
  /** Path inside the archive, with `/`. */
  readonly name: string;
  readonly content: Buffer;
  readonly executable: boolean;
}

/** 1980-01-01, the first day of the format: equal files give equal archives. */
const date = 0x21;
const version = 20;
const unix = 3;
const utf8Names = 0x0800;
const deflated = 8;

/** A zip archive of the entries, sorted by name (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const sorted = [...entries].sort((one, other) => (one.name < other.name ? -1 : 1));
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, executable } of sorted) {
    const path = Buffer.from(name);
    const data = deflateRawSync(content, { level: 9 });
    const common = Buffer.alloc(26);
    common.writeUInt16LE(version, 0);
    common.writeUInt16LE(utf8Names, 2);
    common.writeUInt16LE(deflated, 4);
    common.writeUInt16LE(date, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, path, data]);
    directory.push(directoryEntry(common, path, executable, offset));
    files.push(local);
    offset += local.length;
  }
  return Buffer.concat([...files, ...directory, end(sorted.length, Buffer.concat(directory).length, offset)]);
}

function directoryEntry(common: Buffer, path: Buffer, executable: boolean, offset: number): Buffer {
  const head = Buffer.from("PK\x01\x02", "latin1");
  const madeBy = Buffer.from([version, unix]);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(((executable ? 0o100755 : 0o100644) << 16) >>> 0, 6);
  tail.writeUInt32LE(offset, 10);
  return Buffer.concat([head, madeBy, common, tail, path]);
}

function end(count: number, size: number, offset: number): Buffer {
  const record = Buffer.alloc(22);
  record.write("PK\x05\x06", 0, "latin1");
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(size, 12);
  record.writeUInt32LE(offset, 16);
  return record;
}
