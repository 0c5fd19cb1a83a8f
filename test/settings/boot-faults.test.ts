/** Wrong provisioning and wrong volumes: each is told before anything is made, with what is allowed. */
import assert from "node:assert/strict";
import { faultsOf, settingsOf, withFleet } from "../helpers/settings.ts";
import type { Values } from "../helpers/settings.ts";

const chef = {
  serverUrl: "https://chef.example.com/organizations/storefront",
  runList: ["role[app]"],
  key: "ssm:/storefront/chef/validator",
};
const managedNode = { source: { type: "S3", info: { path: "https://s3/x" } }, runList: ["recipe[storefront]"] };
const repository = { deviceName: "/dev/sdk", snapshotId: "snap-0123456789abcdef0", mountPoint: "/chef" };
const code = { deviceName: "/dev/sdf", attach: "boot", snapshotTags: { "fleet:volume": "code" }, mountPoint: "/code" };
const app = "fleet:fleets.app";

const cases: readonly (readonly [what: string, given: Values, faults: readonly string[]])[] = [
  [
    "an unknown system",
    { provisioning: "puppet" },
    [`${app}.provisioning is "puppet"; allowed: none, chef-server, chef-solo, managed-node`],
  ],
  [
    "OpsWorks, which has ended",
    { provisioning: "opsworks" },
    [
      `${app}.provisioning is "opsworks"; allowed: none, chef-server, chef-solo, managed-node. AWS OpsWorks Stacks reached its end of life on 26 May 2024; managed-node does the same with AWS Systems Manager`,
    ],
  ],
  [
    "a run list with a typo",
    { provisioning: "chef-server", chef: { ...chef, runList: ["role[app]", "recipes[storefront]", "role[app"] } },
    [
      `${app}.chef.runList[1] is "recipes[storefront]"; allowed: an entry such as role[app] or recipe[storefront::app]`,
      `${app}.chef.runList[2] is "role[app"; allowed: an entry such as role[app] or recipe[storefront::app]`,
    ],
  ],
  [
    "no run list at all",
    { provisioning: "chef-solo" },
    [`${app}.chef.runList is absent; allowed: a run list, since provisioning is chef-solo`],
  ],
  [
    "a missing parameter name, and a server that is missing too",
    { provisioning: "chef-server", chef: { runList: ["role[app]"] } },
    [
      `${app}.chef.serverUrl is absent; allowed: an address like https://chef.example.com/organizations/NAME`,
      `${app}.chef.key is absent; allowed: ssm:PARAMETER or secretsmanager:NAME, where the key is stored`,
    ],
  ],
  [
    "something that is no reference where one belongs",
    { provisioning: "chef-server", chef: { ...chef, key: "/etc/chef/validator.pem" } },
    [`${app}.chef.key is "/etc/chef/validator.pem"; allowed: ssm:PARAMETER or secretsmanager:NAME`],
  ],
  [
    "a policy without a group, beside a run list and an environment",
    { provisioning: "chef-server", chef: { ...chef, policyName: "app", environment: "staging" } },
    [
      `${app}.chef.policyGroup is absent; allowed: a group, since policyName is given`,
      `${app}.chef.runList is ["role[app]"]; allowed: absent, since policyName is given`,
      `${app}.chef.environment is "staging"; allowed: absent, since policyName is given`,
    ],
  ],
  [
    "a server without TLS, and a validator beside a user",
    {
      provisioning: "chef-server",
      chef: { ...chef, serverUrl: "http://chef/organizations/a", user: "boot", validatorName: "a-validator" },
    },
    [
      `${app}.chef.serverUrl is "http://chef/organizations/a"; allowed: an address with https, or any with chef.allowHttp`,
      `${app}.chef.validatorName is "a-validator"; allowed: absent, since user is given`,
    ],
  ],
  [
    "what belongs to another system",
    { chef, managedNode },
    [
      `${app}.chef is {"serverUrl":"https://chef.example.com/organizations/storefront","runList":["role[app]"],"key":"ssm:/storefront/chef/validator"}; allowed: absent, since provisioning is none`,
      `${app}.managedNode is {"source":{"type":"S3","info":{"path":"https://s3/x"}},"runList":["recipe[storefront]"]}; allowed: absent, since provisioning is none`,
    ],
  ],
  [
    "a managed node without recipes",
    { provisioning: "managed-node" },
    [`${app}.managedNode.runList is absent; allowed: a run list, since provisioning is managed-node`],
  ],
  [
    "chef-solo with a server, and with a volume that is empty",
    {
      provisioning: "chef-solo",
      chef: { runList: ["role[app]"], key: chef.key },
      volumes: [{ deviceName: "/dev/sdk", sizeGiB: 10, mountPoint: "/chef" }],
    },
    [
      `${app}.chef.key is "ssm:/storefront/chef/validator"; allowed: absent, since provisioning is chef-solo`,
      `${app}.chef.repository is "/chef"; allowed: a path on a volume of a snapshot, with that mountPoint or one above it`,
    ],
  ],
  [
    "a volume without a mount point and without tags",
    { volumes: [{ deviceName: "/dev/sdf", attach: "boot" }] },
    [
      `${app}.volumes[0].snapshotTags is absent; allowed: tags of the snapshots, since attach is boot`,
      `${app}.volumes[0].mountPoint is absent; allowed: an absolute path, since attach is boot`,
    ],
  ],
  [
    "two volumes on one device, under two of its names, and at one place",
    { volumes: [repository, { ...repository, deviceName: "/dev/xvdk" }] },
    [
      `${app}.volumes[1].deviceName is "/dev/xvdk"; allowed: each device once`,
      `${app}.volumes[1].mountPoint is "/chef"; allowed: each mount point once`,
    ],
  ],
  [
    "tags at launch, an id at boot",
    {
      volumes: [
        { ...repository, snapshotTags: { a: "b" } },
        { ...code, snapshotId: "snap-0123456789abcdef0" },
      ],
    },
    [
      `${app}.volumes[0].snapshotTags is {"a":"b"}; allowed: absent, or attach: boot`,
      `${app}.volumes[1].snapshotId is "snap-0123456789abcdef0"; allowed: absent, since attach is boot`,
    ],
  ],
  [
    "days that nobody keeps logs for",
    { boot: { logRetentionDays: 31 } },
    [
      `${app}.boot.logRetentionDays is 31; allowed: one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653`,
    ],
  ],
];

