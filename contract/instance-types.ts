import type { Architecture } from "./fleets-output.ts";

/** The parts of an EC2 instance type's name, `m6gd.2xlarge`. https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html */
export interface InstanceTypeName {
  /** `m6gd`: series, generation and options; an image baked on one size of it runs on the others. */
  readonly family: string;
  /** `2xlarge` */
  readonly size: string;
  readonly architecture: Architecture;
}

const namePattern = /^([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\.([a-z0-9-]+)$/;

/** Graviton families carry a `g` behind the generation (`c7gn`, `is4gen`); the first had none. */
const armPattern = /^(?:a1|[a-z]+\d+[a-z]*g[a-z]*)$/;

/** The parts of `type`; undefined when it is no instance type's name. */
export function parseInstanceType(type: string): InstanceTypeName | undefined {
  const match = namePattern.exec(type);
  const [, family, size] = match ?? [];
  if (family === undefined || size === undefined) return undefined;
  return { family, size, architecture: armPattern.test(family) ? "arm64" : "x86_64" };
}
