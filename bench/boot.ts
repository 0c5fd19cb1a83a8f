/**
 * What a boot costs in our own code: bytes of user data for each system, and the time from the start of the script to the
 * completed launch hook on the local AWS, without Chef; and its processor time, which does not depend on what else runs.
 *
 *   npm run bench -- boot [--runs N]
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ChefArgs, ManagedNodeArgs } from "../components/boot/args.ts";
import type { FleetArgs } from "../components/fleet-args.ts";
import { fleetUserData, maxUserDataBytes, packUserData, roomyUserDataBytes } from "../components/user-data.ts";
import { whyNoBoot } from "../sandbox/boot/ability.ts";
import { fleetArgs, prefix } from "../test/components/helpers/args.ts";
import { Checkout } from "../test/helpers/checkout.ts";

const { values } = parseArgs({ options: { runs: { type: "string", default: "5" } } });
const runs = Number(values.runs);

const chef: ChefArgs = {
  serverUrl: "https://chef.example.com/organizations/storefront",
  runList: ["role[app]"],
  key: "ssm:/storefront/chef/validator",
  nodeNamePrefix: "",
  repository: "/chef",
  client: "timer",
  intervalSeconds: 1800,
  splaySeconds: 300,
  waitSeconds: 900,
  runSeconds: 1800,
  attempts: 3,
};
const managedNode: ManagedNodeArgs = {
  source: { type: "S3", info: { path: "https://s3.eu-central-1.amazonaws.com/cookbooks/app.tar.gz" }, objectArns: [] },
  runList: ["recipe[storefront]"],
  chefVersion: "None",
  schedule: "rate(30 minutes)",
  onlineSeconds: 600,
  waitSeconds: 2400,
};
const systems: Readonly<Record<string, Partial<FleetArgs>>> = {
  none: { launchHook: { heartbeatSeconds: 600 } },
  "chef-server": { provisioning: "chef-server", chef },
  "managed-node": { provisioning: "managed-node", managedNode },
  "chef-solo": {
    provisioning: "chef-solo",
    chef,
    volumes: [{ deviceName: "/dev/sdk", snapshotId: "snap-0123456789abcdef0", mountPoint: "/chef" }],
  },
  "snapshot volume at boot": {
    volumes: [{ deviceName: "/dev/sdf", attach: "boot", snapshotTags: { "fleet:volume": "code" }, mountPoint: "/code" }],
  },
};

for (const [name, changes] of Object.entries(systems)) {
  const text = fleetUserData(prefix, { ...fleetArgs, ...changes });
  const [plain, packed] = [Buffer.byteLength(text), packUserData(text, true).length];
  const sent = plain > roomyUserDataBytes ? packed : plain;
  console.log(
    `user data of ${name}: ${plain} bytes, ${packed} compressed; sent ${Math.round((sent / maxUserDataBytes) * 100)} % of the limit`,
  );
}

const why = whyNoBoot();
if (why !== undefined) throw new Error(why);
const checkout = new Checkout();
try {
  const set = [`size={"min":${runs},"max":${runs}}`, 'launchHook={"heartbeatSeconds":600}'].flatMap((one) => [
    "--set",
    `fleet:fleets.app.${one}`,
  ]);
  const args = ["up", "--stack", "staging", "--boot", "--keep", "--set", "fleet:consumer.kind=none", ...set];
  const { code, stdout, stderr } = await checkout.run("sandbox/cli.ts", args, { timeoutMs: 600_000 });
  if (code !== 0) throw new Error(`sandbox up ended with ${code}:\n${stdout.slice(-2_000)}${stderr.slice(-2_000)}`);
  const times = globSync(".sandbox/boot/i-*/var/log/fleet/boot.log", { cwd: checkout.path }).map((file) =>
    Number(/ done in ([\d.]+) s/.exec(readFileSync(join(checkout.path, file), "utf8"))?.[1]),
  );
  times.sort((one, other) => one - other);
  console.log(
    `start of the script to the completed hook, ${times.length} instances, four at once: median ${times[Math.floor(times.length / 2)] ?? NaN} s, longest ${times.at(-1) ?? NaN} s`,
  );
  const processor = globSync(".sandbox/boot/i-*/processor", { cwd: checkout.path }).map((file) =>
    processorSeconds(readFileSync(join(checkout.path, file), "utf8")),
  );
  processor.sort((one, other) => one - other);
  console.log(
    `processor time of the script and all that it runs: median ${processor[Math.floor(processor.length / 2)]?.toFixed(2) ?? NaN} s, longest ${processor.at(-1)?.toFixed(2) ?? NaN} s`,
  );
} finally {
  await checkout.remove();
}

/** What children took between two outputs of bash's `times`: user and system time of the shell, then of its children. */
function processorSeconds(text: string): number {
  const [before = 0, after = NaN] = text
    .trim()
    .split("\n")
    .filter((_, index) => index % 2 === 1)
    .map((line) =>
      [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0),
    );
  return after - before;
}
