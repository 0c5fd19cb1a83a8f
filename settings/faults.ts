import type { z } from "zod";
import type { Fault } from "../scaling/checks/fault.ts";
import { allowedBy, exampleAt, schemaAt } from "./describe.ts";
import type { JsonSchema, Path } from "./describe.ts";
import { nearest } from "./nearest.ts";
import { looksLikeSecret, shown } from "./secrets.ts";

/** One thing that is wrong with the settings. */
export interface SettingFault {
  /** Full key, `fleet:fleets.app.size.min`. */
  readonly key: string;
  /** What is wrong and what is allowed, a clause that follows the key. */
  readonly problem: string;
  /** The line to type, without the stack. */
  readonly mend: string;
}

/** `fleets`, `app`, `volumes`, 0 = `fleets.app.volumes[0]`, as `pulumi config set --path` reads it. */
export function keyPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[A-Za-z_][\w-]*$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

const quoted = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** Text as it is, everything else as JSON. */
const literal = (value: unknown) => quoted(typeof value === "string" ? value : JSON.stringify(value));

export function setLine(key: string, value: unknown): string {
  const flags = /[.[]/.test(key) ? "--path " : "";
  // A value that begins with a hyphen would be read as an option.
  const guard = typeof value !== "string" && String(value).startsWith("-") ? "-- " : "";
  return `pulumi config set ${flags}${guard}${quoted(key)} ${literal(value)}`;
}

export const removeLine = (key: string) => `pulumi config rm ${/[.[]/.test(key) ? "--path " : ""}${quoted(key)}`;

/** @param key the key that `value` was parsed from, for example `fleet:fleets.app`. */
export function faultsOf(key: string, schema: JsonSchema, value: unknown, error: z.ZodError): SettingFault[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    if (issue.code === "unrecognized_keys") {
      const known = Object.keys(schemaAt(schema, path)?.properties ?? {});
      return issue.keys.map((unknown) => unknownKey(joined(key, [...path, unknown]), unknown, known));
    }
    return [wrongValue(key, schema, path, valueAt(value, path))];
  });
}

function joined(key: string, path: Path): string {
  const rest = keyPath(path);
  return rest === "" || rest.startsWith("[") ? `${key}${rest}` : `${key}.${rest}`;
}

export function unknownKey(key: string, name: string, known: readonly string[]): SettingFault {
  const near = nearest(name, known);
  const hint = near === undefined ? "" : `; the nearest known key is ${near}`;
  return { key, problem: `is no setting${hint}`, mend: removeLine(key) };
}

function wrongValue(key: string, schema: JsonSchema, path: Path, value: unknown): SettingFault {
  const place = schemaAt(schema, path) ?? {};
  const example = exampleAt(place, path);
  const allowed = allowedBy(place);
  return {
    key: joined(key, path),
    problem: value === undefined ? `is missing; allowed: ${allowed}` : `is ${shown(value)}; allowed: ${allowed}`,
    mend: setLine(joined(key, example.path), example.value),
  };
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null ? (at as Readonly<Record<string | number, unknown>>)[part] : undefined),
    value,
  );
}

/** A fault that a check of several values found, under the settings' keys. */
export function checkedFault(key: string, { path, message, allowed, value }: Fault): SettingFault {
  const full = path === "" || path.startsWith("[") ? `${key}${path}` : `${key}.${path}`;
  return {
    key: full,
    problem: looksLikeSecret(message) ? `is ${shown(value)}; allowed: ${allowed}` : message.slice(path.length).trimStart(),
    mend: allowed.startsWith("absent") ? removeLine(full) : setLine(full, `<${allowed}>`),
  };
}

/** All faults as one message. */
export function faultList(stack: string, faults: readonly SettingFault[]): string {
  const count = faults.length === 1 ? "One setting is" : `${faults.length} settings are`;
  const list = faults.map(({ key, problem, mend }) => {
    const line = mend.replace(/^pulumi config (\w+)/, `pulumi config $1 --stack ${stack}`);
    return `- ${key} ${problem}\n    ${line}`;
  });
  return `${count} wrong in stack ${stack}:\n${list.join("\n")}`;
}
