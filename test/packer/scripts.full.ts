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

describe("packer/scripts", function () {
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

  it("leaves a complete image alone: no Chef, nothing but folders", async () => {
    const { code, output } = await bake({ ...scripts, ...leftovers, "/srv/scripts/custom.sh": "echo mine >/etc/mine\n" }, environment());
    assert.equal(code, 0, output);
    assert.equal(await root!.shell("cat /etc/mine; ls -d /etc/chef/ohai/hints/ec2.json 2>/dev/null || :"), "mine");
  });

  it("gives a managed node its hint and an agent that starts", async () => {
    const agent = { "/usr/local/bin/amazon-ssm-agent": "#!/bin/sh\n", "/opt/stand-ins/units/amazon-ssm-agent.service/": "" };
    const { code, output } = await bake({ ...scripts, ...leftovers, ...agent }, environment({ FLEET_PROVISIONING: "managed-node" }));
    assert.equal(code, 0, output);
    assert.equal(
      await root!.shell("ls /opt/stand-ins/units/amazon-ssm-agent.service /etc/chef/ohai/hints"),
      "/etc/chef/ohai/hints:\nec2.json\n\n/opt/stand-ins/units/amazon-ssm-agent.service:\nenabled",
    );
  });

  const solo = { FLEET_PROVISIONING: "chef-solo", FLEET_CHEF_RUN_LIST: "role[base]", FLEET_CHEF_SNAPSHOT: "snap-0123456789abcdef0" };
  const repository = {
    "/srv/repository/cookbooks/": "",
    "/srv/repository/roles/base.json": "{}",
    "/etc/fstab": "/srv/repository /chef none bind 0 0\n",
  };

  it("writes the line for /chef once, and without a volume runs nothing", async () => {
    const { code, output } = await bake(
      { ...scripts, ...leftovers, "/etc/fstab": "# empty /chef x\n" },
      environment({ FLEET_PROVISIONING: "chef-solo", FLEET_CHEF_VOLUME_LABEL: "repository" }),
    );
    assert.equal(code, 0, output);
    assert.equal(
      await root!.shell("cat /etc/fstab"),
      "# empty /chef x\nLABEL=repository /chef auto defaults,nofail,x-systemd.device-timeout=30s 0 2",
    );
    const again = await root!.run(["bash", "/srv/scripts/bake.sh"], environment({ FLEET_PROVISIONING: "chef-solo" }));
    assert.equal(again.code, 0, again.output);
    assert.equal(await root!.shell("grep -c LABEL /etc/fstab"), "1");
  });

  it("runs Chef from the repository on the volume and takes it off again", async () => {
    const { code, output } = await bake({ ...scripts, ...leftovers, ...repository }, environment(solo));
    assert.equal(code, 0, output);
    assert.match(
      await root!.shell("cat /opt/stand-ins/record"),
      /^chef-client --local-mode --json-attributes \/run\/fleet-bake\/first-boot\.json --no-color\nrun list: role\[base\]$/m,
    );
    assert.equal(await root!.shell("mountpoint -q /chef && echo mounted || ls -A /chef"), "");
  });

  it("takes it off as well when Chef fails, or when it holds no repository", async () => {
    const unknown = await bake({ ...scripts, ...leftovers, ...repository }, environment({ ...solo, FLEET_CHEF_RUN_LIST: "role[none]" }));
    assert.equal(unknown.code, 1);
    assert.match(unknown.output, /404 "Not Found": role none\nbake: chef-client failed with status 1/);
    assert.equal(await root!.shell("mountpoint -q /chef && echo mounted || :"), "");
    await root!.stop();
    const empty = await bake(
      { ...scripts, ...leftovers, "/srv/repository/": "", "/etc/fstab": repository["/etc/fstab"] },
      environment(solo),
    );
    assert.equal(empty.code, 1);
    assert.match(empty.output, /bake: snap-0123456789abcdef0 holds no folder cookbooks/);
    assert.equal(await root!.shell("mountpoint -q /chef && echo mounted || :"), "");
  });

  it("installs a package whose checksum fits, and no other", async () => {
    root = await ThrowAwayRoot.start({
      ...scripts,
      "/srv/deb/DEBIAN/control": "Package: fleet-agent\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: x\n",
    });
    await root.shell(
      "mkdir -p /srv/deb/usr/bin && printf '#!/bin/sh\\n' >/srv/deb/usr/bin/fleet-agent && chmod 755 /srv/deb/usr/bin/fleet-agent && dpkg-deb --build /srv/deb /srv/agent.deb && mkdir -p /run/fleet-bake && cp /srv/scripts/*.sh /run/fleet-bake",
    );
    const sum = (await root.shell("sha256sum /srv/agent.deb")).split(" ")[0]!;
    const install = (url: string, sha256: string) =>
      root!.run(["bash", "-euo", "pipefail", "/run/fleet-bake/package.sh", "fleet-agent"], {
        FLEET_RUN: "/run/fleet-bake",
        FLEET_PACKAGE_URL: url,
        FLEET_PACKAGE_SHA256: sha256,
      });
    const url = "file:///srv/agent.deb";
    for (const [given, hash, said] of [
      ["", "", "the source image has no fleet-agent: give package_url and package_sha256, or a source image that has it"],
      [url, "", "package_sha256 is missing: nothing is installed whose checksum is unknown"],
      [url, "0".repeat(64), `${url} has the SHA-256 ${sum}, not package_sha256`],
      ["file:///srv/none.deb", sum, "file:///srv/none.deb cannot be fetched"],
    ] as const) {
      const { code, output } = await install(given, hash);
      assert.equal(code, 1);
      assert.ok(output.includes(`bake: ${said}\n`), output);
    }
    const done = await install(url, sum);
    assert.equal(done.code, 0, done.output);
    assert.match((await install(url, sum)).output, /bake: the source image has fleet-agent/);
  });

  it("says what is missing for a run of Chef, and that a key cannot be read", async () => {
    const missing = await bake(chefBuilder, { ...chefEnvironment, FLEET_CHEF_VALIDATOR: "" });
    assert.equal(missing.code, 1);
    assert.match(
      missing.output,
      /bake: CHEF_VALIDATOR is missing: a run of Chef needs chef_server_url, chef_validator and chef_validator_key/,
    );
    await root!.stop();
    // No metadata at all: nothing listens on that port.
    const nobody = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:9" };
    const unread = await bake(
      { ...chefBuilder, "/srv/scripts/secret.sh": scripts["/srv/scripts/secret.sh"]! },
      { ...chefEnvironment, ...nobody },
    );
    assert.equal(unread.code, 1);
    assert.match(unread.output, /bake: ssm:\/storefront\/chef\/validator cannot be read|the builder has no role/);
    assert.doesNotMatch(unread.output, /chef-client failed/);
  });
});
