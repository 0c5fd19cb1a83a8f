import type { CheckFailure } from "../protocol/provider.ts";
import { archiveSignature, assetSignature, isObject, signatureOf, unknown } from "../protocol/values.ts";
import type { Value } from "../protocol/values.ts";
import type { Member, Shape } from "./schema.ts";

export const shapeName = (shape: Shape): string => {
  if (typeof shape === "string") return shape === "any" ? "anything" : `a ${shape}`;
  if ("list" in shape) return "a list";
  return "object" in shape ? "an object" : "a map";
};

/**
 * `value` as the type wants it: `5` for the string `"5"` and the other way round, as Pulumi's AWS provider converts them.
 * What does not fit is reported with its path and left alone.
 */
export function fitted(value: Value, shape: Shape, path: string, failures: CheckFailure[]): Value {
  if (value === unknown || shape === "any") return value;
  const signature = signatureOf(value);
  if (signature === assetSignature || signature === archiveSignature) return value;
  if (typeof shape === "string") return scalar(value, shape, path, failures);
  if ("list" in shape && Array.isArray(value)) return value.map((item, index) => fitted(item, shape.list, `${path}[${index}]`, failures));
  if ("map" in shape && isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fitted(item, shape.map, `${path}.${key}`, failures)]));
  if ("object" in shape && isObject(value)) return members(value, shape.object, path, failures);
  failures.push({ property: path, reason: wrong(path, value, shape) });
  return value;
}

const wrong = (path: string, value: Value, shape: Shape): string => `${path} is ${JSON.stringify(value)}, but must be ${shapeName(shape)}`;

function scalar(value: Value, shape: "string" | "number" | "boolean", path: string, failures: CheckFailure[]): Value {
  if (typeof value === shape) return value;
  if (shape === "string" && (typeof value === "number" || typeof value === "boolean")) return String(value);
  if (shape === "number" && typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value))) return Number(value);
  if (shape === "boolean" && (value === "true" || value === "false")) return value === "true";
  failures.push({ property: path, reason: wrong(path, value, shape) });
  return value;
}

function members(value: { [key: string]: Value }, known: Readonly<Record<string, Member>>, path: string, failures: CheckFailure[]): Value {
  for (const [key, member] of Object.entries(known)) {
    if (member.optional !== true && value[key] === undefined)
      failures.push({ property: `${path}.${key}`, reason: `${path}.${key} is missing; it must be ${shapeName(member.type)}` });
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const member = known[key];
      if (member !== undefined) return [key, fitted(item, member.type, `${path}.${key}`, failures)];
      failures.push({
        property: `${path}.${key}`,
        reason: `${path}.${key} is unknown; known are ${Object.keys(known).sort().join(", ")}`,
      });
      return [key, item];
    }),
  );
}
