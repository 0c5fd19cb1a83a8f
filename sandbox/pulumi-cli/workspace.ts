/** The folders and files that the CLI works with, apart from everything of the user's. */
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import yaml from "yaml";
import { isAlive } from "../aws/processes.ts";
import { EngineError } from "../engine/api.ts";
import type { ConfigMap, DeployOptions, PluginCommand } from "../engine/api.ts";
import { requirePulumi, runPulumi } from "./process.ts";
import type { Installation } from "./process.ts";

/** `project` holds the copies of the project files. */
export interface Workspace extends Installation {
  readonly packs: readonly { readonly dir: string; readonly configFile?: string }[];
  /** Stands while the CLI may change its own copy of the state. */
  readonly marker: string;
}

/** What a plugin's command and variables become for the CLI: an executable on the PATH. */
function pluginScript({ command, env = {} }: PluginCommand): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const variables = Object.entries(env).map(([key, value]) => `export ${key}=${quote(value)}\n`);
  return `#!/bin/sh\n${variables.join("")}exec ${command.map(quote).join(" ")} "$@"\n`;
}

/** Without the secrets, which never stand in a file in plain text. */
function stackConfig(config: ConfigMap): Record<string, unknown> {
  const plain = Object.entries(config).filter(([, { secret }]) => !secret);
  return Object.fromEntries(plain.map(([key, { value, object }]): [string, unknown] => [key, object ? JSON.parse(value) : value]));
}

/** `main` is given in full: the program stays where it is. */
async function writeProject(folder: string, options: DeployOptions, backend: string): Promise<void> {
  const { projectDir, projectName, main, stack, config } = options;
  const source = join(projectDir, "Pulumi.yaml");
  const given = existsSync(source) ? (yaml.parse(await readFile(source, "utf8")) as Record<string, unknown>) : {};
  const runtime = given["runtime"] ?? { name: "nodejs", options: { typescript: false } };
  const project = { ...given, name: projectName, runtime, main: resolve(projectDir, main), backend: { url: backend } };
  await writeFile(join(folder, "Pulumi.yaml"), yaml.stringify(project));
  const file = join(folder, `Pulumi.${stack}.yaml`);
  const before = existsSync(file) ? ((yaml.parse(await readFile(file, "utf8")) ?? {}) as { encryptionsalt?: string }) : {};
  const salt = before.encryptionsalt === undefined ? {} : { encryptionsalt: before.encryptionsalt };
  await writeFile(file, yaml.stringify({ ...salt, config: stackConfig(config) }));
}

/** Secrets are set by the CLI itself, which encrypts them. */
async function setSecrets(workspace: Workspace, { config, stack }: DeployOptions): Promise<void> {
  for (const [key, { value, secret }] of Object.entries(config)) {
    if (!secret) continue;
    const { code, errors } = await runPulumi(workspace, ["config", "set", "--secret", "--stack", stack, key], { input: value });
    if (code !== 0) throw new EngineError(`pulumi config set --secret ${key} failed: ${errors}`);
  }
}

async function writePacks(folder: string, options: DeployOptions): Promise<Workspace["packs"]> {
  return Promise.all(
    (options.policyPacks ?? []).map(async ({ dir, configFile, config }, index) => {
      if (configFile !== undefined || config === undefined) return { dir, ...(configFile !== undefined && { configFile }) };
      const file = join(folder, `policy-config-${index}.json`);
      await writeFile(file, JSON.stringify(config));
      return { dir, configFile: file };
    }),
  );
}

/** Programs look at it to see whether policies are in force; for the CLI it is an option, and a path from its own folder. */
function packVariable({ env, policyPacks = [] }: DeployOptions): Record<string, string> {
  return "PULUMI_OPTION_POLICY_PACK" in env ? { PULUMI_OPTION_POLICY_PACK: policyPacks.map(({ dir }) => resolve(dir)).join(",") } : {};
}

/** A CLI that was killed leaves its lock in the backend, which nobody but us uses. */
async function removeDeadLocks(backend: string): Promise<void> {
  const folder = join(backend, ".pulumi", "locks");
  const names = existsSync(folder) ? await readdir(folder, { recursive: true }) : [];
  for (const file of names.filter((name) => name.endsWith(".json")).map((name) => join(folder, name))) {
    const { pid } = JSON.parse(await readFile(file, "utf8")) as { readonly pid: number };
    if (!isAlive(pid)) await rm(file);
  }
}

export async function openWorkspace(options: DeployOptions): Promise<Workspace> {
  const pulumi = requirePulumi(options.env["PATH"] ?? "");
  const root = join(dirname(options.stateFile), `pulumi-${basename(options.stateFile, ".json")}`);
  const [home, backend, project, bin] = ["home", "backend", "project", "bin"].map((name) => join(root, name)) as [
    string,
    string,
    string,
    string,
  ];
  await Promise.all([home, backend, project, bin].map((folder) => mkdir(folder, { recursive: true })));
  for (const [name, plugin] of Object.entries(options.plugins)) {
    const file = join(bin, `pulumi-resource-${name}`);
    await writeFile(file, pluginScript(plugin));
    await chmod(file, 0o755);
  }
  await removeDeadLocks(backend);
  await writeProject(project, options, `file://${backend}`);
  const workspace = {
    pulumi,
    project,
    packs: await writePacks(root, options),
    marker: join(root, "running"),
    env: {
      ...options.env,
      ...packVariable(options),
      PATH: [bin, options.env["PATH"] ?? ""].join(delimiter),
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: `file://${backend}`,
      PULUMI_CONFIG_PASSPHRASE: options.passphrase,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // Plugins are those on the PATH, or none: nothing is loaded from the network.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
      // The runner of packs would leave a folder of compiled code among the system's temporary files.
      TS_NODE_CACHE: "false",
      NO_COLOR: "1",
    },
  };
  await selectStack(workspace, options.stack);
  await setSecrets(workspace, options);
  return workspace;
}

async function selectStack(workspace: Workspace, stack: string): Promise<void> {
  const { code, errors } = await runPulumi(workspace, ["stack", "select", "--create", "--non-interactive", "--stack", stack]);
  if (code !== 0) throw new EngineError(`pulumi stack select ${stack} failed: ${errors}`);
}

/** After a run that was killed the CLI's own copy is the newer one, its pending operations included. */
export async function importState(workspace: Workspace, { stateFile, stack }: DeployOptions): Promise<void> {
  if (!existsSync(workspace.marker) && existsSync(stateFile)) {
    const { code, errors } = await runPulumi(workspace, ["stack", "import", "--stack", stack, "--file", resolve(stateFile)]);
    if (code !== 0) throw new EngineError(`pulumi stack import of ${stateFile} failed; the file was left untouched: ${errors}`);
  }
  await writeFile(workspace.marker, "");
}

export async function exportState(workspace: Workspace, { stateFile, stack }: DeployOptions): Promise<void> {
  const temporary = `${stateFile}.export`;
  const { code, errors } = await runPulumi(workspace, ["stack", "export", "--stack", stack, "--file", temporary]);
  if (code !== 0)
    throw new EngineError(`pulumi stack export failed; the state is in the CLI's backend beside ${workspace.project}: ${errors}`);
  await rename(temporary, stateFile);
  await rm(workspace.marker);
}
