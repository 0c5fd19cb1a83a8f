/** The sandbox's command line as a person uses it, with the real program, engine, policies and local AWS. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { isAlive } from "../../sandbox/aws/processes.ts";
import { Checkout, type Finished } from "../helpers/checkout.ts";

interface Report {
  readonly ok: boolean;
  readonly steps: readonly { readonly op: string; readonly urn: string }[];
  readonly changeSummary: Readonly<Record<string, number>>;
  readonly diagnostics: readonly { readonly severity: string; readonly message: string }[];
  readonly policyViolations: readonly { readonly policyName: string; readonly enforcementLevel: string }[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly durationSeconds: number;
}

interface Status {
  readonly aws: { readonly endpoint: string; readonly pid: number; readonly emulators: readonly { readonly pid: number }[] } | null;
  readonly stacks: readonly { readonly stack: string; readonly resources: number; readonly live: boolean }[];
}

/** Content of every file of a checkout that is not the sandbox's own, a package or a bundle. */
function fingerprints(path: string): string {
  const files = globSync("**/*", { cwd: path, exclude: (name) => [".sandbox", "node_modules", ".venv", "dist"].includes(name) }).sort();
  const contents = files
    .filter((file) => statSync(join(path, file)).isFile())
    .map(
      (file) =>
        `${file} ${createHash("sha256")
          .update(readFileSync(join(path, file)))
          .digest("hex")}`,
    );
  return contents.join("\n");
}