describe("settings/boot-faults", () => {
  for (const [what, given, expected] of cases) {
    it(`tells ${what}`, () => {
      assert.deepEqual(
        faultsOf(withFleet(given)).map(({ key, problem }) => `${key} ${problem}`),
        expected,
      );
    });
  }

  it("does not repeat a secret that was pasted where a name belongs", () => {
    const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----";
    const faults = faultsOf(withFleet({ provisioning: "chef-server", chef: { ...chef, key } }));
    assert.ok(faults.length > 0);
    assert.ok(!JSON.stringify(faults).includes("MIIE"));
  });

  it("takes each system, and gives a launch hook to those that provision", () => {
    const hookOf = (given: Values) => settingsOf(withFleet(given)).fleets[0]?.launchHook?.heartbeatSeconds;
    assert.equal(hookOf({}), undefined);
    assert.equal(hookOf({ provisioning: "chef-server", chef }), 600);
    assert.equal(hookOf({ provisioning: "chef-server", chef, launchHook: { heartbeatSeconds: 60 } }), 60);
    assert.equal(hookOf({ provisioning: "chef-solo", chef: { runList: ["role[app]"] }, volumes: [repository] }), 600);
    assert.equal(hookOf({ provisioning: "managed-node", managedNode }), 600);
    assert.equal(hookOf({ volumes: [code] }), undefined);
  });
});
