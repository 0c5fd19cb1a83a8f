/** Reads client.rb and first-boot.json as strictly as Chef, as far as boot writes them. */
import { existsSync, readFileSync } from "node:fs";
import { refuse } from "./record.ts";

export type Config = Readonly<Record<string, string>>;

/** Settings that a configuration here may have; a misspelt one, which Chef would silently take as its own, is refused. */
const known = [
  ...["chef_server_url", "node_name", "log_location", "environment", "policy_name", "policy_group", "validation_client_name"],
  ...["validation_key", "client_key", "trusted_certs_dir", "local_mode", "chef_repo_path", "node_path", "file_cache_path"],
];

const line = /^([a-z_]+) (?:'((?:[^'\\]|\\.)*)'|([A-Za-z0-9_]+))$/;

export function readConfig(path: string): Config {
  if (!existsSync(path)) return refuse(`there is no configuration ${path}`);
  const entries = readFileSync(path, "utf8")
    .split("\n")
    .filter((text) => text !== "" && !text.startsWith("#"))
    .map((text) => {
      const [, name = "", quoted, word] = line.exec(text) ?? [];
      if (!known.includes(name)) return refuse(`${path} has the line ${JSON.stringify(text)}, which Chef does not know`);
      return [name, quoted === undefined ? (word ?? "") : quoted.replace(/\\(.)/g, "$1")] as const;
    });
  return Object.fromEntries(entries);
}

const runListItem = /^(?:role\[([A-Za-z0-9_-]+)\]|recipe\[([A-Za-z0-9_-]+)(?:::([A-Za-z0-9_-]+))?(?:@\d+(?:\.\d+){1,2})?\])$/;

export interface RunListItem {
  readonly role?: string;
  readonly cookbook?: string;
  readonly recipe: string;
}

export function readRunList(items: unknown): RunListItem[] {
  if (!Array.isArray(items)) return refuse(`the run list ${JSON.stringify(items)} is no list`);
  return items.map((item) => {
    const [match, role, cookbook, recipe = "default"] = runListItem.exec(String(item)) ?? [];
    if (match === undefined) return refuse(`the run list has ${JSON.stringify(item)}, which is neither a role nor a recipe`);
    return { recipe, ...(role === undefined ? {} : { role }), ...(cookbook === undefined ? {} : { cookbook }) };
  });
}

export interface FirstBoot extends Readonly<Record<string, unknown>> {
  readonly run_list?: readonly string[];
}

export function readFirstBoot(path: string | undefined): FirstBoot | undefined {
  if (path === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as FirstBoot;
  } catch (error) {
    return refuse(`${path} cannot be read: ${String(error)}`);
  }
}
