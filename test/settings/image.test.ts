/** The image of a fleet in the settings: what is refused, what Packer is handed, and that Packer's variables have the same defaults. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bakeDefaults } from "../../contract/bake.ts";
import { faultsOf, settingsOf, withFleet, type Values } from "../helpers/settings.ts";

const source = "ami-0fedcba9876543210";
const bake = (more: Values = {}): Values => ({ sourceImage: source, recipeRevision: "4f1c2aa", ...more });
const baked = (more: Values = {}, fleet: Values = {}): Values =>
  withFleet({ image: { from: "bake", bakeType: "t3.small", bake: bake(more) }, ...fleet });
const chef = {
  serverUrl: "https://chef.example.com/organizations/storefront",
  runList: ["role[app]"],
  key: "ssm:/storefront/chef/validator",
};
const chefVolume = { deviceName: "/dev/sdk", snapshotId: "snap-0123456789abcdef0", mountPoint: "/chef", label: "repository" };

const told = (values: Values, stack = "staging") =>
  faultsOf(values, { stack }).map(({ key, problem }) => `${key.replace("fleet:fleets.app.image.", "")} ${problem}`);

describe("settings: image", () => {
  const refused: readonly { readonly what: string; readonly given: Values; readonly faults: readonly string[]; readonly stack?: string }[] =
    [
      {
        what: "an image of neither id nor bake",
        given: withFleet({ image: { bakeType: "t3.small" } }),
        faults: ["id is absent; allowed: an id: ami- and 8 or 17 hexadecimal digits"],
      },
      {
        what: "a bake without anything to build upon",
        given: withFleet({ image: { from: "bake", bakeType: "t3.small" } }),
        faults: ["bake.sourceImage is absent; allowed: an image to build upon, since from is bake"],
      },
      {
        what: "an id and an owner beside a bake",
        given: withFleet({ image: { from: "bake", id: source, owner: "123456789012", bakeType: "t3.small", bake: bake() } }),
        faults: [`id is "${source}"; allowed: absent, since from is bake`, 'owner is "123456789012"; allowed: self, since from is bake'],
      },
      {
        what: "a bake in production",
        stack: "production",
        given: baked(),
        faults: ['from is "bake"; allowed: id: images are baked in staging only, and promoted from there'],
      },
      {
        what: "a package without checksum, a session without profile, a run list without Chef",
        given: baked({ packageUrl: "https://packages.example.com/chef.deb", sshInterface: "session_manager", runList: ["role[base]"] }),
        faults: [
          "bake.instanceProfile is absent; allowed: the name of an instance profile, since sshInterface is session_manager",
          "bake.packageSha256 is absent; allowed: the SHA-256 of the package, since packageUrl is given",
          'bake.packageUrl is "https://packages.example.com/chef.deb"; allowed: absent, since provisioning is none',
          'bake.runList is ["role[base]"]; allowed: absent, since provisioning is none',
        ],
      },
      {
        what: "a checksum of no package",
        given: baked({ packageSha256: "0".repeat(64) }),
        faults: [`bake.packageSha256 is "${"0".repeat(64)}"; allowed: absent, since packageUrl is absent`],
      },
      {
        what: "a run of Chef whose builder cannot read the key",
        given: baked({ runList: ["role[base]"] }, { provisioning: "chef-server", chef }),
        faults: ["bake.instanceProfile is absent; allowed: the name of an instance profile, whose role reads chef.key"],
      },
      {
        what: "a run of Chef without validator",
        given: baked(
          { runList: ["role[base]"], instanceProfile: "builder" },
          { provisioning: "chef-server", chef: { ...chef, user: "boot" } },
        ),
        faults: ['bake.runList is ["role[base]"]; allowed: absent, since the builder registers with a validator and chef.user is none'],
      },
      {
        what: "a run list with a typo, a script outside of the project and a secret in the place of a word",
        given: baked(
          { runList: ["rolle[base]"], script: "../app.sh", recipeRevision: "AKIAIOSFODNN7EXAMPLE" },
          { provisioning: "chef-server", chef },
        ),
        faults: [
          "fleet:fleets holds what looks like a secret; allowed: the name of a parameter or secret that instances read with their role",
          'bake.script is "../app.sh"; allowed: a path below the project\'s folder',
          'bake.runList[0] is "rolle[base]"; allowed: an entry such as role[app] or recipe[storefront::app]',
        ],
      },
    ];
  for (const { what, given, faults, stack } of refused) it(`refuses ${what}`, () => assert.deepEqual(told(given, stack), faults));

  it("refuses a run of chef-solo without the volume of its repository", () => {
    const [fault, ...others] = told(
      baked({ runList: ["role[base]"] }, { provisioning: "chef-solo", chef: { runList: ["role[app]"] } }),
    ).filter((one) => one.startsWith("bake."));
    assert.equal(fault, 'bake.runList is ["role[base]"]; allowed: absent, or a volume of the fleet with mountPoint /chef and a snapshotId');
    assert.deepEqual(others, []);
  });

  const imageOf = (values: Values, stack = "staging") => settingsOf(values, { stack }).fleets[0]!.image;
  const common = {
    region: "eu-central-1",
    name: "storefront-staging-web-v3-app",
    product: "storefront",
    major_version: 3,
    recipe_revision: "4f1c2aa",
    source_image: source,
    instance_type: "t3.small",
    ssh_username: "ec2-user",
    ssh_interface: "private_ip",
  };

  it("hands Packer the fleet's own names, and of Chef only what it runs with", () => {
    assert.deepEqual(imageOf(baked()), {
      owner: "self",
      bakeType: "t3.small",
      bake: { variables: { ...common, provisioning: "none" }, sourceOwner: "amazon", timeoutSeconds: 3600 },
    });
    const server = { provisioning: "chef-server", chef: { ...chef, environment: "staging" } };
    assert.deepEqual(imageOf(baked({}, server)).bake?.variables, { ...common, provisioning: "chef-server" });
    assert.deepEqual(imageOf(baked({ runList: ["role[base]"], instanceProfile: "builder" }, server)).bake?.variables, {
      ...common,
      provisioning: "chef-server",
      instance_profile: "builder",
      chef_run_list: ["role[base]"],
      chef_server_url: chef.serverUrl,
      chef_validator: "storefront-validator",
      chef_validator_key: chef.key,
      chef_environment: "staging",
    });
  });

  it("takes the repository of chef-solo from the fleet's volume", () => {
    const solo = { provisioning: "chef-solo", chef: { runList: ["role[app]"] }, volumes: [chefVolume] };
    assert.deepEqual(imageOf(baked({ runList: ["role[base]"] }, solo)).bake?.variables, {
      ...common,
      provisioning: "chef-solo",
      chef_volume_label: "repository",
      chef_run_list: ["role[base]"],
      chef_snapshot: chefVolume.snapshotId,
    });
  });

  it("asks of production's image that staging has run it, and of no other", () => {
    assert.deepEqual(imageOf(withFleet({}), "production"), {
      owner: "self",
      bakeType: "t3.small",
      imageId: "ami-0123456789abcdef0",
      promotedFrom: "staging",
    });
    assert.equal(imageOf(withFleet({})).promotedFrom, undefined);
  });

  it("leaves out only what Packer's variables have as their default", () => {
    const text = readFileSync(join(import.meta.dirname, "../../packer/variables.pkr.hcl"), "utf8");
    const variables = new Map([...text.matchAll(/^variable "(\w+)" \{\n([^]*?)^\}/gm)].map(([, name = "", body = ""]) => [name, body]));
    const defaultOf = (name: string) => /^ {2}default +?= (.*)$/m.exec(variables.get(name) ?? "")?.[1];
    assert.equal(defaultOf("ssh_username"), JSON.stringify(bakeDefaults.sshUsername));
    assert.equal(defaultOf("ssh_interface"), JSON.stringify(bakeDefaults.sshInterface));
    const handed = [
      ...Object.keys(common),
      "provisioning",
      "root_size_gib",
      "kms_key",
      "subnet_id",
      "security_group_ids",
      "instance_profile",
    ];
    const more = ["script", "package_url", "package_sha256", "chef_run_list", "chef_server_url", "chef_validator", "chef_validator_key"];
    for (const name of [...handed, ...more, "chef_environment", "chef_snapshot", "chef_volume_label"]) assert.ok(variables.has(name), name);
    const required = [...variables.keys()].filter((name) => defaultOf(name) === undefined);
    assert.deepEqual(
      required.filter((name) => !(name in common)),
      [],
    );
  });
});
