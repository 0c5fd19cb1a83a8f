/**
 * Properties in binary, without the detour over google-protobuf's own objects.
 *
 * A `google.protobuf.Struct` of the generated code makes several objects for each value and writes text byte by byte into
 * lists of numbers: in a stack of a thousand resources that is most of the memory, and much of the processor time, that an
 * engine takes. After `installStructCodec` a Struct holds its bytes until somebody asks for its content, and plain values
 * become bytes at once. Whoever asks for the map of fields gets what the generated code makes of the bytes.
 * https://protobuf.dev/reference/protobuf/google.protobuf/#struct and https://protobuf.dev/programming-guides/encoding/
 */
import type { BinaryReader, BinaryWriter } from "google-protobuf";
import type { JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb.js";

type Fields = Record<string, JavaScriptValue>;

/** Types on the wire. */
const wire = { varint: 0, fixed64: 1, delimited: 2 } as const;
const fixed64Bytes = 8;

/** What stands before a value: number of the field and type on the wire. */
const tag = (field: number, type: number) => (field << 3) | type;
/** The kinds of `Value`. */
const nullTag = tag(1, wire.varint);
const numberTag = tag(2, wire.fixed64);
const stringTag = tag(3, wire.delimited);
const booleanTag = tag(4, wire.varint);
const structTag = tag(5, wire.delimited);
const listTag = tag(6, wire.delimited);
/** `Struct.fields` and `ListValue.values`; in an entry of the fields, its two halves. */
const itemTag = tag(1, wire.delimited);
const keyTag = tag(1, wire.delimited);
const valueTag = tag(2, wire.delimited);

const firstBytes = 4096;
/** The longest that a tag and a length take. */
const headBytes = 6;

/** Writes from the end to the beginning: the length of what lies within is known when it is to be written. */
class Encoder {
  #bytes = Buffer.allocUnsafe(firstBytes);
  #start = firstBytes;

  #reserve(size: number): void {
    if (this.#start >= size) return;
    const used = this.#bytes.length - this.#start;
    const bytes = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, used + size));
    this.#bytes.copy(bytes, bytes.length - used, this.#start);
    this.#start = bytes.length - used;
    this.#bytes = bytes;
  }

  #head(firstByte: number, length: number): void {
    this.#reserve(headBytes);
    let size = 1;
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) size++;
    this.#start -= size + 1;
    this.#bytes[this.#start] = firstByte;
    let rest = length;
    for (let index = 1; index < size; index++, rest >>>= 7) this.#bytes[this.#start + index] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#start + size] = rest;
  }

  #text(firstByte: number, text: string): void {
    const size = Buffer.byteLength(text);
    this.#reserve(size);
    this.#start -= size;
    this.#bytes.write(text, this.#start);
    this.#head(firstByte, size);
  }

  #number(value: number): void {
    this.#reserve(fixed64Bytes + 1);
    this.#start -= fixed64Bytes;
    this.#bytes.writeDoubleLE(value, this.#start);
    this.#bytes[--this.#start] = numberTag;
  }

  #within(firstByte: number, write: () => void): void {
    // Counted from the end, which stays where it is when the bytes grow.
    const before = this.#bytes.length - this.#start;
    write();
    this.#head(firstByte, this.#bytes.length - this.#start - before);
  }

  #value(value: unknown): void {
    if (typeof value === "string") this.#text(stringTag, value);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "boolean" || value === null) this.#head(value === null ? nullTag : booleanTag, Number(value));
    else if (Array.isArray(value)) this.#within(listTag, () => this.#items(value));
    else if (typeof value === "object") this.#within(structTag, () => this.#fields(value as Record<string, unknown>));
    // In the words of the generated code.
    else throw new Error("Unexpected struct type.");
  }

  #items(list: readonly unknown[]): void {
    for (let index = list.length - 1; index >= 0; index--) this.#within(itemTag, () => this.#value(list[index]));
  }

  #fields(map: Readonly<Record<string, unknown>>): void {
    // Sorted, as the generated code writes them: one map has one form.
    for (const key of Object.keys(map).sort().reverse()) {
      this.#within(itemTag, () => {
        this.#within(valueTag, () => this.#value(map[key]));
        this.#text(keyTag, key);
      });
    }
  }

  /** The content of a Struct with these fields. */
  encode(map: Fields): Uint8Array {
    this.#start = this.#bytes.length;
    this.#fields(map);
    // A copy: the next one uses the same memory.
    return new Uint8Array(this.#bytes.subarray(this.#start));
  }
}

class Decoder {
  readonly #bytes: Buffer;
  #at = 0;

  constructor({ buffer, byteOffset, length }: Uint8Array) {
    this.#bytes = Buffer.from(buffer, byteOffset, length);
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#bytes.readUInt8(this.#at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  /** Where something ends whose length is the next that stands there. */
  #end(): number {
    const length = this.#varint();
    return this.#at + length;
  }

