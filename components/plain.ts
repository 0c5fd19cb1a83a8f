import * as pulumi from "@pulumi/pulumi";

/** The value of an input that is at hand when a component is made; undefined for Outputs and promises, which are checked later or not at all. */
export function plain<T>(input: pulumi.Input<T> | undefined): T | undefined {
  if (input === undefined || pulumi.Output.isInstance(input) || input instanceof Promise) return undefined;
  return input;
}
