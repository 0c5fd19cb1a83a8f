/** Every wrong setting, with the sentence and the line that an operator reads. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "yaml";
import { faultList } from "../settings/faults.ts";
import { jsonSchemaOf, parseSettings } from "../settings/parse.ts";
import { settingsPage, stackFileSchema } from "../settings/documents.ts";
import { awsSchemas, projectSchemas } from "../settings/schema.ts";
import { faultsOf, fleet, settingsOf, source, values, withFleet } from "./helpers/settings.ts";
import type { Values } from "./helpers/settings.ts";

const root = join(import.meta.dirname, "..");
const set = "pulumi config set --path";
const ownListener = {
  loadBalancerArn: "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/web/0123456789abcdef",
  certificateArn: "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef",
};
const listener = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/web/0123456789abcdef/0123456789abcdef";
const targetGroup = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/app/0123456789abcdef";

interface Case {
  readonly what: string;
  readonly given: Values;
  /** `key problem | line` of each fault, in order. */
  readonly faults: readonly string[];
}

const without = (key: string): Values => Object.fromEntries(Object.entries(values()).filter(([name]) => name !== key));

const chef = {
  serverUrl: "https://chef.example.com/organizations/storefront",
  user: "fleet-cleanup",
  key: "ssm:/storefront/chef/fleet-cleanup",
};
const consumerOf = (consumer: unknown, notices: unknown = {}): Values => ({
  ...values(),
  "fleet:consumer": consumer,
  "fleet:notices": notices,
});

const consumerCases: readonly Case[] = [
  {
    what: "a consumer without a Chef server",
    given: consumerOf({ kind: "lambda" }),
    faults: [
      `fleet:consumer.chef.serverUrl is absent; allowed: an address like https://chef.example.com/organizations/NAME | ${set} fleet:consumer.chef.serverUrl '<an address like https://chef.example.com/organizations/NAME>'`,
    ],
  },
  {
    what: "a key that is no reference",
    given: consumerOf({ kind: "lambda", chef: { ...chef, key: "/home/me/key.pem" } }),
    faults: [
      `fleet:consumer.chef.key is "/home/me/key.pem"; allowed: ssm:PARAMETER or secretsmanager:NAME | ${set} fleet:consumer.chef.key ssm:/storefront/chef/fleet-cleanup`,
    ],
  },
  {
    what: "an address without TLS, logs for a number of days that nobody offers, and a queue that is too quick",
    given: consumerOf(
      { kind: "lambda", chef: { ...chef, serverUrl: "http://chef/organizations/a" }, logRetentionDays: 31 },
      { visibilityTimeoutSeconds: 300 },
    ),
    faults: [
      `fleet:consumer.chef.serverUrl is "http://chef/organizations/a"; allowed: an address with https, or any with chef.allowHttp | ${set} fleet:consumer.chef.serverUrl '<an address with https, or any with chef.allowHttp>'`,
      `fleet:consumer.logRetentionDays is 31; allowed: one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653 | ${set} fleet:consumer.logRetentionDays '<one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653>'`,
      `fleet:notices.visibilityTimeoutSeconds is 300; allowed: 360 or more with consumer.kind lambda, six times its timeout | ${set} fleet:notices.visibilityTimeoutSeconds '<360 or more with consumer.kind lambda, six times its timeout>'`,
    ],
  },
  {
    what: "nodes that the consumer would look for under another name",
    given: {
      ...consumerOf({ kind: "lambda", chef }),
      "fleet:fleets": {
        app: { ...fleet(), provisioning: "chef-server", chef: { ...chef, runList: ["role[app]"], nodeNamePrefix: "shop-" } },
      },
    },
    faults: [
      `fleet:fleets.app.chef.nodeNamePrefix is "shop-"; allowed: "" with fleet:consumer.naming instance-id, which looks for a node that is named like its instance; with tag any prefix | ${set} fleet:consumer.naming tag`,
    ],
  },
];

