/**
 * Form-encoded parameters into the typed input of an operation, checked against the shapes' limits.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
import { ApiError, validationErrors } from "./errors.ts";
import { shapeNamed, type Limits, type Shape } from "./shapes.ts";

/** One level of dotted names: `Tags.member.1.Key=x` is Tags > member > 1 > Key with the text x. */
interface Level {
  text?: string;
  readonly below: Map<string, Level>;
}

function levels(parameters: URLSearchParams): Level {
  const root: Level = { below: new Map() };
  for (const [key, value] of parameters) {
    let level = root;
    for (const part of key.split(".")) {
      let next = level.below.get(part);
      if (next === undefined) level.below.set(part, (next = { below: new Map() }));
      level = next;
    }
    if (level.text !== undefined) throw new ApiError("InvalidQueryParameter", `The parameter ${key} is given twice`);
    level.text = value;
  }
  return root;
}

const patterns = new Map<string, RegExp>();

function matches(pattern: string, text: string): boolean {
  let expression = patterns.get(pattern);
  if (expression === undefined) patterns.set(pattern, (expression = new RegExp(`^(?:${pattern})$`, "u")));
  return expression.test(text);
}

/** Decodes one request; collects every broken limit with the path of the member that broke it. */
class Decoder {
  readonly faults: string[] = [];

  decode(shape: Shape, level: Level, path: string): unknown {
    switch (shape.type) {
      case "structure":
        return this.#structure(shape, level, path);
      case "list":
        return this.#list(shape, level, path);
      case "string":
        this.#check(shape.limits, level.text ?? "", (level.text ?? "").length, "length ", path);
        return level.text ?? "";
      case "integer":
      case "double":
        return this.#number(shape, level.text ?? "", path);
      case "boolean":
        return this.#boolean(level.text ?? "", path);
      case "timestamp":
        return this.#timestamp(level.text ?? "", path);
    }
  }

  #structure(shape: Extract<Shape, { type: "structure" }>, level: Level, path: string): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const known = new Set(shape.members.map((member) => member.wireName));
    for (const name of level.below.keys()) {
      if (!known.has(name)) throw new ApiError("InvalidQueryParameter", `The parameter ${wirePath(path, name)} is not recognized`);
    }
    for (const member of shape.members) {
      const below = level.below.get(member.wireName);
      const memberPath = join(path, member.name);
      if (below !== undefined) result[member.name] = this.decode(shapeNamed(member.shape), below, memberPath);
      else if (member.required) this.#fault("null", memberPath, "Member must not be null");
    }
    return result;
  }

  #list(shape: Extract<Shape, { type: "list" }>, level: Level, path: string): unknown[] {
    const items = [...(level.below.get(shape.elementName)?.below ?? [])];
    const broken = items.find(([index]) => !/^[1-9]\d*$/.test(index)) ?? [...level.below].find(([name]) => name !== shape.elementName);
    if (broken) throw new ApiError("InvalidQueryParameter", `${path}: ${broken[0]} is not ${shape.elementName}.<number from 1>`);
    items.sort(([one], [other]) => Number(one) - Number(other));
    const values = items.map(([index, below]) => this.decode(shapeNamed(shape.element), below, `${path}.${index}.member`));
    this.#check(shape.limits, JSON.stringify(values), values.length, "length ", path);
    return values;
  }

  #number(shape: Extract<Shape, { limits: Limits }>, text: string, path: string): number {
    const value = Number(text);
    const valid =
      shape.type === "integer" ? /^[+-]?\d+$/.test(text) && Math.abs(value) < 2 ** 31 : text.trim() !== "" && Number.isFinite(value);
    if (valid) this.#check(shape.limits, text, value, "value ", path);
    else this.#fault(`'${text}'`, path, shape.type === "integer" ? "Member must be a 32-bit integer" : "Member must be a number");
    return value;
  }

  #boolean(text: string, path: string): boolean {
    if (text !== "true" && text !== "false") this.#fault(`'${text}'`, path, "Member must be true or false");
    return text === "true";
  }

  #timestamp(text: string, path: string): Date {
    const date = new Date(/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : text);
    if (Number.isNaN(date.getTime()))
      this.#fault(`'${text}'`, path, "Member must be a timestamp in ISO 8601, for example 2026-01-31T12:00:00Z");
    return date;
  }

  #check(limits: Limits, text: string, size: number, measure: string, path: string): void {
    const { min, max, pattern } = limits;
    if (min !== undefined && size < min) this.#fault(`'${text}'`, path, `Member must have ${measure}greater than or equal to ${min}`);
    if (max !== undefined && size > max) this.#fault(`'${text}'`, path, `Member must have ${measure}less than or equal to ${max}`);
    if (limits.enum && !limits.enum.includes(text))
      this.#fault(`'${text}'`, path, `Member must satisfy enum value set: [${limits.enum.join(", ")}]`);
    else if (pattern !== undefined && !matches(pattern, text))
      this.#fault(`'${text}'`, path, `Member must satisfy regular expression pattern: ${pattern}`);
  }

  #fault(value: string, path: string, constraint: string): void {
    this.faults.push(`Value ${value} at '${path}' failed to satisfy constraint: ${constraint}`);
  }
}

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
/** Paths in messages begin with a small letter in each part, as the services write them: `tags.1.member.key`. */
const join = (path: string, name: string) => (path === "" ? lowerFirst(name) : `${path}.${lowerFirst(name)}`);
const wirePath = (path: string, name: string) => (path === "" ? name : `${path}.${name}`);

/**
 * The input of structure `shapeName`.
 * @throws ApiError ValidationError with every broken limit, or InvalidQueryParameter for a name that the structure lacks.
 */
export function parseInput(shapeName: string | undefined, parameters: URLSearchParams): unknown {
  const root = levels(parameters);
  root.below.delete("Action");
  root.below.delete("Version");
  const decoder = new Decoder();
  const shape: Shape = shapeName === undefined ? { type: "structure", members: [] } : shapeNamed(shapeName);
  const input = decoder.decode(shape, root, "");
  if (decoder.faults.length > 0) throw validationErrors(decoder.faults);
  return input;
}
