/**
 * Two-way tables between the provider's properties (camel case, as @pulumi/aws has them) and AWS's parameters: one table
 * serves create, update and read.
 */
import { isObject, textOf } from "../protocol/values.ts";
import type { Value } from "../protocol/values.ts";

/** What the AWS SDK takes and gives. */
export type Wire = unknown;
type Optional = Value | undefined;

export interface Codec {
  encode(value: Value): Wire;
  decode(wire: Wire): Optional;
}

export interface Field {
  /** AWS's name of the member. */
  readonly wire: string;
  readonly codec: Codec;
}

const plainCodec: Codec = { encode: (value) => value, decode: (wire) => wire as Value };

/** `"true"` and `"false"`: the provider keeps some booleans as strings, so that unset stays distinct from false. */
export const booleanText: Codec = {
  encode: (value) => value === "true" || value === true,
  decode: (wire) => ((wire as boolean) ? "true" : "false"),
};

/** A number that the provider keeps as a string. */
export const numberText: Codec = {
  encode: (value) => Number(value),
  decode: (wire) => String(wire),
};

/** A number that AWS keeps as a string. */
export const textNumber: Codec = {
  encode: textOf,
  decode: (wire) => Number(wire),
};

/** A boolean that AWS keeps as a string. */
export const textBoolean: Codec = { encode: textOf, decode: (wire) => wire === "true" };

/** An instant: RFC 3339 text here, a Date there. */
export const instant: Codec = {
  encode: (value) => new Date(value as string),
  decode: (wire) => (wire as Date).toISOString().replace(".000Z", "Z"),
};

export const list = (item: Codec): Codec => ({
  encode: (value) => (value as Value[]).map((one) => item.encode(one)),
  decode: (wire) => {
    const values = (wire as Wire[]).map((one) => item.decode(one)).filter((one): one is Value => one !== undefined);
    return values.length > 0 ? values : undefined;
  },
});

/** A list of which AWS takes the one member, and the provider flattens to the member itself. */
export const single = (item: Codec): Codec => ({
  encode: (value) => [item.encode(value)],
  decode: (wire) => {
    const [first] = wire as Wire[];
    return first === undefined ? undefined : item.decode(first);
  },
});

/** `{a: "b"}` here, `[{Key: "a", Value: "b"}]` there. */
export const tagList: Codec = {
  encode: (value) => Object.entries(value as Record<string, Value>).map(([Key, Value]) => ({ Key, Value })),
  decode: (wire) => tagsOf(wire as readonly AwsTag[]),
};

export interface AwsTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** Tags as a map, without those that AWS itself puts on. */
export function tagsOf(tags: readonly AwsTag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).filter((tag) => !tag.Key?.startsWith("aws:")).map((tag) => [tag.Key ?? "", tag.Value ?? ""]));
}

const capital = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1);

type FieldSpec = true | string | Codec | readonly [wire: string, codec: Codec];

const fieldOf = (key: string, spec: FieldSpec): Field => {
  if (spec === true) return { wire: capital(key), codec: plainCodec };
  if (typeof spec === "string") return { wire: spec, codec: plainCodec };
  if (Array.isArray(spec)) return { wire: (spec as readonly [string, Codec])[0], codec: (spec as readonly [string, Codec])[1] };
  return { wire: capital(key), codec: spec as Codec };
};

export class ObjectCodec implements Codec {
  readonly fields: Readonly<Record<string, Field>>;
  constructor(fields: Readonly<Record<string, FieldSpec>>) {
    this.fields = Object.fromEntries(Object.entries(fields).map(([key, spec]) => [key, fieldOf(key, spec)]));
  }

  encode(value: Value): Record<string, Wire> {
    return this.encodeOnly(value as Record<string, Value>, Object.keys(this.fields));
  }

  /** The parameters of the named properties alone. */
  encodeOnly(value: Readonly<Record<string, Value>>, keys: Iterable<string>): Record<string, Wire> {
    const result: Record<string, Wire> = {};
    for (const key of keys) {
      const field = this.fields[key];
      const property = value[key];
      if (field !== undefined && property !== undefined) result[field.wire] = field.codec.encode(property);
    }
    return result;
  }

  /** Every property of the table, undefined where AWS has nothing; undefined itself when it has nothing at all. */
  decode(wire: Wire): { [key: string]: Value } | undefined {
    const result = this.decodeAll(wire);
    const given = Object.entries(result).filter((entry): entry is [string, Value] => entry[1] !== undefined);
    return given.length > 0 ? Object.fromEntries(given) : undefined;
  }

  decodeAll(wire: Wire): Record<string, Optional> {
    const source = isObject(wire as Value) ? (wire as Record<string, Wire>) : {};
    return Object.fromEntries(
      Object.entries(this.fields).map(([key, field]) => {
        const member = source[field.wire];
        return [key, member === undefined || member === null ? undefined : field.codec.decode(member)];
      }),
    );
  }
}

/**
 * `true` = the same name with a capital; a string = AWS's name; a codec = the same name, converted; a pair = both.
 */
export const object = (fields: Readonly<Record<string, FieldSpec>>): ObjectCodec => new ObjectCodec(fields);

/** Members with the same name and type on both sides. */
export const same = (...keys: readonly string[]): Record<string, true> => Object.fromEntries(keys.map((key) => [key, true as const]));
