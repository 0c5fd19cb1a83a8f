/**
 * Makes `service-model.jsonl`, the API's shapes in one line each, from the service description that botocore ships
 * (Apache-2.0): shapes, required members, limits, enumerations and error codes, without the prose.
 *
 *   node sandbox/aws/autoscaling/protocol/compact-model.ts .venv/lib/python3.*\/site-packages/botocore > …/service-model.jsonl
 *
 * A test holds the file equal to what this makes of the installed botocore, and to the schemas of the JavaScript SDK.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

interface Reference {
  readonly shape: string;
  readonly locationName?: string;
}

interface RawShape {
  readonly type: string;
  readonly members?: Readonly<Record<string, Reference>>;
  readonly member?: Reference;
  readonly required?: readonly string[];
  readonly error?: { readonly code: string; readonly httpStatusCode: number };
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

interface RawModel {
  readonly operations: Readonly<Record<string, { readonly input?: Reference; readonly output?: Reference }>>;
  readonly shapes: Readonly<Record<string, RawShape>>;
}

/** One line: kind, name, and what the kind needs; see `shapes.ts`, which reads it. */
export type Line = readonly unknown[];

const wireName = (reference: Reference) =>
  reference.locationName === undefined ? reference.shape : [reference.shape, reference.locationName];

function shapeLine(name: string, shape: RawShape): Line {
  const { min, max, pattern } = shape;
  const limits = { ...(min !== undefined && { min }), ...(max !== undefined && { max }), ...(pattern !== undefined && { pattern }) };
  if (shape.error) return ["error", name, shape.error.code, shape.error.httpStatusCode];
  if (shape.type === "structure") {
    const members = Object.entries(shape.members ?? {}).map(([member, reference]) => [member, wireName(reference)]);
    return ["structure", name, Object.fromEntries(members), shape.required ?? []];
  }
  if (shape.type === "list" && shape.member) return ["list", name, wireName(shape.member), limits];
  return [shape.type, name, shape.enum ? { ...limits, enum: shape.enum } : limits];
}

/** The lines of the model: operations first, then shapes, both by name. */
export function compactModel(raw: RawModel): Line[] {
  const byName = (one: readonly [string, unknown], other: readonly [string, unknown]) => (one[0] < other[0] ? -1 : 1);
  return [
    ...Object.entries(raw.operations)
      .sort(byName)
      .map(([name, { input, output }]) => ["operation", name, input?.shape ?? null, output?.shape ?? null]),
    ...Object.entries(raw.shapes)
      .sort(byName)
      .map(([name, shape]) => shapeLine(name, shape)),
  ];
}

/** The service description under botocore's folder. */
export function readBotocore(folder: string): RawModel {
  const [file] = globSync("data/autoscaling/2011-01-01/service-2.json*", { cwd: folder });
  if (file === undefined) throw new Error(`${folder} holds no data/autoscaling/2011-01-01/service-2.json; name botocore's folder`);
  const bytes = readFileSync(join(folder, file));
  return JSON.parse((file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString()) as RawModel;
}

if (import.meta.main) {
  const lines = compactModel(readBotocore(process.argv[2] ?? ""));
  process.stdout.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}
