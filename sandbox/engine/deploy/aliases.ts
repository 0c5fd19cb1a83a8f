/** Finds the state of a resource that had another name, type or parent before. */
import type aliasProtocol from "@pulumi/pulumi/proto/alias_pb.js";
import type { UrnScope } from "../urn.ts";
import { makeUrn, makeUrnFromType, stackType, urnName, urnQualifiedType, urnType } from "../urn.ts";

/** Either a URN, or what was different. */
export interface AliasDescription {
  readonly urn?: string;
  readonly name?: string;
  readonly type?: string;
  readonly project?: string;
  readonly stack?: string;
  /** URN of the parent; empty for none. */
  readonly parent?: string;
}

export function aliasOf(alias: aliasProtocol.Alias): AliasDescription {
  const spec = alias.getSpec();
  if (spec === undefined) return { urn: alias.getUrn() };
  const given = { name: spec.getName(), type: spec.getType(), project: spec.getProject(), stack: spec.getStack() };
  const parent = spec.hasNoparent() && spec.getNoparent() ? "" : spec.getParenturn() === "" ? undefined : spec.getParenturn();
  return { ...Object.fromEntries(Object.entries(given).filter(([, text]) => text !== "")), ...(parent !== undefined && { parent }) };
}

interface Identity {
  readonly name: string;
  readonly type: string;
  readonly parent: string;
}

export class Aliases {
  readonly #scope: UrnScope;
  /** URN of this run to the URN in the state. */
  readonly #used = new Map<string, string>();
  /** The other way round. */
  readonly #claimed = new Map<string, string>();

  constructor(scope: UrnScope) {
    this.#scope = scope;
  }

  /** The URN of this run for one of the state. */
  current(urn: string): string {
    return this.#claimed.get(urn) ?? urn;
  }

  isClaimed(urn: string): boolean {
    return this.#claimed.has(urn);
  }

  claim(urn: string, alias: string): void {
    this.#used.set(urn, alias);
    this.#claimed.set(alias, urn);
  }

  #collapse(identity: Identity, alias: AliasDescription): string {
    if (alias.urn !== undefined) return alias.urn;
    const { name = identity.name, type = identity.type, project = this.#scope.project, stack = this.#scope.stack } = alias;
    let parent = identity.parent;
    if (alias.parent !== undefined) parent = this.#used.get(alias.parent) ?? alias.parent;
    const underStack = parent === "" || urnQualifiedType(parent) === stackType;
    return makeUrn({ project, stack }, underStack ? undefined : parent, type, name);
  }

  /** A child named after its parent had the parent's former name in it. */
  #inherited(childType: string, childName: string, parent: string, parentAlias: string): string {
    const parentName = urnName(parent);
    const name = childName.startsWith(parentName) ? urnName(parentAlias) + childName.slice(parentName.length) : childName;
    return makeUrnFromType(this.#scope, urnQualifiedType(parentAlias), childType, name);
  }

  /** All URNs that the resource may have had, in the order in which to look. */
  candidates(identity: Identity, aliases: readonly AliasDescription[]): string[] {
    const own = aliases.map((alias) => this.#collapse(identity, alias));
    const parentAlias = identity.parent === "" ? undefined : this.#used.get(identity.parent);
    if (parentAlias === undefined) return [...new Set(own)];
    const inherited = [
      this.#inherited(identity.type, identity.name, identity.parent, parentAlias),
      ...own.map((urn) => this.#inherited(urnType(urn), urnName(urn), identity.parent, parentAlias)),
    ];
    return [...new Set([...own, ...inherited])];
  }
}