  #text(): string {
    const end = this.#end();
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end;
    return text;
  }

  #number(): number {
    const value = this.#bytes.readDoubleLE(this.#at);
    this.#at += fixed64Bytes;
    return value;
  }

  #null(): null {
    this.#varint();
    return null;
  }

  #value(end: number): JavaScriptValue {
    let value: JavaScriptValue = null;
    while (this.#at < end) {
      const found = this.#varint();
      if (found === stringTag) value = this.#text();
      else if (found === numberTag) value = this.#number();
      else if (found === booleanTag) value = this.#varint() !== 0;
      else if (found === nullTag) value = this.#null();
      else if (found === structTag) value = this.#fields(this.#end());
      else if (found === listTag) value = this.#items(this.#end());
      else throw misread(found);
    }
    return value;
  }

  #items(end: number): JavaScriptValue[] {
    const list: JavaScriptValue[] = [];
    while (this.#at < end) {
      const found = this.#varint();
      if (found !== itemTag) throw misread(found);
      list.push(this.#value(this.#end()));
    }
    return list;
  }

  #fields(end: number): Fields {
    const map: Fields = {};
    while (this.#at < end) {
      const found = this.#varint();
      if (found !== itemTag) throw misread(found);
      this.#entry(map, this.#end());
    }
    return map;
  }

  #entry(map: Fields, end: number): void {
    let key = "";
    let value: JavaScriptValue = null;
    while (this.#at < end) {
      const found = this.#varint();
      if (found === keyTag) key = this.#text();
      else if (found === valueTag) value = this.#value(this.#end());
      else throw misread(found);
    }
    map[key] = value;
  }

  decode(): Fields {
    return this.#fields(this.#bytes.length);
  }
}

const misread = (found: number) => new Error(`Properties cannot be read: ${found} stands where a field was expected.`);

/** What a Struct holds until somebody asks for its map of fields. */
const contents = new WeakMap<Struct, Uint8Array>();

/** What the codec replaces of the generated class. */
interface StructClass {
  new (): Struct;
  fromJavaScript: (map: Fields) => Struct;
  deserializeBinaryFromReader: (message: Struct, reader: BinaryReader) => Struct;
  serializeBinaryToWriter: (message: Struct, writer: BinaryWriter) => void;
  readonly prototype: {
    toJavaScript: (this: Struct) => Fields;
    getFieldsMap: (this: Struct, noLazyCreate?: boolean) => ReturnType<Struct["getFieldsMap"]>;
  };
}

/** One copy of google-protobuf; a program may bring its own. */
export interface Protobuf {
  /** The module google-protobuf. */
  readonly runtime: { readonly BinaryReader: typeof BinaryReader; readonly BinaryWriter: typeof BinaryWriter };
  /** The module google-protobuf/google/protobuf/struct_pb.js. */
  readonly structs: { readonly Struct: StructClass };
}

/** The minified code calls its own methods by names that it has given them. */
function replaceMethod(prototype: object, name: string, method: object): void {
  const before: unknown = Reflect.get(prototype, name);
  for (const key of Object.keys(prototype)) if (Reflect.get(prototype, key) === before) Reflect.set(prototype, key, method);
}

/** Texts beside the properties: URNs, types, dependencies. */
function installTextCodec({ BinaryReader: reader, BinaryWriter: writer }: Protobuf["runtime"]): void {
  const toBytes = new TextEncoder();
  replaceMethod(reader.prototype, "readString", function (this: BinaryReader) {
    const { buffer, byteOffset, length } = this.readBytes();
    return Buffer.from(buffer, byteOffset, length).toString();
  });
  replaceMethod(writer.prototype, "writeString", function (this: BinaryWriter, field: number, text: string | null | undefined) {
    if (text !== null && text !== undefined) this.writeBytes(field, toBytes.encode(text));
  });
}

/** Puts the codec in the place of the generated one. */
export function installStructCodec({ runtime, structs: { Struct: type } }: Protobuf): void {
  const { deserializeBinaryFromReader: generatedRead, serializeBinaryToWriter: generatedWrite } = type;
  const { getFieldsMap: generatedMap, toJavaScript: generatedPlain } = type.prototype;
  const encoder = new Encoder();
  installTextCodec(runtime);

  type.fromJavaScript = (map) => {
    const message = new type();
    contents.set(message, encoder.encode(map));
    return message;
  };
  type.prototype.toJavaScript = function () {
    const bytes = contents.get(this);
    return bytes === undefined ? generatedPlain.call(this) : new Decoder(bytes).decode();
  };
  type.deserializeBinaryFromReader = (message, reader) => {
    const start = reader.getCursor();
    while (reader.nextField()) reader.skipField();
    // A copy: what is read from holds the rest of the request too.
    contents.set(message, new Uint8Array(reader.getBuffer().subarray(start, reader.getCursor())));
    return message;
  };
  type.serializeBinaryToWriter = (message, writer) => {
    const bytes = contents.get(message);
    if (bytes === undefined) generatedWrite(message, writer);
    else writer.writeSerializedMessage(bytes, 0, bytes.length);
  };
  type.prototype.getFieldsMap = function (noLazyCreate) {
    const bytes = contents.get(this);
    contents.delete(this);
    if (bytes !== undefined) generatedRead(this, new runtime.BinaryReader(bytes));
    return generatedMap.call(this, noLazyCreate);
  };
}
