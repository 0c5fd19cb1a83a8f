/**
 * A throw-away root: the host's directories under an overlay that is kept in memory, in mount and process namespaces of its own.
 * Scripts that clean up a machine run there for real and touch nothing outside.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const standIns = join(import.meta.dirname, "../stand-ins");

/** Folders of the host that the root begins without: they are large, or other processes write there meanwhile. */
const emptied = ["/tmp", "/var/tmp", "/run", "/var/log", "/home", "/var/lib/cloud"];

const setUp = `
set -euo pipefail
work=$1
mount -t tmpfs overlay "$work/memory"
mkdir "$work/memory/upper" "$work/memory/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/memory/upper,workdir=$work/memory/work" "$work/root"
for directory in ${emptied.join(" ")}; do
  mkdir -p "$work/root$directory"
  mount -t tmpfs empty "$work/root$directory"
done
chmod 1777 "$work/root/tmp" "$work/root/var/tmp"
mount --rbind /dev "$work/root/dev"
mount -t proc proc "$work/root/proc"
cp -a "$work/planted/." "$work/root/"
echo ready
exec chroot "$work/root" sleep infinity
`;

export interface Finished {
  readonly code: number;
  /** Both streams, in the order in which they came. */
  readonly output: string;
}

export class ThrowAwayRoot {
  readonly #work: string;
  readonly #holder: ChildProcess;
  readonly #sshd: Server[] = [];

  private constructor(work: string, holder: ChildProcess) {
    this.#work = work;
    this.#holder = holder;
  }

  /** @param planted path in the root to content; a path that ends in a slash is a folder */
  static async start(planted: Readonly<Record<string, string>>): Promise<ThrowAwayRoot> {
    if (process.getuid?.() !== 0) throw new Error("A throw-away root needs namespaces: run this test as root.");
    const work = mkdtempSync(join(tmpdir(), "fleet-root-"));
    for (const name of ["memory", "root", "planted"]) mkdirSync(join(work, name));
    for (const [path, content] of Object.entries(planted)) plant(join(work, "planted"), path, content);
    cpSync(standIns, join(work, "planted/usr/local/bin"), { recursive: true });
    const holder = spawn(
      "unshare",
      ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "bash", "-c", setUp, "setup", work],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    const said: string[] = [];
    holder.stderr.on("data", (text: Buffer) => said.push(text.toString()));
    const isReady = await new Promise<boolean>((resolve) => {
      holder.stdout.once("data", () => resolve(true));
      holder.once("close", () => resolve(false));
    });
    if (!isReady) {
      rmSync(work, { recursive: true, force: true });
      throw new Error(`The throw-away root was not made: ${said.join("")}`);
    }
    return new ThrowAwayRoot(work, holder);
  }

  /** The process inside, whose namespaces and root are entered: the only child of `unshare`. */
  async #inside(): Promise<string> {
    const { output } = await finished("pgrep", ["-P", String(this.#holder.pid)], {});
    return output.trim();
  }

  async #enter(command: readonly string[]): Promise<readonly string[]> {
    return ["--target", await this.#inside(), "--mount", "--pid", "--root", "--wd", ...command];
  }

  async run(command: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Finished> {
    return finished("nsenter", await this.#enter(command), environment);
  }

  /** What `script` prints, run by bash; fails when it fails. */
  async shell(script: string): Promise<string> {
    const { code, output } = await this.run(["bash", "-euo", "pipefail", "-c", script]);
    if (code !== 0) throw new Error(`${script}: exit status ${code}: ${output}`);
    return output.trim();
  }

  /** An SSH server in the root that lets its root in without a key, on a port of 127.0.0.1: one process per connection. */
  async startSshd(): Promise<number> {
    await this.shell(`
      mkdir -p /run/sshd /run/ssh-test && ssh-keygen -q -t ed25519 -N '' -f /run/ssh-test/key && usermod -p '' root
      printf '%s\\n' 'HostKey /run/ssh-test/key' 'PermitRootLogin yes' 'PermitEmptyPasswords yes' 'UsePAM no' \
        'Subsystem sftp internal-sftp' 'StrictModes no' >/run/ssh-test/config`);
    const command = await this.#enter(["/usr/sbin/sshd", "-i", "-f", "/run/ssh-test/config"]);
    const server = createServer((socket) => {
      const child = spawn("nsenter", command, { stdio: ["pipe", "pipe", "ignore"] });
      socket.on("error", () => child.kill()).pipe(child.stdin.on("error", () => undefined));
      child.stdout.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#sshd.push(server);
    return (server.address() as AddressInfo).port;
  }

  /** Every process in it ends with the first one. */
  async stop(): Promise<void> {
    for (const server of this.#sshd) server.close();
    const ended = new Promise((resolve) => this.#holder.once("close", resolve));
    this.#holder.kill("SIGKILL");
    await ended;
    rmSync(this.#work, { recursive: true, force: true });
  }
}

function plant(folder: string, path: string, content: string): void {
  const full = join(folder, path);
  if (path.endsWith("/")) {
    mkdirSync(full, { recursive: true });
    return;
  }
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
  if (path.startsWith("/usr/local/bin/")) chmodSync(full, 0o755);
}

/** A script that hangs is a fault; the slowest takes seconds. */
const limitMs = 120_000;

export function finished(file: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", ...marked(), ...environment };
    const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: limitMs, killSignal: "SIGKILL" });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.once("error", reject).once("close", (code) => resolve({ code: code ?? -1, output }));
  });
}

/** How the test runner knows the processes of its run. */
const marked = (): Record<string, string> => {
  const run = process.env["FLEET_TEST_RUN"];
  return run === undefined ? {} : { FLEET_TEST_RUN: run };
};

/** Fails with what to install; a full test never skips. */
export async function needs(...programs: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const program of programs) {
    const isThere = await new Promise<boolean>((resolve) =>
      execFile("sh", ["-c", `command -v ${program} || test -x /usr/sbin/${program}`], (error) => resolve(error === null)),
    );
    if (!isThere) missing.push(program);
  }
  if (missing.length > 0) throw new Error(`${missing.join(", ")} not installed: install_packages of .ci/run names the packages.`);
}
