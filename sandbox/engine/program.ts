/** Runs the Pulumi program, unchanged, with the SDK's own runner. */
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, resolve } from "node:path";
import { EngineError } from "./api.ts";
import type { DeployOptions } from "./api.ts";
import { runnerCommand } from "./processes.ts";
import type { Child, Processes } from "./processes.ts";

/** The program has told the user itself what is wrong (cmd/run/index.js). */
const alreadyReportedCode = 32;

export interface ProgramOptions {
  readonly deploy: DeployOptions;
  readonly address: string;
  readonly dryRun: boolean;
  readonly parallel: number;
  readonly onLine: (line: string) => void;
}

/** Working directory and entry: a program runs in the folder in which its entry stands. */
export function programPlace({ projectDir, main }: Pick<DeployOptions, "projectDir" | "main">): { pwd: string; entry: string } {
  const path = resolve(projectDir, main);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new EngineError(`The program ${path} does not exist; \`main\` of Pulumi.yaml names it.`);
  return found.isDirectory() ? { pwd: path, entry: "." } : { pwd: dirname(path), entry: basename(path) };
}

export function startProgram(processes: Processes, { deploy, address, dryRun, parallel, onLine }: ProgramOptions): Child {
  const { projectDir, projectName, stack, organization = "organization", config, env } = deploy;
  const { pwd, entry } = programPlace(deploy);
  const runner = createRequire(resolve(pwd, "package.json")).resolve("@pulumi/pulumi/cmd/run");
  const plain = Object.fromEntries(Object.entries(config).map(([key, { value }]) => [key, value]));
  const secretKeys = Object.keys(config).filter((key) => config[key]?.secret);
  return processes.start({
    name: "program",
    command: [
      ...runnerCommand(runner),
      `--monitor=${address}`,
      `--engine=${address}`,
      `--organization=${organization}`,
      `--project=${projectName}`,
      `--root-directory=${projectDir}`,
      `--stack=${stack}`,
      `--pwd=${pwd}`,
      ...(dryRun ? ["--dry-run"] : []),
      `--parallel=${parallel}`,
      entry,
    ],
    cwd: pwd,
    env: {
      ...env,
      PULUMI_NODEJS_TYPESCRIPT: "false",
      PULUMI_CONFIG: JSON.stringify(plain),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secretKeys),
    },
    onLine,
  });
}

/** What to say about an exit code; undefined when all is well or has been said. */
export function exitFault(code: number): string | undefined {
  if (code === 0 || code === alreadyReportedCode) return undefined;
  return code === -1 ? "the program was ended by a signal" : `the program ended with code ${code}`;
}
