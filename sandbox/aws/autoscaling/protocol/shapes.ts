/** The shapes of the Auto Scaling API, version 2011-01-01, read from `service-model.jsonl` (made by `compact-model.ts`). */
import { readFileSync } from "node:fs";

/** Limits of a string's length, a number's value or a list's size. */
export interface Limits {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

export interface Member {
  readonly name: string;
  /** Name in the query string and in XML. */
  readonly wireName: string;
  readonly required: boolean;
  readonly shape: string;
}

export type Shape =
  | { readonly type: "structure"; readonly members: readonly Member[] }
  | { readonly type: "list"; readonly element: string; readonly elementName: string; readonly limits: Limits }
  | { readonly type: "string" | "integer" | "double" | "boolean" | "timestamp"; readonly limits: Limits };

export interface Operation {
  /** Name of the input structure. */
  readonly input: string | undefined;
  readonly output: string | undefined;
}

export interface ServiceModel {
  readonly operations: ReadonlyMap<string, Operation>;
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Status of each error code that the operations declare. */
  readonly errorStatus: ReadonlyMap<string, number>;
}

type WireReference = string | readonly [shape: string, wireName: string];
type ModelLine =
  | readonly ["operation", string, string | null, string | null]
  | readonly ["error", string, string, number]
  | readonly ["structure", string, Readonly<Record<string, WireReference>>, readonly string[]]
  | readonly ["list", string, WireReference, Limits]
  | readonly ["string" | "integer" | "double" | "boolean" | "timestamp", string, Limits];

const wire = (reference: WireReference, usual: string) =>
  typeof reference === "string" ? { shape: reference, wireName: usual } : { shape: reference[0], wireName: reference[1] };

function shapeOf(line: Exclude<ModelLine, readonly ["operation" | "error", ...unknown[]]>): Shape {
  if (line[0] === "structure") {
    const required = new Set(line[3]);
    const members = Object.entries(line[2]).map(([name, reference]) => ({ name, required: required.has(name), ...wire(reference, name) }));
    return { type: "structure", members };
  }
  if (line[0] === "list") {
    const { shape, wireName } = wire(line[2], "member");
    return { type: "list", element: shape, elementName: wireName, limits: line[3] };
  }
  return { type: line[0], limits: line[2] };
}

function readModel(): ServiceModel {
  const operations = new Map<string, Operation>();
  const shapes = new Map<string, Shape>();
  const errorStatus = new Map<string, number>();
  const text = readFileSync(new URL("service-model.jsonl", import.meta.url), "utf8");
  for (const row of text.trimEnd().split("\n")) {
    const line = JSON.parse(row) as ModelLine;
    if (line[0] === "operation") operations.set(line[1], { input: line[2] ?? undefined, output: line[3] ?? undefined });
    else if (line[0] === "error") errorStatus.set(line[2], line[3]);
    else shapes.set(line[1], shapeOf(line));
  }
  return { operations, shapes, errorStatus };
}

export const serviceModel = readModel();

/** The shape of that name; asking for one that is not in the model is a fault of ours. */
export function shapeNamed(name: string): Shape {
  const shape = serviceModel.shapes.get(name);
  if (shape === undefined) throw new Error(`service-model.jsonl has no shape ${name}`);
  return shape;
}
