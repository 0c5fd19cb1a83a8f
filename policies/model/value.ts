/**
 * Reads resource properties as the engine sends them, so that one unknown property never hides the others:
 * every property is known, unknown (decided only by the deployment), missing, or secret (encrypted, not readable).
 */

/** What stands in for a value that is not known during a preview; one string per kind (sdk/nodejs/runtime/rpc.ts of Pulumi). */
const unknownSentinels: ReadonlySet<unknown> = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9", // string
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

/** Key and value that mark a wrapped secret in a state file and on the wire. */
export const signatureKey = "4dabf18193072939515e22adb298388d";
export const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

export type State = "known" | "unknown" | "missing" | "secret";

type Element<T> = NonNullable<T> extends readonly (infer E)[] ? E : unknown;

const isRecord = (raw: unknown): raw is Record<string, unknown> => typeof raw === "object" && raw !== null && !Array.isArray(raw);

/** A secret with its plain text becomes that text; one that only holds cipher text stays as it is. */
function unwrapped(raw: unknown): unknown {
  if (!isRecord(raw) || raw[signatureKey] !== secretSignature) return raw;
  if ("value" in raw) return unwrapped(raw["value"]);
  return typeof raw["plaintext"] === "string" ? (JSON.parse(raw["plaintext"]) as unknown) : raw;
}

function hiddenIn(value: Value): Value | undefined {
  if (value.hidden) return value;
  const parts = Array.isArray(value.raw) ? value.items() : value.keys().map((key) => (value as Value<Record<string, unknown>>).at(key));
  for (const part of parts) {
    const found = hiddenIn(part);
    if (found) return found;
  }
  return undefined;
}

/** One property, or the root of a resource's properties, whose path is empty. `T` is its type in @pulumi/aws. */
export class Value<T = unknown> {
  readonly raw: unknown;
  /** As in Pulumi's own messages, `metadataOptions.httpTokens` or `overrides[0].instanceType`. */
  readonly path: string;
  /** The top-level property that this belongs to: the key of the resource's property dependencies. */
  readonly property: string;

  constructor(raw: unknown, path = "", property = "") {
    this.raw = unwrapped(raw);
    this.path = path;
    this.property = property;
  }

  get state(): State {
    if (this.raw === undefined || this.raw === null) return "missing";
    if (unknownSentinels.has(this.raw)) return "unknown";
    return isRecord(this.raw) && this.raw[signatureKey] === secretSignature ? "secret" : "known";
  }

  get known(): boolean {
    return this.state === "known";
  }

  get missing(): boolean {
    return this.state === "missing";
  }

  /** Whether there is a value that cannot be read: unknown, or encrypted. */
  get hidden(): boolean {
    return this.state === "unknown" || this.state === "secret";
  }

  /** A property of this object. What lies in a hidden object is hidden, what lies in a missing one is missing. */
  at<K extends keyof NonNullable<T> & string>(key: K): Value<NonNullable<T>[K]> {
    const raw = this.hidden ? this.raw : isRecord(this.raw) ? this.raw[key] : undefined;
    return new Value(raw, this.path === "" ? key : `${this.path}.${key}`, this.property === "" ? key : this.property);
  }

  /** The elements of this list; none when it is missing, hidden or no list. */
  items(): Value<Element<T>>[] {
    if (!Array.isArray(this.raw)) return [];
    return this.raw.map((raw, index) => new Value<Element<T>>(raw, `${this.path}[${index}]`, this.property));
  }

  /** Keys of this object; none when it is missing, hidden or no object. */
  keys(): string[] {
    return this.known && isRecord(this.raw) ? Object.keys(this.raw) : [];
  }

  text(): string | undefined {
    return this.known && typeof this.raw === "string" ? this.raw : undefined;
  }

  /** A number, also one written as text. */
  number(): number | undefined {
    if (!this.known) return undefined;
    const number = typeof this.raw === "string" && this.raw.trim() !== "" ? Number(this.raw) : this.raw;
    return typeof number === "number" && Number.isFinite(number) ? number : undefined;
  }

  /** A boolean, also one written as text: launch templates have `"true"` where one expects `true`. */
  flag(): boolean | undefined {
    if (this.raw === true || this.raw === "true") return true;
    return this.raw === false || this.raw === "false" ? false : undefined;
  }

  /** The texts of a list, or the one text of a scalar; hidden elements are left out, see `firstHidden`. */
  texts(): string[] {
    const own = this.text();
    return own !== undefined ? [own] : this.items().flatMap((item) => item.text() ?? []);
  }

  /** What is hidden here or anywhere beneath, the first of it. */
  firstHidden(): Value | undefined {
    return hiddenIn(this);
  }

  /** For messages: `httpTokens is "optional"`. Only for properties that can hold no secret. */
  describe(): string {
    if (this.state === "missing") return `${this.path} is not set`;
    if (this.state === "unknown") return `${this.path} is not known yet`;
    if (this.state === "secret") return `${this.path} is encrypted`;
    const text = JSON.stringify(this.raw);
    return `${this.path} is ${text.length > 120 ? `${text.slice(0, 117)}...` : text}`;
  }
}
