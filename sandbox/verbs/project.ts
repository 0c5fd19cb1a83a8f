/** Reads a project's files as Pulumi's own CLI reads them: Pulumi.yaml and Pulumi.<stack>.yaml. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, YAMLParseError } from "yaml";
import type { ConfigMap, ConfigValue } from "../engine/api.ts";
import { UsageError } from "./usage-error.ts";

/** Values of a stack's configuration by full key, `namespace:name`; objects and lists as they stand in YAML. */
export type Settings = Readonly<Record<string, unknown>>;

export interface Project {
  readonly dir: string;
  readonly name: string;
  /** Entry of the program, relative to `dir`. */
  readonly main: string;
}

interface ProjectFile {
  readonly name?: unknown;
  readonly main?: unknown;
  readonly config?: Readonly<Record<string, unknown>>;
}

function readYaml(path: string): Readonly<Record<string, unknown>> {
  let content: unknown;
  try {
    content = parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof YAMLParseError) throw new UsageError(`${path} is no YAML: ${error.message.split("\n")[0] ?? ""}`);
    throw error;
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== "object" || Array.isArray(content))
    throw new UsageError(`${path} holds no keys; see Pulumi's page on project files.`);
  return content as Readonly<Record<string, unknown>>;
}

export function readProject(dir: string): Project {
  const path = join(dir, "Pulumi.yaml");
  if (!existsSync(path)) throw new UsageError(`${path} does not exist: run this in the project's folder.`);
  const { name, main } = readYaml(path) as ProjectFile;
  if (typeof name !== "string") throw new UsageError(`${path}: name is missing.`);
  return { dir, name, main: typeof main === "string" ? main : "." };
}

const stackFile = (dir: string, stack: string) => join(dir, `Pulumi.${stack}.yaml`);

/** Settings of a stack, the project's defaults included. */
export function readSettings(project: Project, stack: string): Settings {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(stack)) {
    throw new UsageError(
      `--stack is "${stack}"; allowed: letters, digits, "-", "_" and ".", at most 100, beginning with a letter or digit.`,
    );
  }
  const path = stackFile(project.dir, stack);
  if (!existsSync(path))
    throw new UsageError(`${path} does not exist: the stack has no settings. Choose a stack that has, or write the file.`);
  const file = readYaml(path);
  const own = (file["config"] ?? {}) as Record<string, unknown>;
  const settings: Record<string, unknown> = { ...projectDefaults(project), ...own };
  const secrets = Object.entries(settings).filter(([, value]) => isEncrypted(value));
  if (secrets.length > 0) {
    throw new UsageError(
      `${path} holds encrypted values, which only the stack's own secrets provider can read: ${secrets.map(([key]) => key).join(", ")}. ` +
        `Give plain ones for this machine with --set KEY=VALUE.`,
    );
  }
  return settings;
}

const isEncrypted = (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).join() === "secure";

/** `config` of Pulumi.yaml: `key: value`, `key: {value: …}` or `key: {type: …, default: …}`; keys without a namespace are the project's. */
function projectDefaults(project: Project): Record<string, unknown> {
  const { config = {} } = readYaml(join(project.dir, "Pulumi.yaml")) as ProjectFile;
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, given]) => {
      const full = key.includes(":") ? key : `${project.name}:${key}`;
      if (typeof given !== "object" || given === null || Array.isArray(given)) return [[full, given]];
      const declared = given as Readonly<Record<string, unknown>>;
      const value = declared["value"] ?? declared["default"];
      return value === undefined ? [] : [[full, value]];
    }),
  );
}

/** As the engine hands it to the program: text, or JSON for objects and lists. */
export function configMap(settings: Settings): ConfigMap {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]): [string, ConfigValue] =>
      typeof value === "object" && value !== null
        ? [key, { value: JSON.stringify(value), object: true }]
        : [key, { value: value === null || value === undefined ? "" : `${value as string | number | boolean}` }],
    ),
  );
}
