/**
 * Property values as they travel over Pulumi's protocol: plain JSON in which an object with the signature key is a
 * secret, an asset, an archive or a resource reference, and a fixed string stands for "not known yet".
 * https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go
 */
import { isDeepStrictEqual } from "node:util";

export type Value = null | boolean | number | string | readonly Value[] | ValueObject;
export interface ValueObject {
  readonly [key: string]: Value;
}
/** Inputs or outputs of a resource; values are never changed in place. */
export type PropertyMap = Readonly<Record<string, Value>>;

export const signatureKey = "4dabf18193072939515e22adb298388d";
export const signatures = {
  secret: "1b47061264138c4ac30d75fd1eb44270",
  asset: "c44067f5952c0a294b673a41bacd8c17",
  archive: "0def7320c3a5731c473e5ecbe6d01bc7",
  resource: "5cf8f73096256a8f31e491e813e4eb8e",
  output: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
} as const;

/** One sentinel for each kind that a value may turn out to be; SDKs mostly send the first. */
const unknownSentinels: ReadonlySet<string> = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9", // string, and whatever has no kind yet
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // list
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const isUnknown = (value: Value | undefined): boolean => typeof value === "string" && unknownSentinels.has(value);

export const isObject = (value: Value | undefined): value is ValueObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

export const hasSignature = (value: Value | undefined, signature: string): value is ValueObject =>
  isObject(value) && value[signatureKey] === signature;

export const isSecret = (value: Value | undefined): value is ValueObject => hasSignature(value, signatures.secret);

export const makeSecret = (value: Value): Value => (isSecret(value) ? value : { [signatureKey]: signatures.secret, value });

type Visit = (value: Value) => Value | undefined;

/**
 * `visit` answers with a replacement, or undefined to go on into lists and objects. What does not change is not copied: most
 * maps hold nothing that anybody looks for, and a large stack has many.
 */
export function transform(value: Value, visit: Visit): Value {
  const replaced = visit(value);
  if (replaced !== undefined) return replaced;
  if (isList(value)) return transformList(value, visit);
  if (isObject(value)) return transformMap(value, visit);
  return value;
}

function transformList(list: readonly Value[], visit: Visit): readonly Value[] {
  let result: Value[] | undefined;
  list.forEach((item, index) => {
    const changed = transform(item, visit);
    if (changed === item) return;
    result ??= [...list];
    result[index] = changed;
  });
  return result ?? list;
}

export function transformMap(map: PropertyMap, visit: Visit): PropertyMap {
  let result: Record<string, Value> | undefined;
  for (const [key, value] of Object.entries(map)) {
    const changed = transform(value, visit);
    if (changed === value) continue;
    result ??= { ...map };
    result[key] = changed;
  }
  return result ?? map;
}

export function some(value: Value, holds: (value: Value) => boolean): boolean {
  if (holds(value)) return true;
  if (isList(value)) return value.some((item) => some(item, holds));
  return isObject(value) && Object.values(value).some((item) => some(item, holds));
}

export const containsUnknown = (value: Value): boolean => some(value, isUnknown);
export const containsSecret = (value: Value): boolean => some(value, isSecret);

/** What a secret holds, secrets within included. */
const secretContent = (value: ValueObject): Value => withoutSecrets(value["value"] ?? null);

export const withoutSecrets = (value: Value): Value => transform(value, (item) => (isSecret(item) ? secretContent(item) : undefined));

export const mapWithoutSecrets = (map: PropertyMap): PropertyMap =>
  transformMap(map, (item) => (isSecret(item) ? secretContent(item) : undefined));

/** For eyes and logs. */
export const redacted = (map: PropertyMap): PropertyMap => transformMap(map, (item) => (isSecret(item) ? "[secret]" : undefined));

/** A copy without one key. */
export const without = <Map extends object, Key extends keyof Map>(map: Map, key: Key): Omit<Map, Key> =>
  Object.fromEntries(Object.entries(map).filter(([name]) => name !== key)) as Omit<Map, Key>;

/** Without the properties that are not known at all. */
export const knownOnly = (map: PropertyMap): PropertyMap =>
  Object.fromEntries(Object.entries(map).filter(([, value]) => !containsUnknown(value)));

export const equal = (one: unknown, other: unknown): boolean => isDeepStrictEqual(one, other);

/** Marks what was secret among the inputs as secret among a provider's answers, for providers that know no secrets. */
export function markSecrets(answer: PropertyMap, inputs: PropertyMap): PropertyMap {
  const marked: Record<string, Value> = { ...answer };
  for (const [key, input] of Object.entries(inputs)) {
    const output = marked[key];
    if (output === undefined || isSecret(output)) continue;
    if (isSecret(input)) marked[key] = makeSecret(output);
    else if (isObject(input) && isObject(output)) marked[key] = markSecrets(output, input);
    // Elements may have changed places, so that one secret makes the list secret.
    else if (isList(input) && isList(output) && containsSecret(input)) marked[key] = makeSecret(output);
  }
  return marked;
}

/** Resource references as a plugin that does not know them expects them: the id, or the URN of a component. */
export const withoutReferences = (map: PropertyMap): PropertyMap =>
  transformMap(map, (item) => {
    if (!hasSignature(item, signatures.resource)) return undefined;
    if (item["id"] === undefined) return item["urn"] ?? null;
    return item["id"] === "" ? unknown : item["id"];
  });
