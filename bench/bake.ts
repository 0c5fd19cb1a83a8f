/**
 * How long a bake takes in the local AWS: bare, and provisioned over ssh into a throw-away root, beside Packer's own time without us.
 * Packer is the one on the PATH; the second figure needs root and an SSH server.
 *
 *   npm run bench -- bake [--rounds N]
 */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SeedWorld } from "../sandbox/seed/world.ts";
import { leftovers } from "../test/packer/helpers/builder.ts";
import { finished, needs, ThrowAwayRoot } from "../test/packer/helpers/root.ts";
import { startTestAws } from "../test/sandbox/aws/local-aws.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
const rounds = Number(values.rounds);
const project = join(import.meta.dirname, "..");

await needs("packer", "sshd", "unshare");
const aws = await startTestAws({ speed: 1 });
const folder = mkdtempSync(join(tmpdir(), "fleet-bench-bake-"));
const environment = {
  PATH: `${join(project, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
  AWS_ENDPOINT_URL: aws.endpoint,
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_EC2_METADATA_DISABLED: "true",
  CHECKPOINT_DISABLE: "1",
};

async function timed(file: string, args: readonly string[]): Promise<number> {
  const start = performance.now();
  const { code, output } = await finished("sh", ["-c", 'cd "$0" && exec "$@"', folder, file, ...args], environment);
  if (code !== 0) throw new Error(`${file} ${args.join(" ")}: exit status ${code}: ${output}`);
  return (performance.now() - start) / 1000;
}

const median = (all: readonly number[]) => all.toSorted((one, other) => one - other)[Math.floor(all.length / 2)] ?? Number.NaN;

async function repeated(run: (round: number) => Promise<number>): Promise<number> {
  const all: number[] = [];
  for (let round = 0; round < rounds; round++) {
    all.push(await run(round));
    await new Promise((resolve) => setTimeout(resolve, 1000)); // an image's name holds the second of its bake
  }
  return median(all);
}

const variablesOf = (given: Readonly<Record<string, string | number>>) =>
  Object.entries(given).flatMap(([name, value]) => ["-var", `${name}=${value}`]);

async function inRoot(): Promise<number> {
  const root = await ThrowAwayRoot.start(leftovers);
  try {
    const port = await root.startSshd();
    const ssh = { communicator: "ssh", ssh_host: "127.0.0.1", ssh_port: port, ssh_username: "root" };
    return await timed("node", [...bake, ...Object.entries(ssh).flatMap(([name, value]) => ["--var", `${name}=${value}`])]);
  } finally {
    await root.stop();
  }
}

const bake = [join(project, "ops/cli.ts"), "bake", "--stack", "staging"];
try {
  const world = new SeedWorld(aws);
  const zone = (await world.defaultNetwork()).subnets[0]?.zone ?? "";
  const sourceImage = await world.image({ id: "ami-source", architecture: "x86_64", tags: {}, bakedAtTag: "x" }, zone);
  symlinkSync(join(project, "packer"), join(folder, "packer"));
  const image = `{ bakeType: t3.small, bake: { sourceImage: ${sourceImage}, sourceOwner: self, recipeRevision: bench } }`;
  writeFileSync(
    join(folder, "Pulumi.staging.yaml"),
    `config:\n  aws:region: ${aws.region}\n  fleet:product: bench\n  fleet:platform: web\n  fleet:majorVersion: 1\n  fleet:fleets:\n    app: { instanceType: t3.small, image: ${image} }\n`,
  );
  const alone = variablesOf({
    region: aws.region,
    endpoint: aws.endpoint,
    name: "alone",
    product: "bench",
    major_version: 1,
    recipe_revision: "bench",
    source_image: sourceImage,
    instance_type: "t3.small",
    root_size_gib: 8,
    communicator: "none",
  });
  const packer = await repeated(() => timed("packer", ["build", "-color=false", ...alone, join(project, "packer/1.6")]));
  const bare = await repeated(() => timed("node", bake));
  const provisioned = await repeated(inRoot);
  console.log(`Packer alone, bare: ${packer.toFixed(2)} s`);
  console.log(`ops bake, bare: ${bare.toFixed(2)} s (target: below 3)`);
  console.log(`ops bake to Packer alone: ${(bare / packer).toFixed(2)}`);
  console.log(`ops bake, provisioned over ssh: ${provisioned.toFixed(2)} s (target: below 30)`);
} finally {
  rmSync(folder, { recursive: true, force: true });
  await aws.stop();
}
