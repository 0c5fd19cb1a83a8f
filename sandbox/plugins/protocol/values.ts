/**
 * Values as they travel in Pulumi's protocol: JSON with signatures for secrets, assets and unknowns
 * (https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/runtime/rpc.ts).
 */
import structs from "google-protobuf/google/protobuf/struct_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";

export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
export type Properties = Record<string, Value>;

/** Stands for a value that a preview cannot know; compares equal only to itself. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The engine types its unknowns; to a provider they are all the same. */
const typedUnknowns = new Set([
  unknown,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const unsupportedSignatures: Readonly<Record<string, string>> = {
  "5cf8f73096256a8f31e491e813e4eb8e": "a resource reference",
  d0e6a833031e9bbcd3f4e8bde6ca49a4: "an output value",
};
export const assetSignature = "c44067f5952c0a294b673a41bacd8c17";
export const archiveSignature = "0def7320c3a5731c473e5ecbe6d01bc7";

export const isObject = (value: Value | undefined): value is { [key: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const signatureOf = (value: Value | undefined): Value | undefined => (isObject(value) ? value[signatureKey] : undefined);

export const secret = (value: Value): Value =>
  signatureOf(value) === secretSignature ? value : { [signatureKey]: secretSignature, value };

/** A scalar as text; objects and lists as JSON. */
export const textOf = (value: Value | undefined): string =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);

/** A struct as received, secrets still wrapped. */
export const fromStruct = (struct: Struct | undefined): Properties => struct?.toJavaScript() ?? {};

/** Without undefined members, which the protocol cannot carry. */
export function defined(value: Readonly<Record<string, unknown>>): Properties {
  return JSON.parse(JSON.stringify(value)) as Properties;
}

export const toStruct = (properties: Readonly<Record<string, unknown>>): Struct => structs.Struct.fromJavaScript(defined(properties));

/** Secrets unwrapped, unknowns of all types made one, nulls dropped. */
export function plain(value: Value): Value {
  if (typeof value === "string") return typedUnknowns.has(value) ? unknown : value;
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  const signature = value[signatureKey];
  if (signature === secretSignature) return plain(value["value"] ?? null);
  if (typeof signature === "string" && unsupportedSignatures[signature] !== undefined)
    throw new Error(`${unsupportedSignatures[signature]} was sent, which this provider did not say that it accepts`);
  return plainProperties(value);
}

export function plainProperties(properties: Readonly<Properties>): Properties {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, plain(value)]),
  );
}

export function hasSecret(value: Value | undefined): boolean {
  if (Array.isArray(value)) return value.some(hasSecret);
  if (!isObject(value)) return false;
  return value[signatureKey] === secretSignature || Object.values(value).some(hasSecret);
}

export function hasUnknown(value: Value | undefined): boolean {
  if (typeof value === "string") return value === unknown;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
}

/** `outputs` with every property secret that was, or held, a secret in `inputs`; Pulumi's engine marks them likewise. */
export function markSecrets(outputs: Properties, inputs: Readonly<Properties>): Properties {
  return Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, hasSecret(inputs[key]) ? secret(value) : value]));
}

export function equal(one: Value | undefined, other: Value | undefined): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => equal(item, other[index]));
  if (!isObject(one) || !isObject(other)) return false;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => equal(one[key], other[key]));
}
