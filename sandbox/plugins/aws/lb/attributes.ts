/** Load balancers and target groups have attributes: named texts. */
import { textOf } from "../../protocol/values.ts";
import type { Properties, Value } from "../../protocol/values.ts";

export interface Attribute {
  /** AWS's name, `deregistration_delay.timeout_seconds`. */
  readonly name: string;
  decode(text: string): Value;
}
export type AttributeTable = Readonly<Record<string, Attribute>>;

export const booleanAttribute = (name: string): Attribute => ({ name, decode: (text) => text === "true" });
export const numberAttribute = (name: string): Attribute => ({ name, decode: Number });
export const textAttribute = (name: string): Attribute => ({ name, decode: (text) => text });

/** The texts of those of `keys` that are given. */
export function encodeAttributes(table: AttributeTable, inputs: Properties, keys: readonly string[]): Record<string, string> {
  const given = keys.flatMap((key) => {
    const attribute = table[key];
    const value = inputs[key];
    return attribute === undefined || value === undefined ? [] : [[attribute.name, textOf(value)] as const];
  });
  return Object.fromEntries(given);
}

interface AttributeAnswer {
  readonly Attributes?: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined;
}

export async function attributesOf(answer: Promise<AttributeAnswer>): Promise<Record<string, string>> {
  return Object.fromEntries(((await answer).Attributes ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
}
