/** Packer as a process: which release it is, and one build, told line by line. */
import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { exitCodes, OpsError } from "../exit-codes.ts";

/** The folder with the source file for this Packer. */
export interface PackerRelease {
  readonly version: string;
  readonly folder: string;
  /** What this release cannot do, for the log; absent = nothing. */
  readonly warning?: string;
}

/** `packer version` only prints; a minute is a hang. */
const versionTimeoutMs = 60_000;
/** Downloading a plugin of 60 MB. */
const initTimeoutMs = 300_000;
const packerFolder = join(import.meta.dirname, "../../packer");
const install = "install Packer 1.7 or newer (https://developer.hashicorp.com/packer/install), or Debian's package packer, 1.6.6";

function output(args: readonly string[], timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, CHECKPOINT_DISABLE: "1" };
    execFile("packer", args, { timeout, env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT") reject(new OpsError(exitCodes.usage, `packer is not on the PATH: ${install}. Nothing was made.`));
      else {
        const said = stderr.trim() || stdout.trim() || error.message;
        reject(new OpsError(exitCodes.failed, `packer ${args.join(" ")} failed: ${said}. Nothing was made.`));
      }
    });
  });
}

/** @throws OpsError `usage` when Packer is missing or too old */
export async function packerRelease(): Promise<PackerRelease> {
  const [, version = "", major = "", minor = ""] = /v((\d+)\.(\d+)\.\d+)/.exec(await output(["version"], versionTimeoutMs)) ?? [];
  const number = Number(major) * 1000 + Number(minor);
  if (number >= 1007) return { version, folder: join(packerFolder, "1.7") };
  if (number < 1006 || version === "") {
    throw new OpsError(exitCodes.usage, `Packer ${version || "of an unknown version"} is too old: ${install}. Nothing was made.`);
  }
  const warning =
    `Packer ${version}: the builder answers IMDSv1 too while it lives, and a bake that is cancelled may leave its node on the Chef server; ` +
    "with Packer 1.7 or newer neither is so";
  return { version, folder: join(packerFolder, "1.6"), warning };
}

/** Fetches the plugins that the source file asks for; 1.6 has them built in. */
export async function initPlugins({ folder }: PackerRelease): Promise<void> {
  if (folder.endsWith("1.7")) await output(["init", folder], initTimeoutMs);
}

export interface PackerBuild {
  readonly folder: string;
  readonly variablesFile: string;
  /** `KEY=VALUE`, over those in the file. */
  readonly variables: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly timeoutSeconds: number;
  readonly say: (line: string) => void;
}

/** Lines of its own that a failed build is told with. */
const lastLines = 15;
/** Packer stops and terminates the builder and waits for it; longer than that it hangs. */
const cancelMs = 600_000;

/** @throws OpsError `failed` with Packer's last lines, `waitEnded` when it was cancelled */
export async function packerBuild(build: PackerBuild): Promise<void> {
  const variables = build.variables.flatMap((one) => ["-var", one]);
  const args = ["build", "-color=false", `-var-file=${build.variablesFile}`, ...variables, build.folder];
  // In a process group of its own: a Ctrl-C of the terminal would reach it beside the one sent on, and a second one makes it give up its clean-up.
  const child = spawn("packer", args, { env: build.environment, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => {
      if (line.trim() === "") return;
      lines.push(line);
      build.say(line);
    });
  }
  let cancelled: string | undefined;
  let kill: NodeJS.Timeout | undefined;
  const cancel = (reason: string) => {
    if (cancelled !== undefined) return;
    cancelled = reason;
    build.say(`cancelling the bake: ${reason}; Packer removes what it made`);
    child.kill("SIGINT");
    kill = setTimeout(() => child.kill("SIGKILL"), cancelMs);
  };
  const timer = setTimeout(() => cancel(`it took more than ${build.timeoutSeconds} s`), build.timeoutSeconds * 1000);
  const stop = (signal: NodeJS.Signals) => cancel(signal);
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
    if (cancelled !== undefined)
      throw new OpsError(exitCodes.waitEnded, `The bake was cancelled: ${cancelled}. Run the same command again.`);
    if (code === 0) return;
    const last = lines.slice(-lastLines).join("\n");
    throw new OpsError(
      exitCodes.failed,
      `Packer failed with exit status ${code ?? "unknown"}; no image was made. Its last lines:\n${last}`,
    );
  } finally {
    clearTimeout(timer);
    clearTimeout(kill);
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