describe("npm run sandbox", function () {
  let checkout: Checkout;
  before(() => (checkout = new Checkout()));
  after(() => checkout.remove());

  const state = (stack: string) => join(checkout.path, ".sandbox", stack, "state.json");
  const told = ({ code, stdout, stderr }: Finished) => `exit status ${code}\n${stdout}\n${stderr}`;
  /** Standard output as JSON; a run that printed none is told whole. */
  function json(ended: Finished): unknown {
    assert.match(ended.stdout, /^[{[]/, told(ended));
    return JSON.parse(ended.stdout);
  }
  const status = async () => json(await checkout.sandbox("status", "--json")) as Status;
  const run = (verb: string, args: readonly string[], environment: Record<string, string> = {}) =>
    checkout.run("sandbox/cli.ts", [verb, ...args], { environment });

  describe("preview, with credentials, profiles and backends planted around it", () => {
    let trap: Server;
    const caught: string[] = [];
    before(async () => {
      trap = createServer((request, response) => {
        caught.push(`${request.method ?? ""} ${request.url ?? ""}`);
        response.writeHead(500).end();
      });
      await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve));
    });
    after(() => new Promise((resolve) => trap.close(resolve)));

    it("reads none of them, changes no file, prints JSON alone, and leaves no process and no port", async () => {
      const home = join(checkout.path, ".sandbox", "planted-home");
      mkdirSync(join(home, ".aws"), { recursive: true });
      mkdirSync(join(home, ".pulumi"), { recursive: true });
      const url = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
      writeFileSync(
        join(home, ".aws/credentials"),
        "[default]\naws_access_key_id = AKIACANARYCANARY0000\naws_secret_access_key = canary\n",
      );
      writeFileSync(join(home, ".aws/config"), `[default]\nregion = us-gov-west-1\nendpoint_url = ${url}\n`);
      writeFileSync(join(home, ".pulumi/credentials.json"), JSON.stringify({ current: url, accessTokens: { [url]: "canary" } }));
      const planted = {
        HOME: home,
        AWS_ACCESS_KEY_ID: "AKIACANARYCANARY0000",
        AWS_SECRET_ACCESS_KEY: "canary",
        AWS_SESSION_TOKEN: "canary",
        AWS_PROFILE: "canary-profile-that-does-not-exist",
        AWS_REGION: "us-gov-west-1",
        AWS_ENDPOINT_URL: url,
        AWS_ENDPOINT_URL_EC2: url,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
        HTTP_PROXY: url,
        HTTPS_PROXY: url,
        PULUMI_ACCESS_TOKEN: "canary",
        PULUMI_BACKEND_URL: url,
        PULUMI_API: url,
        PULUMI_CONFIG: "{}",
        PULUMI_CONFIG_PASSPHRASE: "canary",
        PULUMI_OPTION_POLICY_PACK: "canary-pack",
      };
      const before = fingerprints(checkout.path);
      const ended = await run("preview", ["--stack", "staging", "--json"], planted);
      assert.equal(ended.code, 0, told(ended));
      const report = json(ended) as Report;
      assert.deepEqual(Object.keys(report).sort(), [
        "changeSummary",
        "config",
        "diagnostics",
        "durationSeconds",
        "ok",
        "outputs",
        "policyViolations",
        "steps",
      ]);
      assert.equal(report.ok, true);
      assert.deepEqual(Object.keys(report.changeSummary), ["create"]);
      assert.equal(report.changeSummary["create"], report.steps.length);
      assert.deepEqual(caught, []);
      assert.doesNotMatch(ended.stdout + ended.stderr, /canary|us-gov/i);
      assert.ok(fingerprints(checkout.path) === before, "no file of the project changed");
      assert.match(ended.stderr, /^local AWS started at http:\/\/127\.0\.0\.1:\d+$/m);
      assert.match(ended.stderr, /^settings that this machine gives its own values \(--set wins\): aws:allowedAccountIds, fleet:/m);
      assert.match(ended.stderr, /local AWS ended: no stack stands in it/);
      const endpoint = /http:\/\/127\.0\.0\.1:\d+/.exec(ended.stderr)?.[0] ?? "";
      await assert.rejects(fetch(endpoint), "nothing listens any more");
      assert.deepEqual(await status(), { aws: null, stacks: [] });
    });
  });

  it("refuses wrong arguments before anything is started", async () => {
    const wrong: readonly (readonly [readonly string[], number, RegExp])[] = [
      [["preview"], 2, /required option '--stack <name>' not specified/],
      [["preview", "--stack", "nowhere"], 1, /Pulumi\.nowhere\.yaml does not exist/],
      [["preview", "--stack", "aws"], 1, /--stack is "aws", which the sandbox needs for itself/],
      [["up", "--stack", "staging", "--speed", "0"], 2, /must be a number greater than 0/],
      [["up", "--stack", "staging", "--engine", "terraform"], 2, /Allowed choices are embedded, pulumi/],
      [["up", "--stack", "staging", "--set", "nonsense"], 1, /--set nonsense: allowed is KEY=VALUE/],
      [["outputs", "--stack", "staging"], 1, /Stack staging has no state here/],
      [["frobnicate"], 2, /unknown command 'frobnicate'/],
    ];
    await Promise.all(
      wrong.map(async ([[verb = "", ...args], code, message]) => {
        const ended = await run(verb, args);
        assert.equal(ended.code, code, told(ended));
        assert.match(ended.stderr, message);
      }),
    );
    assert.equal((await status()).aws, null);
    const report = json(await run("preview", ["--stack", "nowhere", "--json"])) as Report;
    assert.deepEqual([report.ok, report.steps, report.diagnostics[0]?.severity], [false, [], "error"]);
  });

  /** Runs a verb on staging, which gets the signal when it prints the line. */
  const interrupted = async (verb: string, pattern: RegExp, signal: NodeJS.Signals): Promise<number> => {
    const ended = await checkout.run("sandbox/cli.ts", [verb, "--stack", "staging"], { signalAt: { pattern, signal } });
    assert.match(ended.stdout, pattern);
    return ended.code;
  };

  /** Programs, packs, plugins and commands of a run in the checkout. */
  const ofARun = () =>
    globSync("/proc/[0-9]*/environ").filter((file) => {
      try {
        const of = (name: string) => readFileSync(file.replace("environ", name), "utf8");
        return of("environ").includes(`PWD=${checkout.path}`) && /pulumi|plugins|state-command/.test(of("cmdline"));
      } catch {
        return false;
      }
    });

  describe("one stack, from its first up to its end", () => {
    let first: Status;
    let kept: { readonly state: string; readonly awsId: string };

    it("ends on Ctrl-C with a state that the next run goes on from, and no process of the run left", async () => {
      assert.equal(await interrupted("up", /create +sns\.Topic/, "SIGINT"), 130);
      first = await status();
      assert.ok((first.stacks[0]?.resources ?? 0) > 0);
      assert.deepEqual(ofARun(), []);
    });

    it("ends on SIGTERM likewise, also while program, pack and plugins start", async () => {
      assert.equal(await interrupted("preview", /^Previewing:$/m, "SIGTERM"), 130);
      assert.deepEqual(ofARun(), []);
    });

    it("is brought up by one of two that try at the same time", async () => {
      const both = await Promise.all([run("up", ["--stack", "staging"]), run("up", ["--stack", "staging"])]);
      const [winner, loser] = both[0].code === 0 ? both : [both[1], both[0]];
      assert.equal(winner.code, 0, told(winner));
      assert.match(winner.stdout, /^ \+ create +autoscaling\.Group +storefront-staging-web-v3-app-group {2}\d+\.\d s$/m);
      assert.match(winner.stdout, /^outputs: fleets /m);
      assert.match(
        winner.stdout,
        /^up of staging: \d+ created, (\d+ updated, )?\d+ unchanged, /m,
        "what the interrupted run made is there",
      );
      assert.equal(loser.code, 1, told(loser));
      assert.match(loser.stderr, /Stack staging is being changed by another run/);
    });

    it("does not change the second time, and is shown by outputs, status, ops and env", async () => {
      const again = json(await run("up", ["--stack", "staging", "--json"])) as Report;
      assert.deepEqual(Object.keys(again.changeSummary), ["same"]);
      // What the first run had to take on trust is known now.
      assert.deepEqual(
        again.policyViolations.filter(({ policyName }) => policyName === "pack-nothing-unproved"),
        [],
      );
      const [printed, now, operated, env] = await Promise.all([
        run("outputs", ["--stack", "staging", "--json"]),
        status(),
        checkout.run("ops/cli.ts", ["status", "--stack", "staging", "--sandbox"]),
        run("env", []),
      ]);
      const outputs = json(printed) as Report["outputs"];
      assert.deepEqual(Object.keys(outputs["fleets"] as object), ["app"]);
      assert.deepEqual(again.outputs, outputs);
      assert.deepEqual(
        now.stacks.map(({ stack, live }) => ({ stack, live })),
        [{ stack: "staging", live: true }],
      );
      assert.deepEqual(now.aws, { ...first.aws, ...now.aws, endpoint: first.aws?.endpoint, pid: first.aws?.pid }, "the same local AWS");
      assert.match(operated.stdout, /^app: 2 in service \(min 2, desired 2, max 6\), 2 on version 1$/m);
      assert.match(env.stdout, new RegExp(`^export AWS_ENDPOINT_URL='${first.aws?.endpoint ?? "?"}'$`, "m"));
      assert.match(env.stdout, /^unset AWS_PROFILE AWS_SESSION_TOKEN$/m);
    });

    it("goes with everything that was started for it", async () => {
      kept = { state: readFileSync(state("staging"), "utf8"), awsId: readFileSync(join(checkout.path, ".sandbox/staging/aws-id"), "utf8") };
      const pids = [first.aws?.pid ?? 0, ...(first.aws?.emulators ?? []).map(({ pid }) => pid)];
      assert.equal(pids.length, 3);
      const gone = await run("destroy", ["--stack", "staging"]);
      assert.equal(gone.code, 0, told(gone));
      assert.match(gone.stdout, /local AWS ended: no stack stands in it/);
      assert.deepEqual(pids.filter(isAlive), []);
    });

    it("has its state set aside when its local AWS is gone; a corrupt one is refused untouched", async () => {
      // As after a reboot: the state is there, and what it describes is not.
      writeFileSync(state("staging"), kept.state);
      writeFileSync(join(checkout.path, ".sandbox/staging/aws-id"), kept.awsId);
      const preview = await run("preview", ["--stack", "staging", "--keep"]);
      assert.match(
        preview.stdout,
        /^The local AWS that stack staging stood in is gone; its state was set aside as .*state\.json\.bak and the stack begins empty\.$/m,
      );
      assert.match(preview.stdout, /^preview of staging: \d+ to create/m);
      assert.equal(readFileSync(`${state("staging")}.bak`, "utf8"), kept.state);
      assert.equal(existsSync(state("staging")), false);

      const corrupt = kept.state.slice(0, 1000);
      writeFileSync(state("staging"), corrupt);
      const refusals = await Promise.all(
        ["preview", "up", "destroy", "refresh"].map((verb) => run(verb, ["--stack", "staging", "--keep"])),
      );
      for (const refused of refusals) {
        assert.equal(refused.code, 1, told(refused));
        assert.match(
          refused.stderr,
          /The state file .*staging\/state\.json is corrupt: .* It was left untouched|is being changed by another run/,
        );
      }
      assert.ok(refusals.some(({ stderr }) => stderr.includes("It was left untouched")));
      assert.equal(readFileSync(state("staging"), "utf8"), corrupt);
      assert.equal((await run("down", [])).stdout, "local AWS ended\n");
    });
  });

  it("runs the local AWS alone: its endpoint is the first line, a taken port is named, SIGTERM ends it", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const port = String((taken.address() as AddressInfo).port);
    const refused = await run("aws", ["--port", port]);
    await new Promise((resolve) => taken.close(resolve));
    assert.equal(refused.code, 1, told(refused));
    assert.match(refused.stderr, new RegExp(`\\b${port}\\b`));
    assert.equal(refused.stdout, "");

    const child = checkout.start("sandbox/cli.ts", ["aws"]);
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    const first = await new Promise<string>((resolve) => child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text)));
    assert.match(first, /^http:\/\/127\.0\.0\.1:\d+\n$/);
    assert.equal((await fetch(`${first.trim()}/_fleet/status`)).status, 200);
    child.kill("SIGTERM");
    assert.equal(await ended, 0);
    await assert.rejects(fetch(first.trim()));
  });
});
