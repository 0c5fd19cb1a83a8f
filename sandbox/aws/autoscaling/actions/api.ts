/** Types of the actions, taken from the JavaScript SDK: an action cannot read a member that the API lacks, nor answer with one. */
import type { AutoScaling } from "@aws-sdk/client-auto-scaling";

type Method<Action extends string> = Uncapitalize<Action> extends keyof AutoScaling ? AutoScaling[Uncapitalize<Action>] : never;
// Each SDK method's last overload is (arguments, options, callback).
type Overload<Action extends string> =
  Method<Action> extends (input: infer In, options: never, callback: (error: never, output?: infer Out) => void) => void
    ? [In, Out]
    : never;

/** What the parser has checked: required members are there. */
export type Checked<T> = T extends Date | string | number | boolean | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Checked<Item>[]
    : { readonly [Key in keyof T]: object extends Pick<T, Key> ? Checked<T[Key]> : Checked<Exclude<T[Key], undefined>> };

export type Input<Action extends string> = Checked<Overload<Action>[0]>;
export type Output<Action extends string> = Omit<Exclude<Overload<Action>[1], undefined>, "$metadata">;

/** An object whose undefined members are gone, in type and value. */
export type Defined<T> = {
  [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key];
} & { [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined> };

export function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
