/**
 * Reads messages without making them. A request of the engine is mostly the properties of resources, and as messages, one for
 * every value, they take several times the room and the time of the plain values that rules look at.
 * https://protobuf.dev/programming-guides/encoding/
 */
import protobuf, { type BinaryReader } from "google-protobuf";
import messages from "google-protobuf/google/protobuf/empty_pb.js";

export interface Field {
  readonly number: number;
  /** With its tag. */
  readonly bytes: Uint8Array;
  /** Of a string, a message or bytes; else empty. */
  readonly content: Uint8Array;
}

const empty = new Uint8Array();

/** The fields of a message in their order, those of a newer engine too. */
export function fieldsOf(message: Uint8Array): Field[] {
  const reader = new protobuf.BinaryReader(message);
  const fields: Field[] = [];
  while (reader.nextField()) {
    const start = reader.getFieldCursor();
    const number = reader.getFieldNumber();
    const content = reader.isDelimited() ? reader.readBytes() : empty;
    if (content === empty) reader.skipField();
    fields.push({ number, bytes: message.subarray(start, reader.getCursor()), content });
  }
  return fields;
}

/** Reads a `google.protobuf.Struct`; the keys in the order in which generated messages give them, since it decides that of findings. */
export const structOf = (message: Uint8Array): Record<string, unknown> => readStruct(new protobuf.BinaryReader(message));

function readStruct(reader: BinaryReader): Record<string, unknown> {
  const entries = readRepeated(reader, readEntry);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function readEntry(reader: BinaryReader): [string, unknown] {
  let key = "";
  let value: unknown;
  while (reader.nextField()) {
    if (reader.getFieldNumber() === 1) key = reader.readString();
    else if (reader.getFieldNumber() === 2) value = readMessage(reader, readValue);
    else reader.skipField();
  }
  return [key, value];
}

/** Reads a `google.protobuf.Value`. */
function readValue(reader: BinaryReader): unknown {
  let kind: number | undefined;
  let value: unknown;
  while (reader.nextField()) {
    kind = reader.getFieldNumber();
    value = readKind(reader, kind);
  }
  if (kind === undefined) throw unreadable("none");
  return value;
}

function readKind(reader: BinaryReader, kind: number): unknown {
  switch (kind) {
    case 1:
      reader.skipField();
      return null;
    case 2:
      return reader.readDouble();
    case 3:
      return reader.readString();
    case 4:
      return reader.readBool();
    case 5:
      return readMessage(reader, readStruct);
    case 6:
      return readMessage(reader, (list) => readRepeated(list, readValue));
    default:
      throw unreadable(kind);
  }
}

const unreadable = (kind: number | string) =>
  new Error(`the engine sent a property of kind ${kind}, which this version of the pack cannot read`);

/** Reads the messages of field 1, which is all that a Struct and a ListValue have. */
function readRepeated<T>(reader: BinaryReader, read: (reader: BinaryReader) => T): T[] {
  const items: T[] = [];
  while (reader.nextField()) {
    if (reader.getFieldNumber() === 1) items.push(readMessage(reader, read));
    else reader.skipField();
  }
  return items;
}

/** The reader hands a message through to its callback, which has no use for it here. */
const unused = new messages.Empty();

function readMessage<T>(reader: BinaryReader, read: (reader: BinaryReader) => T): T {
  let result: T | undefined;
  reader.readMessage(unused, () => {
    result = read(reader);
  });
  return result as T;
}
