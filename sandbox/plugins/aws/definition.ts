import type { CheckFailure } from "../protocol/provider.ts";
import { unknown } from "../protocol/values.ts";
import type { Properties, Value } from "../protocol/values.ts";
import type { Context } from "./context.ts";

export interface Naming {
  /** Property that holds the name; default `name`. */
  readonly property?: string;
  /** Longest name that the service takes. */
  readonly maxLength: number;
  /** What must stand before the name, for example `alias/`. */
  readonly start?: string;
  /** What must stand behind the random part, for example `.fifo`. */
  ending?(inputs: Properties): string;
}

/** What a read found: undefined members say that AWS has nothing there; absent ones keep what the state has. */
export type Found = Readonly<Record<string, Value | undefined>>;

export interface Update {
  readonly id: string;
  readonly olds: Properties;
  readonly news: Properties;
  /** Inputs that differ, and `tagsAll` when the tags with the provider's default ones do. */
  readonly changed: ReadonlySet<string>;
}

/** One entry of the table of resource types. */
export interface Definition {
  readonly token: string;
  /** Given when a missing `name` is made from the resource's name. */
  readonly naming?: Naming;
  /** Defaults of the provider (`Default` in its schema), put into the inputs. */
  readonly defaults?: Properties;
  /** The same inside objects that are given, by the object's path without indexes. */
  readonly nestedDefaults?: Readonly<Record<string, Properties>>;
  /** Texts that hold JSON: compared by meaning, objects accepted. */
  readonly json?: readonly string[];
  /** Lists without an order, by path without indexes. */
  readonly sets?: readonly string[];
  /** Inputs that @pulumi/aws has and this plugin refuses by name. */
  readonly unsupported?: readonly string[];
  readonly secretOutputs?: readonly string[];
  /** Longest time of each step unless `customTimeouts` says otherwise, in seconds; the provider's own, else 20 minutes. */
  readonly timeouts?: { readonly create?: number; readonly update?: number; readonly delete?: number };
  /** Names tried when none of `sets` and `json` tell two values equal. */
  readonly same?: Readonly<Record<string, (one: Value, other: Value) => boolean>>;
  /** The inputs with what the plugin must add before they are compared, for example hashes of files. */
  prepare?(inputs: Properties): Promise<Properties>;
  /** Faults beyond names, types and required properties. Unknowns may be among the values. */
  validate?(inputs: Properties): CheckFailure[];
  /** Outputs that a preview of a create knows beside the inputs: what the provider or AWS takes by default. */
  preview?(inputs: Properties, context: Context): Found;
  /** Outputs that follow from an update with these changes, as its preview knows them: a value, or `unknown`. */
  following?(changed: ReadonlySet<string>, news: Properties): Found;
  /** Property paths beyond the replace set that this change cannot make in place. */
  replacing?(olds: Properties, news: Properties): readonly string[];
  /** Makes it; the id. */
  create(inputs: Properties, context: Context): Promise<string>;
  /** What follows the making: attributes, waits. When it fails, the resource exists and is recorded. */
  finish?(id: string, inputs: Properties, context: Context): Promise<void>;
  /**
   * The id of what these inputs made, when nobody noted it: the engine asks after it was killed in a create. Undefined = it
   * was not made; a throw = nobody can tell. May finish what is half made.
   */
  find(inputs: Properties, context: Context): Promise<string | undefined>;
  /** Undefined = gone. `state` holds the last outputs, or the inputs of a create. */
  read(id: string, state: Properties, context: Context): Promise<Found | undefined>;
  /** Absent = every input replaces. */
  update?(update: Update, context: Context): Promise<void>;
  /** Must take a resource that is gone for done. */
  delete(id: string, state: Properties, context: Context): Promise<void>;
}

/** `following` for outputs that only AWS knows. */
export const madeAnew = (...keys: readonly string[]): Properties => Object.fromEntries(keys.map((key) => [key, unknown]));

/** `find` of a type whose id is one of its inputs; the read that follows tells whether it exists. */
export const byInput =
  (key: string) =>
  (inputs: Properties): Promise<string | undefined> => {
    const value = inputs[key];
    return Promise.resolve(typeof value === "string" ? value : undefined);
  };