const stackCases: readonly Case[] = [
  {
    what: "a missing word",
    given: without("fleet:product"),
    faults: [
      "fleet:product is missing; allowed: up to 24 lower-case letters, digits and single hyphens, beginning with a letter | pulumi config set fleet:product storefront",
    ],
  },
  {
    what: "a word that cannot be in a name",
    given: { ...values(), "fleet:platform": "Web_1" },
    faults: [
      'fleet:platform is "Web_1"; allowed: up to 24 lower-case letters, digits and single hyphens, beginning with a letter | pulumi config set fleet:platform web',
    ],
  },
  {
    what: "a version that is no number",
    given: { ...values(), "fleet:majorVersion": "three" },
    faults: ['fleet:majorVersion is "three"; allowed: a whole number from 0 to 9999 | pulumi config set fleet:majorVersion 3'],
  },
  {
    what: "a switch that is neither on nor off",
    given: { ...values(), "fleet:protect": "yes" },
    faults: ['fleet:protect is "yes"; allowed: true, false | pulumi config set fleet:protect true'],
  },
  {
    what: "no network",
    given: without("fleet:network"),
    faults: [
      `fleet:network is missing; allowed: an object with vpcId, subnetIds, subnetTags | ${set} fleet:network.vpcId vpc-0123456789abcdef0`,
    ],
  },
  {
    what: "an empty network",
    given: { ...values(), "fleet:network": {} },
    faults: [`fleet:network.vpcId is absent; allowed: a VPC, or subnetIds | ${set} fleet:network.vpcId '<a VPC, or subnetIds>'`],
  },
  {
    what: "a subnet that is none",
    given: { ...values(), "fleet:network": { subnetIds: ["subnet-0123456789abcdef0", "eu-central-1a"] } },
    faults: [
      `fleet:network.subnetIds[1] is "eu-central-1a"; allowed: an id: subnet- and 8 or 17 hexadecimal digits | ${set} 'fleet:network.subnetIds[1]' subnet-0123456789abcdef0`,
    ],
  },
  {
    what: "tags for subnets that are named",
    given: { ...values(), "fleet:network": { subnetIds: ["subnet-0123456789abcdef0"], subnetTags: { tier: "private" } } },
    faults: [
      `fleet:network.subnetTags is {"tier":"private"}; allowed: absent, since subnetIds are given | pulumi config rm --path fleet:network.subnetTags`,
    ],
  },
  {
    what: "two ways to alert",
    given: { ...values(), "fleet:alerts": { email: "ops@example.com", topicArn: "arn:aws:sns:eu-central-1:123456789012:operators" } },
    faults: [
      `fleet:alerts.email is "ops@example.com"; allowed: an address or topicArn, not both | ${set} fleet:alerts.email '<an address or topicArn, not both>'`,
    ],
  },
  {
    what: "an account without quotes",
    given: { ...values(), "aws:allowedAccountIds": [123456789012] },
    faults: [`aws:allowedAccountIds[0] is 123456789012; allowed: 12 digits, in quotes | ${set} 'aws:allowedAccountIds[0]' 123456789012`],
  },
  {
    what: "no account",
    given: without("aws:allowedAccountIds"),
    faults: [`aws:allowedAccountIds is missing; allowed: a list of 1 or more | ${set} 'aws:allowedAccountIds[0]' 123456789012`],
  },
  {
    what: "credentials",
    given: { ...values(), "aws:secretKey": "x" },
    faults: [
      "aws:secretKey holds what looks like a secret; allowed: the name of a parameter or secret that instances read with their role | pulumi config rm aws:secretKey",
    ],
  },
  {
    what: "an unknown key",
    given: { ...values(), "fleet:fleet": {} },
    faults: ["fleet:fleet is no setting; the nearest known key is fleets | pulumi config rm fleet:fleet"],
  },
  {
    what: "no fleet",
    given: { ...values(), "fleet:fleets": {} },
    faults: [`fleet:fleets is empty; allowed: one fleet or more | ${set} fleet:fleets.app.instanceType t3.small`],
  },
  {
    what: "fleets that are a list",
    given: { ...values(), "fleet:fleets": [fleet()] },
    faults: [
      `fleet:fleets is [{"image":{"id":"ami-0123456789abcdef0","bakeType":"t3.small"},"instanceType":"t…; allowed: entries by name | ${set} fleet:fleets.app.image.bakeType t3.small`,
    ],
  },
];

const key = "fleet:fleets.app";
const step = (up: Values): Values => withFleet({ scaling: { up: { threshold: 70, ...up }, down: { threshold: 30 } } });

