/** Registers what the configuration `things` lists: the tests change the list from run to run. */
import * as pulumi from "@pulumi/pulumi";

interface Declared {
  readonly name: string;
  readonly type?: string;
  readonly component?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** Input to output of another one, `a.arn`. */
  readonly from?: Readonly<Record<string, string>>;
  readonly parent?: string;
  readonly dependsOn?: readonly string[];
  readonly deletedWith?: string;
  readonly replaceWith?: readonly string[];
  readonly secretInputs?: Readonly<Record<string, string>>;
  readonly options?: pulumi.CustomResourceOptions;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

const config = new pulumi.Config();
const declared = config.requireObject<Declared[]>("things");
const made = new Map<string, pulumi.Resource>();
const output = (resource: pulumi.Resource | undefined, key: string) => (resource as unknown as Record<string, pulumi.Output<unknown>>)[key];
const find = (name: string) => {
  const resource = made.get(name);
  if (resource === undefined) throw new Error(`${name} is not declared before it is used`);
  return resource;
};

class Group extends pulumi.ComponentResource {
  constructor(name: string, inputs: pulumi.Inputs, options: pulumi.ComponentResourceOptions, outputs: pulumi.Inputs) {
    super("test:components:Group", name, inputs, options);
    this.registerOutputs(outputs);
  }
}

class Thing extends pulumi.CustomResource {}

for (const one of declared) {
  const taken = Object.entries(one.from ?? {}).map(([key, source]) => {
    const [name = "", property = ""] = source.split(".");
    return [key, output(find(name), property)] as const;
  });
  const secrets = Object.entries(one.secretInputs ?? {}).map(([key, value]) => [key, pulumi.secret(value)] as const);
  const inputs = { ...one.inputs, ...Object.fromEntries(taken), ...Object.fromEntries(secrets) };
  const options: pulumi.CustomResourceOptions = {
    ...one.options,
    ...(one.parent && { parent: find(one.parent) }),
    ...(one.dependsOn && { dependsOn: one.dependsOn.map(find) }),
    ...(one.deletedWith && { deletedWith: find(one.deletedWith) }),
    ...(one.replaceWith && { replaceWith: one.replaceWith.map(find) }),
  };
  const resource = one.component
    ? new Group(one.name, inputs, options, one.outputs ?? {})
    : new Thing(one.type ?? "test:index:Thing", one.name, { ...inputs, arn: undefined, version: undefined }, options);
  made.set(one.name, resource);
}

export const arns = Object.fromEntries(
  [...made].flatMap(([name, resource]) => (output(resource, "arn") ? [[name, output(resource, "arn")]] : [])),
);
