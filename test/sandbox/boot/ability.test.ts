/** What `up --boot` says on machines that cannot: each is made of a PATH, whoever runs the tests. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { checkBoot } from "../../../sandbox/verbs/boot.ts";
import { refusal } from "../../helpers/refusal.ts";

const instead = "Without --boot the instances are only listed, and a launch hook times out; everything else works.";

describe("sandbox up --boot", () => {
  const { PATH, TMPDIR } = process.env;
  const { platform, getuid } = process;
  let dir: string;

  /** A tool of the machine: a script. */
  const tool = (name: string, script = "exit 0") => writeFileSync(join(dir, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const isA = (name: string) => Object.defineProperty(process, "platform", { value: name });

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "fleet-ability-"));
    for (const name of ["bin", "tmp"]) mkdirSync(join(dir, name));
    process.env["PATH"] = join(dir, "bin");
    process.env["TMPDIR"] = join(dir, "tmp");
    isA("linux");
    tool("sh", 'exec /bin/sh "$@"');
    for (const name of ["setpriv", "mount", "chroot", "hostname", "curl", "jq", "bash"]) tool(name);
    tool(
      "unshare",
      'for one do case "$one" in -*) echo "$one" ;; *) break ;; esac; done >"$0.arguments"; echo "unshare failed: Operation not permitted" >&2; exit 1',
    );
  });
  afterEach(() => {
    if (PATH === undefined) delete process.env["PATH"];
    else process.env["PATH"] = PATH;
    if (TMPDIR === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = TMPDIR;
    isA(platform);
    process.getuid = getuid!;
    rmSync(dir, { recursive: true, force: true });
  });

  /** What unshare was asked for. */
  const spaces = () =>
    readFileSync(join(dir, "bin", "unshare.arguments"), "utf8")
      .trimEnd()
      .split("\n");

  it("refuses where name spaces are not allowed, asks for those of a user without root, and leaves nothing behind", () => {
    const own = ["--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--propagation"];
    process.getuid = () => 1000;
    const expected =
      "--boot runs every instance in name spaces of its own, which this machine does not allow: unshare failed: Operation not permitted " +
      "Run it as root, or in a container with --privileged, or allow user name spaces (sysctl kernel.unprivileged_userns_clone=1). " +
      instead;
    assert.equal(refusal(checkBoot), expected);
    assert.deepEqual(spaces(), ["--user", "--map-root-user", ...own]);
    process.getuid = () => 0;
    assert.equal(refusal(checkBoot), expected);
    assert.deepEqual(spaces(), own);
    assert.deepEqual(readdirSync(join(dir, "tmp")), []);
  });

  it("names the tools that are missing, and where they come from", () => {
    for (const name of ["jq", "setpriv"]) rmSync(join(dir, "bin", name));
    assert.equal(refusal(checkBoot), `--boot needs setpriv, jq: apt-get install util-linux coreutils hostname curl jq. ${instead}`);
  });

  it("refuses another system than Linux", () => {
    isA("darwin");
    assert.equal(refusal(checkBoot), `--boot needs Linux. ${instead}`);
  });

  it("goes on where everything is allowed", () => {
    tool("unshare");
    assert.doesNotThrow(checkBoot);
  });
});
