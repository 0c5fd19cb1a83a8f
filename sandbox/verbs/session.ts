/** Everything that a verb on a stack needs: project, settings, local AWS, and from them the engine's options. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ensureAws, type LocalAws } from "../aws/lifetime.ts";
import type { DeployOptions, EngineEvent } from "../engine/api.ts";
import { seed } from "../seed.ts";
import type { Override } from "../seed/override.ts";
import { ensureBundle } from "./bundle.ts";
import { childEnvironment, sandboxPassphrase } from "./environment.ts";
import { bindToAws, isReserved, sandboxDirectory, stateFile } from "./local-state.ts";
import { configMap, readProject, readSettings, type Project, type Settings } from "./project.ts";
import { applySets } from "./set-path.ts";
import { UsageError } from "./usage-error.ts";

export interface SessionOptions {
  /** The checkout. */
  readonly root: string;
  readonly stack: string;
  /** `KEY=VALUE` each. */
  readonly set: readonly string[];
  /** Virtual seconds per second of a local AWS that this command starts; absent = real time. */
  readonly speed?: number;
  /** One line for people. */
  readonly say: (line: string) => void;
}

export interface Session {
  readonly project: Project;
  readonly aws: LocalAws;
  readonly settings: Settings;
  /** What of the settings was replaced by something that exists in the local AWS. */
  readonly overrides: readonly Override[];
  deployOptions(control: Control): DeployOptions;
}

/** How a run is watched and ended. */
export interface Control {
  readonly signal: AbortSignal;
  readonly killSignal: AbortSignal;
  readonly onEvent: (event: EngineEvent) => void;
}

/** The region that a stack without `aws:region` gets. */
const defaultRegion = "eu-west-1";

function regionOf(settings: Settings): string {
  const region = settings["aws:region"] ?? defaultRegion;
  if (typeof region !== "string")
    throw new UsageError(`aws:region is ${JSON.stringify(region)}; allowed: the name of a region, for example ${defaultRegion}.`);
  return region;
}

export async function openSession({ root, stack, set, speed, say }: SessionOptions): Promise<Session> {
  if (isReserved(stack)) throw new UsageError(`--stack is "${stack}", which the sandbox needs for itself; choose another name.`);
  const project = readProject(root);
  const given = applySets(project, readSettings(project, stack), set);
  const aws = await ensureAws({ root, region: regionOf(given), log: say, ...(speed === undefined ? {} : { speed }) });
  const setAside = bindToAws(root, stack, aws.id);
  if (setAside !== undefined) say(setAside);
  const consumer = given[`${project.name}:consumer`];
  if ((consumer as { readonly kind?: unknown } | undefined)?.kind === "lambda") await ensureBundle(root, say);
  const { settings, overrides } = await seed({ settings: given, set, project: project.name, aws });
  const dir = sandboxDirectory(root);
  mkdirSync(join(dir, "home"), { recursive: true });
  return {
    project,
    aws,
    settings,
    overrides,
    deployOptions: (control) => ({
      projectDir: root,
      projectName: project.name,
      main: project.main,
      stack,
      stateFile: stateFile(root, stack),
      config: configMap(settings),
      passphrase: sandboxPassphrase,
      plugins: Object.fromEntries(
        ["aws", "command"].map((name) => [name, { command: [join(root, "sandbox/plugins/bin", `pulumi-resource-${name}`)] }]),
      ),
      policyPacks: [{ dir: join(root, "policies") }],
      env: childEnvironment(aws, root, dir),
      ...control,
    }),
  };
}