const fleetCases: readonly Case[] = [
  {
    what: "a missing image",
    given: withFleet({ image: undefined }),
    faults: [
      `${key}.image is missing; allowed: an object with from, id, bakeType, owner, maxAgeDays, bake | ${set} ${key}.image.bakeType t3.small`,
    ],
  },
  {
    what: "an image without its bake type",
    given: withFleet({ image: { id: "ami-0123456789abcdef0" } }),
    faults: [`${key}.image.bakeType is missing; allowed: an instance type such as m7i.large | ${set} ${key}.image.bakeType t3.small`],
  },
  {
    what: "an image by another name",
    given: withFleet({ image: { id: "resolve:ssm:/app/image", bakeType: "t3.small" } }),
    faults: [
      `${key}.image.id is "resolve:ssm:/app/image"; allowed: an id: ami- and 8 or 17 hexadecimal digits | ${set} ${key}.image.id ami-0123456789abcdef0`,
    ],
  },
  {
    what: "a minimum above the maximum",
    given: withFleet({ size: { min: 8, max: 6 } }),
    faults: [
      `${key}.size.min is 8; allowed: a whole number from 0 to size.max (6) | ${set} ${key}.size.min '<a whole number from 0 to size.max (6)>'`,
    ],
  },
  {
    what: "a size in words",
    given: withFleet({ size: { min: "two", max: 6 } }),
    faults: [`${key}.size.min is "two"; allowed: a whole number from 0 to 10000 | ${set} ${key}.size.min 2`],
  },
  {
    what: "a mistyped key",
    given: withFleet({ bootSecond: 60 }),
    faults: [`${key}.bootSecond is no setting; the nearest known key is bootSeconds | pulumi config rm --path ${key}.bootSecond`],
  },
  {
    what: "thresholds that are both on at once",
    given: withFleet({ scaling: { up: { threshold: 30 }, down: { threshold: 70 } } }),
    faults: [
      `${key}.scaling.up.threshold is 30; allowed: a number greater than down.threshold (70) (both alarms would be on at once) | ${set} ${key}.scaling.up.threshold '<a number greater than down.threshold (70)>'`,
    ],
  },
  {
    what: "steps that overlap",
    given: step({
      steps: [
        { lower: 0, upper: 20, adjustment: 1 },
        { lower: 10, adjustment: 2 },
      ],
    }),
    faults: [
      `${key}.scaling.up.steps[1].lower is 10; allowed: 20, where steps[0] ends (the steps overlap) | ${set} '${key}.scaling.up.steps[1].lower' '<20, where steps[0] ends>'`,
    ],
  },
  {
    what: "a gap between steps",
    given: step({
      steps: [
        { lower: 0, upper: 10, adjustment: 1 },
        { lower: 20, adjustment: 2 },
      ],
    }),
    faults: [
      `${key}.scaling.up.steps[1].lower is 20; allowed: 10, where steps[0] ends (there is a gap between the steps) | ${set} '${key}.scaling.up.steps[1].lower' '<10, where steps[0] ends>'`,
    ],
  },
  {
    what: "an up policy that shrinks",
    given: step({ adjustment: -1 }),
    faults: [
      `${key}.scaling.up.adjustment is -1; allowed: 0 or more (this policy scales up) | ${set} ${key}.scaling.up.adjustment '<0 or more>'`,
    ],
  },
  {
    what: "an adjustment beside steps",
    given: step({ adjustment: 1, steps: [{ lower: 0, adjustment: 1 }] }),
    faults: [
      `${key}.scaling.up.adjustment is 1; allowed: absent, since steps are given | pulumi config rm --path ${key}.scaling.up.adjustment`,
    ],
  },
  {
    what: "a magnitude without percentages",
    given: step({ minAdjustmentMagnitude: 2 }),
    faults: [
      `${key}.scaling.up.minAdjustmentMagnitude is 2; allowed: absent (adjustmentType is ChangeInCapacity, and only PercentChangeInCapacity uses it) | pulumi config rm --path ${key}.scaling.up.minAdjustmentMagnitude`,
    ],
  },
  {
    what: "a period that CloudWatch does not know",
    given: step({ periodSeconds: 45 }),
    faults: [
      `${key}.scaling.up.periodSeconds is 45; allowed: 10, 20, 30 or a multiple of 60 | ${set} ${key}.scaling.up.periodSeconds '<10, 20, 30 or a multiple of 60>'`,
    ],
  },
  {
    what: "more datapoints than periods",
    given: step({ evaluationPeriods: 2, datapointsToAlarm: 3 }),
    faults: [
      `${key}.scaling.up.datapointsToAlarm is 3; allowed: a whole number from 1 to 2 | ${set} ${key}.scaling.up.datapointsToAlarm '<a whole number from 1 to 2>'`,
    ],
  },
  {
    what: "only one direction",
    given: withFleet({ scaling: { up: { threshold: 70 } } }),
    faults: [
      `${key}.scaling.down is absent; allowed: a policy in each direction, or target tracking (the group would only move one way) | ${set} ${key}.scaling.down '<a policy in each direction, or target tracking>'`,
    ],
  },
  {
    what: "a target without a metric",
    given: withFleet({ scaling: { targets: [{ target: 50 }] } }),
    faults: [
      `${key}.scaling.targets[0].predefined is absent; allowed: exactly one of predefined, custom and math | ${set} '${key}.scaling.targets[0].predefined' '<exactly one of predefined, custom and math>'`,
    ],
  },
  {
    what: "requests per target without the target group",
    given: withFleet({ scaling: { targets: [{ predefined: "ALBRequestCountPerTarget", target: 50 }] } }),
    faults: [
      `${key}.scaling.targets[0].resourceLabel is absent; allowed: app/<load balancer>/<id>/targetgroup/<target group>/<id> | ${set} '${key}.scaling.targets[0].resourceLabel' '<app/<load balancer>/<id>/targetgroup/<target group>/<id>>'`,
    ],
  },
  {
    what: "two targets of one name",
    given: withFleet({
      scaling: {
        targets: [
          { predefined: "ASGAverageCPUUtilization", target: 50 },
          { predefined: "ASGAverageCPUUtilization", target: 60 },
        ],
      },
    }),
    faults: [
      `${key}.scaling.targets[1].name is "average-cpu-utilization"; allowed: each name once | ${set} '${key}.scaling.targets[1].name' '<each name once>'`,
    ],
  },
  {
    what: "percentages too far apart",
    given: withFleet({
      maintenance: { minHealthyPercent: 50, maxHealthyPercent: 160 },
      rollout: { minHealthyPercent: 90, maxHealthyPercent: 200 },
    }),
    faults: [
      `${key}.maintenance.maxHealthyPercent is 160; allowed: at most 100 more than minHealthyPercent (50) | ${set} ${key}.maintenance.maxHealthyPercent '<at most 100 more than minHealthyPercent (50)>'`,
      `${key}.rollout.maxHealthyPercent is 200; allowed: at most 100 more than minHealthyPercent (90) | ${set} ${key}.rollout.maxHealthyPercent '<at most 100 more than minHealthyPercent (90)>'`,
    ],
  },
  {
    what: "load balancer health without a load balancer",
    given: withFleet({ health: { type: "ELB" } }),
    faults: [
      `${key}.health.type is "ELB"; allowed: EC2, or ELB together with loadBalancing | ${set} ${key}.health.type '<EC2, or ELB together with loadBalancing>'`,
    ],
  },
  {
    what: "a listener without a rule",
    given: withFleet({ loadBalancing: { listenerArn: listener } }),
    faults: [
      `${key}.loadBalancing.priority is absent; allowed: a whole number from 1 to 50000, since listenerArn is given | ${set} ${key}.loadBalancing.priority '<a whole number from 1 to 50000, since listenerArn is given>'`,
      `${key}.loadBalancing.paths is absent; allowed: hosts, paths or both, since listenerArn is given | ${set} ${key}.loadBalancing.paths '<hosts, paths or both, since listenerArn is given>'`,
    ],
  },
  {
    what: "a rule for a listener of its own, with TLS of old",
    given: withFleet({ loadBalancing: { listener: { ...ownListener, tlsPolicy: "ELBSecurityPolicy-2016-08" }, priority: 1 } }),
    faults: [
      `${key}.loadBalancing.listener.tlsPolicy is "ELBSecurityPolicy-2016-08"; allowed: a security policy of TLS 1.2 or newer | ${set} ${key}.loadBalancing.listener.tlsPolicy ELBSecurityPolicy-TLS13-1-2-2021-06`,
    ],
  },
  {
    what: "paths for a listener of its own",
    given: withFleet({ loadBalancing: { listener: ownListener, paths: ["/*"] } }),
    faults: [
      `${key}.loadBalancing.paths is ["/*"]; allowed: absent, since the fleet has a listener of its own | pulumi config rm --path ${key}.loadBalancing.paths`,
    ],
  },
  {
    what: "a port for target groups that exist",
    given: withFleet({ loadBalancing: { targetGroupArns: [targetGroup], port: 80 } }),
    faults: [
      `${key}.loadBalancing.port is 80; allowed: absent, since targetGroupArns are given | pulumi config rm --path ${key}.loadBalancing.port`,
    ],
  },
  {
    what: "more target groups than a group takes",
    given: withFleet({ loadBalancing: { targetGroupArns: Array.from({ length: 51 }, () => targetGroup) } }),
    faults: [
      `${key}.loadBalancing.targetGroupArns is "51 target groups"; allowed: at most 50 (a quota that cannot be raised) | pulumi config set --path ${key}.loadBalancing.targetGroupArns '<at most 50>'`,
    ],
  },
  {
    what: "rules for security groups that exist",
    given: withFleet({ securityGroupIds: ["sg-0123456789abcdef0"], ingress: [] }),
    faults: [`${key}.ingress is []; allowed: absent, since securityGroupIds are given | pulumi config rm --path ${key}.ingress`],
  },
  {
    what: "a rule for no one",
    given: withFleet({ ingress: [{ description: "x", fromPort: 90, toPort: 80 }] }),
    faults: [
      `${key}.ingress[0].cidrBlocks is absent; allowed: cidrBlocks, securityGroupIds or both | ${set} '${key}.ingress[0].cidrBlocks' '<cidrBlocks, securityGroupIds or both>'`,
      `${key}.ingress[0].fromPort is 90; allowed: at most toPort (80) | ${set} '${key}.ingress[0].fromPort' '<at most toPort (80)>'`,
    ],
  },
  {
    what: "ports of a rule for everything",
    given: withFleet({ ingress: [{ description: "x", protocol: "-1", fromPort: 1, toPort: 2, cidrBlocks: ["10.0.0.0/8"] }] }),
    faults: [
      `${key}.ingress[0].fromPort is 1; allowed: 0, like toPort, since protocol is -1 | ${set} '${key}.ingress[0].fromPort' '<0, like toPort, since protocol is -1>'`,
    ],
  },
  {
    what: "two volumes on one device, and one without a size",
    given: withFleet({ volumes: [{ deviceName: "/dev/sdf", sizeGiB: 1 }, { deviceName: "/dev/sdf" }] }),
    faults: [
      `${key}.volumes[1].deviceName is "/dev/sdf"; allowed: each device once | ${set} '${key}.volumes[1].deviceName' '<each device once>'`,
      `${key}.volumes[1].sizeGiB is absent; allowed: a size, or a snapshotId whose size is taken | ${set} '${key}.volumes[1].sizeGiB' '<a size, or a snapshotId whose size is taken>'`,
    ],
  },
  {
    what: "mixed types without the fleet's own",
    given: withFleet({ mixedInstances: { types: ["t3a.small"] } }),
    faults: [
      `${key}.mixedInstances.types is ["t3a.small"]; allowed: a list with t3.small, the fleet's instanceType, among them | ${set} ${key}.mixedInstances.types '<a list with t3.small, the fleet'\\''s instanceType, among them>'`,
    ],
  },
  {
    what: "a hook that AWS would refuse",
    given: withFleet({ launchHook: { heartbeatSeconds: 10 } }),
    faults: [
      `${key}.launchHook.heartbeatSeconds is 10; allowed: a whole number from 30 to 7200 | ${set} ${key}.launchHook.heartbeatSeconds 300`,
    ],
  },
  {
    what: "an exemption without an end",
    given: withFleet({ exemptions: [{ rule: "group-multi-az", reason: "One zone until the database moves." }] }),
    faults: [
      `${key}.exemptions[0].expires is missing; allowed: a day such as 2027-01-31 | ${set} '${key}.exemptions[0].expires' 2027-01-31`,
    ],
  },
  {
    what: "a fleet's name that cannot be in names",
    given: withFleet({}, "App"),
    faults: [
      "fleet:fleets.App has a wrong name; allowed: up to 32 lower-case letters, digits and single hyphens, beginning with a letter | pulumi config rm --path fleet:fleets.App",
    ],
  },
  {
    what: "two fleets whose groups a role could not tell apart",
    given: { ...values(), "fleet:fleets": { app: fleet(), "app-group-blue": fleet() } },
    faults: [
      "fleet:fleets.app-group-blue has the names of fleet app; allowed: a name, or formerly, that is not the other's and does not begin with the other's and -group | pulumi config rm --path fleet:fleets.app-group-blue",
    ],
  },
  {
    what: "a new fleet under the name that a renamed one keeps",
    given: { ...values(), "fleet:fleets": { web: { ...fleet(), formerly: "app" }, app: fleet() } },
    faults: [
      "fleet:fleets.app has the names of fleet web; allowed: a name, or formerly, that is not the other's and does not begin with the other's and -group | pulumi config rm --path fleet:fleets.app",
    ],
  },
];

