/** Whether this machine can run instances: name spaces, overlays and the tools that boot needs of an image. */
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { removeWithOverlays } from "./overlay-folders.ts";

/** Name spaces of a machine of its own; without privileges those of a user, who is root in it. */
export function unshareArguments(): string[] {
  const own = ["--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--propagation", "private"];
  return isRoot() ? own : ["--user", "--map-root-user", ...own];
}

export const isRoot = (): boolean => process.getuid?.() === 0;

const tools = ["unshare", "setpriv", "mount", "chroot", "hostname", "curl", "jq", "bash"];

/** Why not, as a sentence with what to do instead; undefined when it can. */
export function whyNoBoot(): string | undefined {
  const instead = "Without --boot the instances are only listed, and a launch hook times out; everything else works.";
  if (process.platform !== "linux") return `--boot needs Linux. ${instead}`;
  const missing = tools.filter((tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0);
  if (missing.length > 0) return `--boot needs ${missing.join(", ")}: apt-get install util-linux coreutils hostname curl jq. ${instead}`;
  const refused = tryOverlay();
  if (refused === undefined) return undefined;
  return (
    `--boot runs every instance in name spaces of its own, which this machine does not allow: ${refused} ` +
    `Run it as root, or in a container with --privileged, or allow user name spaces (sysctl kernel.unprivileged_userns_clone=1). ${instead}`
  );
}

function tryOverlay(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "fleet-boot-"));
  const option = isRoot() ? "" : ",userxattr";
  const script = `mkdir "$0"/u "$0"/w "$0"/m && mount -t overlay overlay -o lowerdir=/usr,upperdir="$0"/u,workdir="$0"/w${option} "$0"/m && : >"$0"/m/local/sbin/fleet-boot && mount -t proc proc /proc`;
  const { status, stderr, error } = spawnSync("unshare", [...unshareArguments(), "sh", "-c", script, folder], {
    encoding: "utf8",
    timeout: 10_000,
  });
  removeWithOverlays(folder, "w");
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}
