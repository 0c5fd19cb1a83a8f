import { kinds, type Kind, type Props } from "./kinds.ts";
import { Value } from "./value.ts";

/** A resource as an engine or a state file gives it: plain data, nothing resolved. */
export interface ResourceFacts {
  readonly urn: string;
  readonly type: string;
  /** Arguments before the creation, outputs after. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** URN of the parent. */
  readonly parent?: string | undefined;
  readonly ignoreChanges?: readonly string[] | undefined;
  /** Top-level property to the URNs of the resources that its value was made from. */
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** A resource of whatever kind. */
export interface AnyResource {
  readonly facts: ResourceFacts;
  readonly urn: string;
  readonly name: string;
  readonly label: string;
  readonly ignoreChanges: readonly string[];
  as<T extends Kind>(kind: T): Resource<T> | undefined;
}

export class Resource<K extends Kind> implements AnyResource {
  readonly facts: ResourceFacts;
  readonly props: Value<Props<K>>;

  constructor(facts: ResourceFacts) {
    this.facts = facts;
    this.props = new Value<Props<K>>(facts.properties);
  }

  get urn(): string {
    return this.facts.urn;
  }

  /** Its name in the program. */
  get name(): string {
    return nameOf(this.facts.urn);
  }

  get ignoreChanges(): readonly string[] {
    return this.facts.ignoreChanges ?? [];
  }

  /** A top-level property. */
  at<P extends keyof NonNullable<Props<K>> & string>(property: P): Value<NonNullable<Props<K>>[P]> {
    return this.props.at(property);
  }

  /** The same resource, typed, when it is of this kind. */
  as<T extends Kind>(kind: T): Resource<T> | undefined {
    return this.facts.type === kinds[kind] ? this : undefined;
  }

  /** For messages: `Group "web"`. */
  get label(): string {
    return `${this.facts.type.slice(this.facts.type.lastIndexOf(":") + 1)} "${this.name}"`;
  }
}

/** The name part of a URN; names may hold `::`, so the first three separators decide. */
export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
