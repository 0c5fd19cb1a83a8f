/**
 * Reads Protocol Buffers as they come. A request of the engine is mostly the properties of resources, and as messages, one for
 * every value, they take several times the room and the time of the plain values that rules look at.
 * https://protobuf.dev/programming-guides/encoding/
 */

/** A field of a message: where its tag starts, where its content lies. */
export interface Field {
  readonly number: number;
  readonly start: number;
  readonly from: number;
  readonly end: number;
}

const bytesOfWireType: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/** The fields of the message between two places, in their order, those of a newer engine too. */
export function fieldsOf(bytes: Buffer, from = 0, end = bytes.length): Field[] {
  const fields: Field[] = [];
  let at = from;
  /** Seven bits to the byte, the lowest first. */
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < end) {
    const start = at;
    const tag = varint();
    const wireType = tag % 8;
    const length = wireType === 2 ? varint() : (bytesOfWireType[wireType] ?? 0);
    const content = at;
    if (wireType === 0) varint();
    else at += length;
    fields.push({ number: Math.floor(tag / 8), start, from: content, end: at });
  }
  return fields;
}

/** Reads a `google.protobuf.Struct`; the keys in the order in which generated messages give them, since it decides that of findings. */
export function structOf(bytes: Buffer, from = 0, end = bytes.length): Record<string, unknown> {
  const entries = fieldsOf(bytes, from, end).map((entry): [string, unknown] => {
    const parts = fieldsOf(bytes, entry.from, entry.end);
    const key = parts.find(({ number }) => number === 1);
    const value = parts.find(({ number }) => number === 2);
    return [key ? bytes.toString("utf8", key.from, key.end) : "", valueOf(bytes, value?.from ?? 0, value?.end ?? 0)];
  });
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Reads a `google.protobuf.Value`. */
function valueOf(bytes: Buffer, from: number, end: number): unknown {
  const kind = fieldsOf(bytes, from, end).at(-1);
  switch (kind?.number) {
    case 1:
      return null;
    case 2:
      return bytes.readDoubleLE(kind.from);
    case 3:
      return bytes.toString("utf8", kind.from, kind.end);
    case 4:
      return bytes[kind.from] !== 0;
    case 5:
      return structOf(bytes, kind.from, kind.end);
    case 6:
      return fieldsOf(bytes, kind.from, kind.end).map((item) => valueOf(bytes, item.from, item.end));
    default:
      throw new Error(`the engine sent a property of kind ${kind?.number ?? "none"}, which this version of the pack cannot read`);
  }
}
