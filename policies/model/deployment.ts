import { kinds, type Kind } from "./kinds.ts";
import { Resource, type AnyResource, type ResourceFacts } from "./resource.ts";
import { Value } from "./value.ts";

/** Properties by which other resources refer to one of this kind, where they are more than `arn`, `id` and `name`. */
const identifiers: Partial<Record<Kind, readonly string[]>> = {
  queue: ["arn", "id", "url", "name"],
  lambda: ["arn", "id", "name", "invokeArn", "qualifiedArn"],
  key: ["arn", "id", "keyId"],
  image: ["arn", "id"],
};

const identifierValues = (resource: AnyResource, kind: Kind) =>
  (identifiers[kind] ?? ["arn", "id", "name"]).map((key) =>
    new Value<Readonly<Record<string, unknown>>>(resource.facts.properties).at(key),
  );

/** Where the value of a property leads. */
export interface Targets<K extends Kind> {
  readonly found: readonly Resource<K>[];
  /** Known values that belong to no resource of these kinds in the stack. */
  readonly external: readonly string[];
  /** What cannot be told, and why. */
  readonly unproved: string | undefined;
}

/** All resources of a stack with what the rules share: lookups by kind, by URN and by identifier, each made once. */
export class Deployment {
  readonly resources: readonly AnyResource[];
  readonly #byUrn = new Map<string, AnyResource>();
  readonly #byType = new Map<string, AnyResource[]>();
  readonly #identified = new Map<Kind, Map<string, AnyResource>>();
  readonly #memo = new Map<unknown, unknown>();

  constructor(facts: readonly ResourceFacts[]) {
    this.resources = facts.map((one) => new Resource<Kind>(one));
    for (const resource of this.resources) {
      this.#byUrn.set(resource.urn, resource);
      const same = this.#byType.get(resource.facts.type);
      if (same) same.push(resource);
      else this.#byType.set(resource.facts.type, [resource]);
    }
  }

  all<K extends Kind>(kind: K): readonly Resource<K>[] {
    return (this.#byType.get(kinds[kind]) ?? []) as Resource<K>[];
  }

  byUrn(urn: string): AnyResource | undefined {
    return this.#byUrn.get(urn);
  }

  /** A value that several rules need, made once per deployment. `make` itself is the key. */
  once<T>(make: (deployment: Deployment) => T): T {
    if (!this.#memo.has(make)) this.#memo.set(make, make(this));
    return this.#memo.get(make) as T;
  }

  /** The resource and its parents, nearest first. */
  lineage(resource: AnyResource): AnyResource[] {
    const line: AnyResource[] = [];
    for (let next: AnyResource | undefined = resource; next; next = this.#byUrn.get(next.facts.parent ?? "")) {
      if (line.includes(next)) break;
      line.push(next);
    }
    return line;
  }

  /**
   * Follows a property to resources of the given kinds. A known value decides; else the resources that the property
   * was made from, if they leave no doubt; else the answer is unproved.
   */
  targets<K extends Kind>(from: AnyResource, value: Value, ...wanted: K[]): Targets<K> {
    if (value.missing) return { found: [], external: [], unproved: undefined };
    const parts: Value[] = Array.isArray(value.raw) ? value.items() : [value];
    const found: Resource<K>[] = [];
    const external: string[] = [];
    let hidden = 0;
    for (const part of parts) {
      const text = part.text();
      const target = text === undefined ? undefined : (this.#identifiedBy(text, wanted) ?? this.#unidentified(from, value, wanted));
      if (target) found.push(target);
      else if (text !== undefined) external.push(text);
      else hidden++;
    }
    if (hidden === 0) return { found, external, unproved: undefined };
    return this.#fromDependencies(from, value, wanted, { found, external, hidden });
  }

  #fromDependencies<K extends Kind>(
    from: AnyResource,
    value: Value,
    wanted: readonly K[],
    known: { found: Resource<K>[]; external: string[]; hidden: number },
  ): Targets<K> {
    const dependencies = this.#dependencies(from, value);
    const fitting = dependencies.flatMap((one) => wanted.flatMap((kind) => one.as(kind) ?? []));
    const fresh = fitting.filter((one) => !known.found.includes(one));
    const found = [...known.found, ...fresh];
    const { external } = known;
    const what = wanted.map((kind) => kinds[kind].slice(kinds[kind].lastIndexOf(":") + 1)).join(" or ");
    const place = `${value.path} of ${from.label}`;
    if (fresh.length > known.hidden) {
      const names = fresh.map((one) => one.label).join(", ");
      return { found: known.found, external, unproved: `${place} is not known yet and may be any of ${names}` };
    }
    // In a list, a hidden element may also belong to a dependency of another kind; a lone value must lead to one of ours.
    const explained = Array.isArray(value.raw) ? dependencies.length >= known.hidden : fresh.length > 0;
    return {
      found,
      external,
      unproved: explained ? undefined : `${place} is not known yet and comes from no ${what} of this stack`,
    };
  }

  /**
   * The engine gives no ids, and some providers do not repeat them among the outputs: a known value that fits none of
   * the resources is taken for the one resource that it was made from and whose identifiers are not all known.
   */
  #unidentified<K extends Kind>(from: AnyResource, value: Value, wanted: readonly K[]): Resource<K> | undefined {
    const [first, second] = this.#dependencies(from, value).flatMap((one) =>
      wanted.flatMap((kind) => {
        const resource = one.as(kind);
        return resource && identifierValues(resource, kind).some((identifier) => !identifier.known) ? resource : [];
      }),
    );
    return second === undefined ? first : undefined;
  }

  #dependencies(from: AnyResource, value: Value): AnyResource[] {
    return (from.facts.propertyDependencies?.[value.property] ?? []).flatMap((urn) => this.#byUrn.get(urn) ?? []);
  }

  /** The resource that one of its identifiers names: ARN, id, name, or the URL of a queue. */
  identified<K extends Kind>(kind: K, identifier: string): Resource<K> | undefined {
    return this.#index(kind).get(identifier)?.as(kind);
  }

  #identifiedBy<K extends Kind>(text: string, wanted: readonly K[]): Resource<K> | undefined {
    for (const kind of wanted) {
      const found = this.identified(kind, text);
      if (found) return found;
    }
    return undefined;
  }

  #index(kind: Kind): Map<string, AnyResource> {
    let index = this.#identified.get(kind);
    if (!index) {
      index = new Map();
      for (const resource of this.all(kind)) {
        for (const identifier of identifierValues(resource, kind)) {
          const text = identifier.text();
          if (text !== undefined && text !== "") index.set(text, resource);
        }
      }
      this.#identified.set(kind, index);
    }
    return index;
  }
}
