/** Names of resources: `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`. */

export const stackType = "pulumi:pulumi:Stack";
const providerPrefix = "pulumi:providers:";

/** Id of a provider whose configuration is not known yet. */
export const unknownProviderId = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export interface UrnScope {
  readonly stack: string;
  readonly project: string;
}

const parts = (urn: string) => {
  const [, , qualifiedType = "", ...name] = urn.split("::");
  return { qualifiedType, name: name.join("::") };
};

export const urnName = (urn: string): string => parts(urn).name;
export const urnQualifiedType = (urn: string): string => parts(urn).qualifiedType;
export const urnType = (urn: string): string => {
  const { qualifiedType } = parts(urn);
  return qualifiedType.slice(qualifiedType.lastIndexOf("$") + 1);
};

const join = (scope: UrnScope, qualifiedType: string, name: string) =>
  `urn:pulumi:${scope.stack}::${scope.project}::${qualifiedType}::${name}`;

/** The stack itself is not part of the types of what stands directly under it. */
export function makeUrn(scope: UrnScope, parent: string | undefined, type: string, name: string): string {
  return makeUrnFromType(scope, parent === undefined || parent === "" ? "" : urnQualifiedType(parent), type, name);
}

export function makeUrnFromType(scope: UrnScope, parentType: string, type: string, name: string): string {
  return join(scope, parentType === "" || parentType === stackType ? type : `${parentType}$${type}`, name);
}

export const rootUrn = (scope: UrnScope): string => join(scope, stackType, `${scope.project}-${scope.stack}`);

export const isProviderType = (type: string): boolean => type.startsWith(providerPrefix);
export const providerType = (packageName: string): string => providerPrefix + packageName;
export const providerPackage = (type: string): string => type.slice(providerPrefix.length);

/** Stands for the resources of a package that name no provider. */
export const isDefaultProvider = (urn: string): boolean => isProviderType(urnType(urn)) && urnName(urn).startsWith("default");

/** `aws` of `aws:sqs/queue:Queue`. */
export const packageOf = (token: string): string => token.slice(0, Math.max(0, token.indexOf(":")));

/** A provider reference is `<URN>::<id>`. */
export interface ProviderReference {
  readonly urn: string;
  readonly id: string;
}

export function parseReference(reference: string): ProviderReference {
  const at = reference.lastIndexOf("::");
  return { urn: reference.slice(0, at), id: reference.slice(at + 2) };
}

export const formatReference = ({ urn, id }: ProviderReference): string => `${urn}::${id === "" ? unknownProviderId : id}`;
