/** The scripts of a bake, run as root in a throw-away root with everything planted that they must take away. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { chefServer, environment, leftovers, node, serverUrl, validatorKey } from "./helpers/builder.ts";
import { needs, ThrowAwayRoot, type Finished } from "./helpers/root.ts";

const folder = join(import.meta.dirname, "../../packer/scripts");
const scripts = Object.fromEntries(
  readdirSync(folder).map((name) => [`/srv/scripts/${name}`, readFileSync(join(folder, name), "utf8")] as const),
);
const cleanup = scripts["/srv/scripts/cleanup.sh"]!;

/** In the place of the secret store; the real script that reads it has a test of its own. */
const secret = { "/srv/scripts/secret.sh": `printf '%s' '${validatorKey}'\n` };
const chefEnvironment = environment({
  FLEET_PROVISIONING: "chef-server",
  FLEET_CHEF_SERVER_URL: serverUrl,
  FLEET_CHEF_VALIDATOR: "storefront-validator",
  FLEET_CHEF_VALIDATOR_KEY: "ssm:/storefront/chef/validator",
  FLEET_CHEF_RUN_LIST: "role[base],recipe[app::bake]",
});
const chefBuilder = { ...scripts, ...secret, ...chefServer, ...leftovers };

describe("packer/scripts", () => {
  let root: ThrowAwayRoot | undefined;
  before(() => needs("unshare", "nsenter", "jq", "curl"));
  afterEach(async () => {
    await root?.stop();
    root = undefined;
  });

  const bake = async (planted: Readonly<Record<string, string>>, variables: Readonly<Record<string, string>>): Promise<Finished> => {
    root = await ThrowAwayRoot.start(planted);
    return root.run(["bash", "/srv/scripts/bake.sh"], variables);
  };

  it("runs Chef as a node of its own and leaves a clean image with what boot relies on", async () => {
    const { code, output } = await bake(chefBuilder, chefEnvironment);
    assert.equal(code, 0, output);
    assert.match(output, /bake: the image is clean\n$/);
    const record = await root!.shell("cat /opt/stand-ins/record");
    assert.match(
      record,
      /^chef-client --config \/etc\/chef\/client\.rb --json-attributes \/etc\/chef\/first-boot\.json --once --no-color$/m,
    );
    assert.match(record, /^run list: role\[base\] recipe\[app::bake\]$/m);
    assert.equal(
      await root!.shell("ls /opt/stand-ins/server/nodes /opt/stand-ins/server/clients"),
      "/opt/stand-ins/server/clients:\n\n/opt/stand-ins/server/nodes:",
    );
    assert.equal(await root!.shell("find /etc/chef -type f; cat /etc/chef/ohai/hints/ec2.json"), "/etc/chef/ohai/hints/ec2.json\n{}");
    assert.equal(
      await root!.shell("ls /opt/stand-ins/units/*/; cat /opt/consul/bin/consul"),
      "/opt/stand-ins/units/consul.service/:\nenabled\n\n/opt/stand-ins/units/datadog-agent.service/:\nthe program stays",
    );
    assert.equal(
      await root!.shell("ls -d /etc/fleet /usr/local/lib/fleet /var/log/fleet; stat -c %s /etc/machine-id"),
      "/etc/fleet\n/usr/local/lib/fleet\n/var/log/fleet\n0",
    );
    assert.ok(!output.includes("RSA PRIVATE KEY"));
  });

  it("has no line in the clean-up without which the bake would go through", async function () {
    this.timeout(300_000);
    const lines = cleanup.split("\n");
    const working = lines.flatMap((line, index) => (/^\s*(#|$)/.test(line) ? [] : [index]));
    assert.ok(working.length > 25);
    const survived: string[] = [];
    const without = async (index: number): Promise<void> => {
      const shorter = lines.filter((_, other) => other !== index).join("\n");
      const builder = await ThrowAwayRoot.start({ ...chefBuilder, "/srv/scripts/cleanup.sh": shorter });
      try {
        const { code } = await builder.run(["bash", "/srv/scripts/bake.sh"], chefEnvironment);
        if (code === 0) survived.push(lines[index]!);
      } finally {
        await builder.stop();
      }
    };
    const [even, odd] = [0, 1].map((half) => working.filter((_, position) => position % 2 === half));
    await Promise.all(
      [even!, odd!].map(async (half) => {
        for (const index of half) await without(index);
      }),
    );
    assert.deepEqual(survived, []);
  });

  it("names everything that is left, the Chef server's objects too", async () => {
    const { code, output } = await bake({ ...chefBuilder, "/srv/scripts/cleanup.sh": ":\n" }, chefEnvironment);
    assert.equal(code, 1);
    const left = [...output.matchAll(/^bake: (?:left: |still \w+: |left (?=on ))(.*?)(?: \(.*)?$/gm)].map(([, what]) => what);
    const planted = Object.keys(leftovers).filter(
      (path) => path.startsWith("/") && !path.startsWith("/opt/stand-ins") && !path.endsWith("/bin/consul"),
    );
    for (const path of planted)
      assert.ok(
        left.some((one) => one === `what is in ${path}` || `${path}/`.startsWith(`${one!}/`)),
        `${path} of ${left.join("\n")}`,
      );
    for (const what of [
      "datadog-agent",
      "consul",
      "/etc/chef/client.pem",
      "/etc/chef/client.rb",
      "/etc/chef/validation.pem",
      "/etc/chef/first-boot.json",
      `on the Chef server: node ${node}`,
    ])
      assert.ok(left.includes(what), `${what} of ${left.join("\n")}`);
  });
});