const lines = (given: Values) => faultsOf(given).map((one) => `${one.key} ${one.problem} | ${one.mend}`);

describe("config", () => {
  for (const { what, given, faults } of [...stackCases, ...consumerCases, ...fleetCases]) {
    it(`refuses ${what}`, () => assert.deepEqual(lines(given), faults));
  }

  it("lists the faults of all fleets and of the stack at once, cross-checks of a fleet whose shape is wrong too", () => {
    const given = {
      ...without("fleet:product"),
      "fleet:fleets": { app: { ...fleet(), size: { min: 3, max: 1 }, bootSeconds: "soon" }, web: { ...fleet(), instanceType: undefined } },
    };
    assert.deepEqual(
      faultsOf(given).map((one) => one.key),
      ["fleet:product", "fleet:fleets.app.bootSeconds", "fleet:fleets.app.size.min", "fleet:fleets.web.instanceType"],
    );
  });

  it("says all of it in one message, with the stack in every line to type", () => {
    assert.equal(
      faultList("staging", faultsOf({ ...without("fleet:platform"), "fleet:majorVersion": -1 })),
      [
        "2 settings are wrong in stack staging:",
        "- fleet:platform is missing; allowed: up to 24 lower-case letters, digits and single hyphens, beginning with a letter",
        "    pulumi config set --stack staging fleet:platform web",
        "- fleet:majorVersion is -1; allowed: a whole number from 0 to 9999",
        "    pulumi config set --stack staging fleet:majorVersion 3",
      ].join("\n"),
    );
  });

  it("refuses a stack whose name cannot be an environment", () => {
    assert.deepEqual(
      faultsOf(values(), { stack: "Staging_EU" }).map((one) => one.key),
      ["the stack's name"],
    );
  });

  describe("policies: required", () => {
    const required = { ...values(), "fleet:policies": "required" };

    it("refuses to run without a pack and names the line to type", () => {
      for (const policyPack of [undefined, ""]) {
        assert.deepEqual(faultsOf(required, { policyPack }), [
          {
            key: "fleet:policies",
            problem: 'is "required", but no policy pack runs with the program (PULUMI_OPTION_POLICY_PACK is not set)',
            mend: "export PULUMI_OPTION_POLICY_PACK=policies",
          },
        ]);
      }
    });

    it("runs with a pack, and advisory runs without one", () => {
      assert.deepEqual(faultsOf(required, { policyPack: "policies" }), []);
      assert.deepEqual(faultsOf(values()), []);
    });
  });

  describe("secrets", () => {
    const pasted = [
      "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
      "AKIAIOSFODNN7EXAMPLE",
      "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
      "password=correct-horse",
    ];
    for (const secret of pasted) {
      it(`are refused and not repeated: ${secret.slice(0, 8)}…`, () => {
        const faults = faultsOf(withFleet({ role: secret }));
        assert.deepEqual(
          faults.map((one) => one.key),
          ["fleet:fleets", "fleet:fleets.app.role"],
        );
        assert.ok(!faultList("staging", faults).includes(secret.slice(4, 16)));
      });
    }

    it("are not repeated wherever they stand, in names too", () => {
      const places: Values[] = [
        { ...values(), "fleet:product": pasted[1] },
        { ...values(), "fleet:network": { [String(pasted[1])]: 1, vpcId: pasted[0] } },
        withFleet({ securityGroupIds: ["sg-0123456789abcdef0"], ingress: pasted }),
        withFleet({ image: { id: pasted[2], bakeType: pasted[3] }, volumes: [{ deviceName: pasted[0] }] }),
        { ...values(), "fleet:fleets": { [String(pasted[1])]: fleet(), [String(pasted[2])]: fleet() } },
      ];
      for (const given of places) {
        const text = faultList("staging", faultsOf(given));
        assert.match(text, /secret/);
        for (const secret of pasted) assert.ok(!text.includes(secret.slice(-16)), text);
      }
    });

    it("that are encrypted hide the other faults of their setting, which would show them", () => {
      const given = { ...values(), "fleet:network": { vpcId: "hunter2" } };
      assert.ok(!faultList("staging", faultsOf(given, { secretKeys: ["fleet:network"] })).includes("hunter2"));
    });

    it("are refused when they are encrypted, for no setting is one", () => {
      assert.deepEqual(
        faultsOf(values(), { secretKeys: ["fleet:product"] }).map((one) => one.key),
        ["fleet:product"],
      );
    });
  });

  describe("what is right", () => {
    it("has every default and derived value", () => {
      const settings = settingsOf(values());
      assert.equal(settings.prefix, "storefront-staging-web-v3");
      assert.deepEqual(settings.naming, { product: "storefront", environment: "staging", platform: "web", majorVersion: 3 });
      assert.equal(settings.protect, true);
      assert.deepEqual(settings.notices, {
        visibilityTimeoutSeconds: 360,
        maxReceiveCount: 1000,
        maxAgeSeconds: 3600,
        keyDeletionDays: 30,
      });
      assert.deepEqual(settings.alerts, { email: "ops@example.com" });
      const metric = { namespace: "AWS/EC2", name: "CPUUtilization", statistic: "Average" };
      const alarm = { metric, periodSeconds: 60, missingData: "missing", adjustmentType: "ChangeInCapacity" };
      assert.deepEqual(settings.fleets, [
        {
          name: "app",
          prefix: "storefront-staging-web-v3-app",
          identity: { product: "storefront", environment: "staging", platform: "web", majorVersion: 3, fleet: "app", role: "app" },
          image: { imageId: "ami-0123456789abcdef0", bakeType: "t3.small", owner: "self" },
          instanceType: "t3.small",
          provisioning: "none",
          boot: { limitSeconds: 3600, logRetentionDays: 30, compress: false },
          size: { min: 2, max: 6 },
          bootSeconds: 120,
          scaling: {
            up: { ...alarm, threshold: 70, evaluationPeriods: 2, datapointsToAlarm: 2, steps: [{ lower: 0, adjustment: 1 }] },
            down: { ...alarm, threshold: 30, evaluationPeriods: 10, datapointsToAlarm: 10, steps: [{ upper: 0, adjustment: -1 }] },
            targets: [],
          },
          healthCheckType: "EC2",
          group: { healthCheckGracePeriod: 120 },
          traffic: {
            ingress: [],
            egress: [{ description: "Everything outbound", protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
          },
          rootVolume: {},
          volumes: [],
          maintenance: { minHealthyPercent: 100, maxHealthyPercent: 110 },
          rollout: { minHealthyPercent: 100, maxHealthyPercent: 110, healthAlarms: [], wait: true, timeoutSeconds: 3600 },
          exemptions: [],
        },
      ]);
    });

    it("keeps a renamed fleet's names and tags", () => {
      const [renamed] = settingsOf(withFleet({ formerly: "app" }, "frontend")).fleets;
      const [original] = settingsOf(values()).fleets;
      assert.deepEqual(renamed, { ...original, name: "frontend" });
    });

    it("checks load balancer health where there is a load balancer, and takes the grace that is given", () => {
      const loadBalancing = { targetGroupArns: [targetGroup] };
      const [fleetSettings] = settingsOf(withFleet({ loadBalancing, health: { graceSeconds: 300 } })).fleets;
      assert.equal(fleetSettings?.healthCheckType, "ELB");
      assert.deepEqual(fleetSettings.group, { healthCheckGracePeriod: 300 });
      assert.deepEqual(fleetSettings.loadBalancing, loadBalancing);
    });

    it("gives a listener of its own port and TLS policy", () => {
      const [fleetSettings] = settingsOf(withFleet({ loadBalancing: { listener: ownListener, healthPath: "/health" } })).fleets;
      assert.deepEqual(fleetSettings?.loadBalancing, {
        listener: { ...ownListener, port: 443, tlsPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06" },
        port: 80,
        protocol: "HTTP",
        healthPath: "/health",
        healthMatcher: "200",
        drainSeconds: 60,
      });
    });

    it("names target tracking after its metric", () => {
      const custom = { namespace: "Work", name: "BacklogPerInstance", statistic: "Average" };
      const targets = [
        { predefined: "ASGAverageNetworkIn", target: 9 },
        { custom, target: 5, scaleIn: false },
      ];
      assert.deepEqual(settingsOf(withFleet({ scaling: { targets } })).fleets[0]?.scaling.targets, [
        { name: "average-network-in", target: 9, scaleIn: true, metric: { predefined: "ASGAverageNetworkIn", resourceLabel: undefined } },
        { name: "backlog-per-instance", target: 5, scaleIn: false, metric: { custom } },
      ]);
    });

    it("passes on the role that provider and commands take on", () => {
      const roleArn = "arn:aws:iam::123456789012:role/deploy";
      assert.equal(settingsOf({ ...values(), "aws:assumeRoles": [{ roleArn, sessionName: "fleet" }] }).roleArn, roleArn);
    });
  });

  describe("the consumer", () => {
    it("is none by default, whatever is told of a Chef server", () => {
      assert.equal(settingsOf(values()).consumer, undefined);
      assert.equal(settingsOf(consumerOf({ kind: "none", chef })).consumer, undefined);
    });

    it("is a function with every default", () => {
      assert.deepEqual(settingsOf(consumerOf({ kind: "lambda", chef })).consumer, {
        settleSeconds: 75,
        drainTimeoutSeconds: 1800,
        functions: {
          chef: { ...chef, signing: "1.3", allowHttp: false },
          nodeNaming: "instance-id",
          drain: "none",
          maxConcurrency: 5,
          logRetentionDays: 30,
          reconcile: { schedule: "rate(1 day)", dryRun: true, minAgeSeconds: 3600, maxDeletions: 50 },
        },
      });
    });

    it("finds nodes with a prefix by tag or search, and has nothing to find without the function", () => {
      const prefixed = { ...fleet(), provisioning: "chef-server", chef: { ...chef, runList: ["role[app]"], nodeNamePrefix: "shop-" } };
      for (const consumer of [{ kind: "lambda", chef, naming: "tag" }, { kind: "lambda", chef, naming: "search" }, { kind: "none" }])
        assert.deepEqual(faultsOf({ ...consumerOf(consumer), "fleet:fleets": { app: prefixed } }), []);
    });

    it("is only its gate when a worker outside of the stack does the work", () => {
      assert.deepEqual(settingsOf(consumerOf({ kind: "worker", settleSeconds: 60 })).consumer, {
        settleSeconds: 60,
        drainTimeoutSeconds: 1800,
      });
    });
  });

  describe("the tracked stack files", () => {
    for (const stack of ["staging", "production"]) {
      const file = parse(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8")) as { config: Values };

      it(`${stack} has no fault`, () => assert.deepEqual(faultsOf(file.config, { stack, policyPack: "policies" }), []));

      it(`${stack} names the schema for editors`, () => {
        const [line] = readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8").split("\n");
        assert.equal(line, "# yaml-language-server: $schema=docs/settings.schema.json");
      });
    }

    it("production is larger, protected, in several zones, and runs only under the policies", () => {
      const file = parse(readFileSync(join(root, "Pulumi.production.yaml"), "utf8")) as { config: Values };
      assert.deepEqual(
        faultsOf(file.config, { stack: "production" }).map((one) => one.key),
        ["fleet:policies"],
      );
      const production = settingsOf(file.config, { stack: "production", policyPack: "policies" });
      assert.equal(production.protect, true);
      assert.ok((production.network.subnetIds?.length ?? 0) >= 3);
      assert.ok(production.fleets.every((one) => one.size.min >= 3));
    });
  });

  it("declares in Pulumi.yaml every key of its own, with the schema's description and default", () => {
    const { config, main, runtime, name } = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as Values & {
      config: Record<string, Values>;
    };
    assert.deepEqual([name, main, runtime], ["fleet", "start.js", { name: "nodejs", options: { typescript: false } }]);
    assert.deepEqual(Object.keys(config), Object.keys(projectSchemas));
    for (const [key, schema] of Object.entries(projectSchemas)) {
      assert.equal(config[key]?.["description"], jsonSchemaOf(schema).description, key);
      // Pulumi asks for every declared key that has no default.
      assert.equal("default" in (config[key] ?? {}), schema.safeParse(undefined).success, key);
      if (config[key] && "default" in config[key]) assert.deepEqual(schema.parse(config[key]["default"]), schema.parse(undefined), key);
    }
  });

  it("writes the JSON schema and the page that are tracked (node settings/generate.ts)", () => {
    const tracked = (file: string) => readFileSync(join(root, "docs", file), "utf8");
    assert.equal(tracked("settings.schema.json"), `${JSON.stringify(stackFileSchema(), undefined, 2)}\n`);
    assert.equal(tracked("settings.md"), settingsPage());
  });

  describe("any text", () => {
    it("is a fault or a setting, never an exception", () => {
      const keys = [...Object.keys(projectSchemas).map((key) => `fleet:${key}`), ...Object.keys(awsSchemas).map((key) => `aws:${key}`)];
      const text = fc.oneof(fc.string(), fc.json(), fc.constantFrom("", "null", "0", "[]", "{}", "true"));
      const stack = fc.record({ stack: fc.string(), config: fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), text) });
      fc.assert(
        fc.property(stack, ({ stack: name, config }) => {
          const result = parseSettings({ ...source({}), stack: name, config });
          assert.ok("faults" in result);
          assert.ok(faultList(name, result.faults).length > 0);
        }),
      );
    });

    it("in a fleet is a fault or a setting, never an exception, and every fault lies in that fleet", () => {
      const path = fc.constantFrom(...Object.keys(fleet()), "volumes", "rollout", "ingress", "formerly", "loadBalancing", "targets", "x");
      fc.assert(
        fc.property(path, fc.jsonValue({ maxDepth: 3 }), (name, value) => {
          for (const one of faultsOf(withFleet({ [name]: value }))) assert.match(one.key, /^fleet:fleets(?:\.app(?:[.[].*)?)?$/);
        }),
      );
    });

    it("of right sizes, thresholds and periods is accepted, whatever they are", () => {
      const numbers = fc.record({
        min: fc.integer({ min: 0, max: 100 }),
        more: fc.integer({ min: 0, max: 100 }),
        down: fc.integer({ min: -1000, max: 1000 }),
        above: fc.integer({ min: 1, max: 1000 }),
        minutes: fc.integer({ min: 1, max: 60 }),
        periods: fc.integer({ min: 1, max: 24 }),
      });
      fc.assert(
        fc.property(numbers, ({ min, more, down, above, minutes, periods }) => {
          const alarm = { periodSeconds: minutes * 60, evaluationPeriods: periods };
          const scaling = { up: { ...alarm, threshold: down + above }, down: { ...alarm, threshold: down } };
          const [one] = settingsOf(withFleet({ size: { min, max: min + more }, scaling })).fleets;
          assert.deepEqual(one?.size, { min, max: min + more });
          assert.equal(one.scaling.up?.threshold, down + above);
        }),
      );
    });
  });
});
