/**
 * Reads the examples of the rules. They are written as Pulumi YAML (type, properties, options, `${resource.property}`,
 * `fn::toJSON`), stand in the documentation, and are the fixtures of the tests.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Document, parse, parseDocument } from "yaml";
import { typeTokens } from "../../contract/type-tokens.ts";
import { kinds } from "../model/kinds.ts";
import type { ResourceFacts } from "../model/resource.ts";

export interface ExampleResource {
  readonly type: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly options?: { readonly ignoreChanges?: readonly string[]; readonly parent?: string };
}

/** What a rule says in an example: about a resource, or about the stack when there is none. */
export interface Saying {
  readonly resource?: string;
  readonly message: string;
}

export interface Example {
  readonly title: string;
  /** Configuration of the rule. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Configuration of other rules. */
  readonly configOf?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Name of the stack; `test` when it does not matter. */
  readonly stack?: string;
  /** Moment of the check, when it matters. */
  readonly now?: string;
  readonly resources: Readonly<Record<string, ExampleResource>>;
  /** The violations, all of them; of a bad example only. */
  readonly says?: readonly Saying[];
  /** What remains unproved before the first deployment, when values that AWS assigns are not known. */
  readonly unprovedAtFirst?: readonly Saying[];
}

export interface Examples {
  readonly good: readonly Example[];
  readonly bad: readonly Example[];
}

export const examplesDirectory = join(import.meta.dirname, "..", "examples");

export function readExamples(rule: string, directory = examplesDirectory): Examples {
  return parse(readFileSync(join(directory, `${rule}.yaml`), "utf8")) as Examples;
}

/** The resources of an example as they are written, for the documentation. */
export function exampleText(rule: string, kind: "good" | "bad", index: number): string {
  const source = parseDocument(readFileSync(join(examplesDirectory, `${rule}.yaml`), "utf8"));
  const resources = new Document({ resources: source.getIn([kind, index, "resources"], true) });
  return resources.toString({ lineWidth: 120 }).trimEnd();
}

const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const tokens = new Set([...Object.values(kinds), ...Object.values(typeTokens)]);

/** `aws:autoscaling:Group` in full: `aws:autoscaling/group:Group`. */
export function fullType(type: string): string {
  const [, module = "", name = ""] = /^aws:([a-z0-9]+):(\w+)$/.exec(type) ?? [];
  const full = name === "" ? type : `aws:${module}/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`;
  if (!tokens.has(full)) throw new Error(`examples: no rule looks at resources of type ${type}`);
  return full;
}

/** What AWS assigns to the resources of the examples, in the form of each service. */
function assigned(name: string, type: string): Record<string, string> {
  const [, service = "", kind = ""] = /^aws:(\w+)\/(\w+):/.exec(type) ?? [];
  const arn = `arn:aws:${service}:eu-west-1:111122223333:${name}`;
  const ids: Readonly<Record<string, string>> = {
    launchTemplate: `lt-${name}`,
    ami: `ami-${name}`,
    queue: `https://sqs.eu-west-1.amazonaws.com/111122223333/${name}`,
  };
  return { arn, id: ids[kind] ?? name, ...(kind === "queue" && { url: ids["queue"] ?? "" }), ...(kind === "key" && { keyId: name }) };
}

interface Resolved {
  readonly value: unknown;
  readonly uses: readonly string[];
}

const reference = /\$\{([\w-]+)\.(\w+)\}/g;

class Resolver {
  readonly #resources: Example["resources"];
  readonly #deployed: boolean;

  constructor(resources: Example["resources"], deployed: boolean) {
    this.#resources = resources;
    this.#deployed = deployed;
  }

  resolve(value: unknown): Resolved {
    if (typeof value === "string") return this.#text(value);
    if (Array.isArray(value)) {
      const items = value.map((item) => this.resolve(item));
      return { value: items.map((item) => item.value), uses: items.flatMap((item) => item.uses) };
    }
    if (typeof value !== "object" || value === null) return { value, uses: [] };
    const entries = Object.entries(value).map(([key, entry]) => [key, this.resolve(entry)] as const);
    const uses = entries.flatMap(([, entry]) => entry.uses);
    const [first] = entries;
    if (first?.[0] === "fn::toJSON") {
      const text = JSON.stringify(first[1].value);
      return { value: text.includes(unknownText) ? unknownText : text, uses };
    }
    return { value: Object.fromEntries(entries.map(([key, entry]) => [key, entry.value])), uses };
  }

  #text(text: string): Resolved {
    const uses = [...text.matchAll(reference)].map(([, name = "", property = ""]) => ({ name, found: this.#property(name, property) }));
    const hidden = uses.some(({ found }) => found === undefined);
    const value = text.replace(reference, () => uses.shift()?.found ?? "");
    return { value: hidden ? unknownText : value, uses: [...text.matchAll(reference)].map(([, name = ""]) => name) };
  }

  /** Undefined when it is not known before the deployment: what AWS assigns is not, a given name is. */
  #property(name: string, property: string): string | undefined {
    const resource = this.#resources[name];
    if (!resource) throw new Error(`examples: there is no resource ${name}`);
    const given = resource.properties?.[property] ?? (property === "name" ? name : undefined);
    if (typeof given === "string") return given;
    return this.#deployed ? assigned(name, fullType(resource.type))[property] : undefined;
  }
}

export interface Materialised {
  /** As a rule for one resource gets them. */
  readonly inputs: readonly ResourceFacts[];
  /** As a rule for the stack gets them. */
  readonly outputs: readonly ResourceFacts[];
}

/** URN of an example's resource. */
export function exampleUrn(name: string, type: string): string {
  return `urn:pulumi:test::example::${type}::${name}`;
}

/** The resources of an example as the engine sends them, before their first deployment or after it. */
export function materialise(example: Pick<Example, "resources">, deployed: boolean): Materialised {
  const resolver = new Resolver(example.resources, deployed);
  const urns = new Map(Object.entries(example.resources).map(([name, { type }]) => [name, exampleUrn(name, fullType(type))]));
  const inputs = Object.entries(example.resources).map(([name, resource]): ResourceFacts => {
    const type = fullType(resource.type);
    const entries = Object.entries(resource.properties ?? {}).map(([key, value]) => [key, resolver.resolve(value)] as const);
    const dependencies = entries.map(([key, { uses }]) => [key, [...new Set(uses)].map((use) => urns.get(use) ?? "")] as const);
    return {
      urn: exampleUrn(name, type),
      type,
      properties: {
        ...(type.startsWith("aws:") && nameable(type) && { name }),
        ...Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
      },
      parent: urns.get(resource.options?.parent ?? ""),
      ignoreChanges: resource.options?.ignoreChanges,
      propertyDependencies: Object.fromEntries(dependencies.filter(([, on]) => on.length > 0)),
    };
  });
  const outputs = inputs.map((one): ResourceFacts => {
    const name = one.urn.split("::").at(-1) ?? "";
    const ids = one.type.startsWith("aws:") ? assigned(name, one.type) : {};
    const known = Object.fromEntries(Object.entries(ids).map(([key, value]) => [key, deployed ? value : unknownText]));
    return { ...one, properties: { ...known, ...one.properties } };
  });
  return { inputs, outputs };
}

/** Types whose name Pulumi makes up when none is given. */
const nameable = (type: string) =>
  /:(Group|Topic|Queue|Policy|LaunchTemplate|Function|Role|LogGroup|EventRule|LaunchConfiguration)$/.test(type);
