import { z } from "zod";
import { groupOptions, mixedInstances, warmPool } from "./instances-schema.ts";
import { arn, ec2Id, instanceType, oneOf, table, text, whole, word, yesNo } from "./leaves.ts";
import { bootSchema, chefSchema, managedNodeSchema, provisioningWords } from "./boot-schema.ts";
import { imageSchema } from "./image-schema.ts";
import { scalingSchema } from "./scaling-schema.ts";

/** Longest that a fleet's name may be: with product, environment, platform and suffix every limit of a service holds. */
const nameLength = 32;

export const fleetNameSchema = word(nameLength, { description: "Name of a fleet within the stack.", example: "app" });

const size = z
  .strictObject({
    min: whole(0, 10_000, { description: "Fewest instances.", example: 2 }),
    max: whole(0, 10_000, { description: "Most instances.", example: 6 }),
  })
  .meta({ description: "Limits of the group's size; what it is between them is the scaling policies' business." });

const listOf = (item: z.ZodType<string>, description: string) => z.array(item).min(1).meta({ description });

const host = text(/^[A-Za-z0-9.*?-]{1,128}$/, "a host name, * and ? allowed", { description: "A host.", example: "shop.example.com" });
const path = text(/^\/[\x21-\x7e]{0,127}$/, "a path that begins with /", { description: "A path.", example: "/*" });

const ownListener = z
  .strictObject({
    loadBalancerArn: arn(
      "elasticloadbalancing",
      "loadbalancer/app/web/0123456789abcdef",
      "Application Load Balancer on which the fleet gets a listener of its own.",
    ),
    certificateArn: text(
      /^arn:aws[a-z-]*:(?:acm:[a-z0-9-]+:\d{12}:certificate|iam::\d{12}:server-certificate)\/.+$/,
      "an ARN of a certificate of ACM or IAM",
      {
        description: "Certificate with which the listener answers.",
        example: "arn:aws:acm:eu-central-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef",
      },
    ),
    port: whole(1, 65_535, { description: "Port of the listener, unique on the load balancer.", example: 443 }).default(443),
    tlsPolicy: text(/^ELBSecurityPolicy-(?:TLS13-1-[23]|TLS-1-2|FS-1-2)-[A-Za-z0-9-]{4,60}$/, "a security policy of TLS 1.2 or newer", {
      description: "Protocols and ciphers that the listener takes; none older than TLS 1.2.",
      example: "ELBSecurityPolicy-TLS13-1-2-2021-06",
    }).default("ELBSecurityPolicy-TLS13-1-2-2021-06"),
  })
  .meta({ description: "An HTTPS listener of the fleet's own: all that reaches it goes to the fleet." });

const loadBalancing = z
  .strictObject({
    targetGroupArns: listOf(
      arn("elasticloadbalancing", "targetgroup/app/0123456789abcdef", "A target group."),
      "Target groups that exist; nothing else is given then.",
    ).exactOptional(),
    listenerArn: arn(
      "elasticloadbalancing",
      "listener/app/web/0123456789abcdef/0123456789abcdef",
      "Listener that gets a rule and a target group for this fleet.",
    ).exactOptional(),
    priority: whole(1, 50_000, {
      description: "Priority of the listener's rule, unique within the listener.",
      example: 100,
    }).exactOptional(),
    listener: ownListener.exactOptional(),
    hosts: z.array(host).default([]).meta({ description: "Hosts that the rule matches; hosts, paths or both are given." }),
    paths: z.array(path).default([]).meta({ description: "Paths that the rule matches." }),
    port: whole(1, 65_535, { description: "Port of the application on the instances.", example: 8080 }).default(80),
    protocol: oneOf(["HTTP", "HTTPS"], { description: "What the application speaks.", example: "HTTP" }).default("HTTP"),
    healthPath: path.default("/").meta({ description: "Path whose answer says that an instance is healthy.", examples: ["/health"] }),
    healthMatcher: text(/^[0-9,-]{3,}$/, "status codes such as 200 or 200-299", {
      description: "Status codes that count as healthy.",
      example: "200",
    }).default("200"),
    drainSeconds: whole(0, 3600, { description: "Seconds that open connections get when an instance leaves.", example: 60 }).default(60),
  })
  .meta({
    description: "Where traffic comes from: target groups, a rule on a listener, or a listener of its own; absent = no load balancer.",
  });

const health = z
  .strictObject({
    type: oneOf(["EC2", "ELB"], {
      description: "ELB adds the target group's health to EC2's own; absent = ELB with a load balancer, else EC2.",
      example: "ELB",
    }).exactOptional(),
    also: z
      .array(oneOf(["EBS"], { description: "A health check.", example: "EBS" }))
      .default([])
      .meta({ description: "Health checks beside it; EBS: whether the volumes answer." }),
    graceSeconds: whole(0, 7200, {
      description: "Seconds after a launch in which health does not count; absent = bootSeconds.",
      example: 180,
    }).exactOptional(),
  })
  .meta({ description: "When an instance is replaced." });

const volumeNumbers = {
  iops: whole(3000, 80_000, { description: "Operations per second; absent = 3000, what gp3 includes.", example: 3000 }).exactOptional(),
  throughputMiBps: whole(125, 2000, { description: "MiB per second; absent = 125, what gp3 includes.", example: 125 }).exactOptional(),
  kmsKeyArn: arn(
    "kms",
    "key/01234567-89ab-cdef-0123-456789abcdef",
    "Key that encrypts it; absent = the account's default key for EBS.",
  ).exactOptional(),
};
const sizeGiB = whole(1, 65_536, { description: "Size in GiB; absent = that of the snapshot.", example: 20 }).exactOptional();

const rootVolume = z
  .strictObject({ sizeGiB, ...volumeNumbers })
  .meta({ description: "The root volume: gp3, encrypted, deleted with its instance." });

const volume = z
  .strictObject({
    deviceName: text(/^\/dev\/(?:sd[f-p]|xvd[b-z])$/, "a device such as /dev/sdf", { description: "Device name.", example: "/dev/sdf" }),
    sizeGiB,
    attach: oneOf(["launch", "boot"], {
      description: "launch: attached with the instance, empty or of a snapshot by its id; boot: made at boot of the newest snapshot.",
      example: "launch",
    }).default("launch"),
    snapshotId: ec2Id(
      "snap",
      "With launch: snapshot that it begins with; absent = empty. `npm run ops -- snapshot pick` writes it.",
    ).exactOptional(),
    snapshotTags: table(
      "With boot: tags of the snapshots, of which the newest completed one is taken.",
      "fleet:volume",
      "code",
    ).exactOptional(),
    mountPoint: text(/^(?:\/[A-Za-z0-9_.-]+)+$/, "an absolute path", {
      description: "Where boot mounts it; absent = not mounted by boot.",
      example: "/data",
    }).exactOptional(),
    label: text(/^[A-Za-z0-9_-]{1,16}$/, "up to 16 letters, digits, hyphens and underscores", {
      description: "Label of its file system, by which it is found when neither its id nor its name shows a device.",
      example: "code",
    }).exactOptional(),
    ...volumeNumbers,
  })
  .meta({ description: "A volume beside the root volume: gp3, encrypted, deleted with its instance." });

const trafficRule = z
  .strictObject({
    description: text(/^[A-Za-z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/, "up to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*", {
      description: "What the rule is for.",
      example: "Application from the load balancer",
    }),
    protocol: oneOf(["tcp", "udp", "icmp", "-1"], { description: "Protocol; -1 = everything.", example: "tcp" }).default("tcp"),
    fromPort: whole(-1, 65_535, { description: "First port; 0 with protocol -1.", example: 8080 }),
    toPort: whole(-1, 65_535, { description: "Last port; 0 with protocol -1.", example: 8080 }),
    cidrBlocks: listOf(
      text(/^\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}$/, "an IPv4 range such as 10.0.0.0/16", { description: "A range.", example: "10.0.0.0/16" }),
      "Address ranges.",
    ).exactOptional(),
    securityGroupIds: listOf(ec2Id("sg", "A security group."), "Security groups.").exactOptional(),
  })
  .meta({ description: "Traffic that is let through." });

const everywhere = [{ description: "Everything outbound", protocol: "-1" as const, fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }];

const maintenance = z
  .strictObject({
    minHealthyPercent: whole(0, 100, {
      description: "Share of the size that stays healthy; 100 = launch before terminate.",
      example: 100,
    }).default(100),
    maxHealthyPercent: whole(100, 200, { description: "Share that may exist meanwhile, at most 100 more.", example: 110 }).default(110),
  })
  .meta({ description: "How instances are replaced outside of a roll-out." });

const rollout = z
  .strictObject({
    minHealthyPercent: whole(0, 100, {
      description: "Share of the size that serves throughout; 100 = launch before terminate.",
      example: 100,
    }).default(100),
    maxHealthyPercent: whole(100, 200, { description: "Share that may exist meanwhile, at most 100 more.", example: 110 }).default(110),
    healthAlarms: z
      .array(text(/^.{1,255}$/, "the name of an alarm", { description: "Name of an alarm.", example: "storefront-errors" }))
      .max(10)
      .default([])
      .meta({ description: "CloudWatch alarms that stop a roll-out and send it back; never the scaling alarms." }),
    checkpoints: z
      .strictObject({
        percentages: z
          .array(whole(1, 99, { description: "Percentage of the instances.", example: 20 }))
          .min(1)
          .meta({ description: "Percentages at which it stops for a while, ascending; it always goes on to 100.", examples: [[20, 50]] }),
        delaySeconds: whole(0, 172_800, { description: "Seconds that it stops for.", example: 600 }).default(600),
      })
      .exactOptional()
      .meta({ description: "Stops for a look, watched by the health alarms; absent = none." }),
    bakeSeconds: whole(0, 172_800, {
      description: "Seconds that the new instances serve, watched by the health alarms, before it counts as done; absent = none.",
      example: 300,
    }).exactOptional(),
    wait: yesNo({ description: "Whether `up` waits for the roll-out and fails with it.", example: true }).default(true),
    timeoutSeconds: whole(60, 86_400, {
      description: "Seconds after which waiting ends with an error; the roll-out goes on.",
      example: 3600,
    }).default(3600),
  })
  .meta({ description: "How a new image or type reaches the running instances." });

const heartbeat = { heartbeatSeconds: whole(30, 7200, { description: "Seconds until the hook times out.", example: 300 }) };

const launchHook = z.strictObject(heartbeat).meta({
  description: "Holds a new instance until its boot completes the hook `fleet-launch`; absent = 600 s, no hook with provisioning none.",
});

const terminateHook = z
  .strictObject({
    ...heartbeat,
    onAbandon: oneOf(["terminate", "retain"], {
      description:
        "What becomes of an instance whose hook timed out or was abandoned; retain keeps it, and its costs, for a look at it, " +
        "and its group cannot be removed before it is terminated.",
      example: "retain",
    }).exactOptional(),
  })
  .meta({ description: "Gives a departing instance time to finish; absent = no hook." });

const exemption = z
  .strictObject({
    rule: text(/^[a-z][a-z0-9-]*$/, "the id of a policy", { description: "Id of the policy.", example: "group-multi-az" }),
    reason: text(/^.{10,}$/, "a sentence", { description: "Why.", example: "One zone until the database moves." }),
    expires: text(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/, "a day such as 2027-01-31", {
      description: "Last day on which it holds, UTC.",
      example: "2027-01-31",
    }),
  })
  .meta({ description: "A policy that this fleet is exempt from." });

export const fleetSchema = z
  .strictObject({
    role: word(64, {
      description: "What the nodes do, the value of their tag `fleet:role`; absent = the fleet's name.",
      example: "app",
    }).exactOptional(),
    image: imageSchema,
    instanceType: instanceType("Instance type of the group; policies compare it with the bake type."),
    mixedInstances: mixedInstances.exactOptional(),
    warmPool: warmPool.exactOptional(),
    group: groupOptions.prefault({}),
    provisioning: oneOf(provisioningWords, {
      description: "How a node gets its configuration; `none`: the image is complete.",
      example: "none",
    }).default("none"),
    chef: chefSchema.exactOptional(),
    managedNode: managedNodeSchema.exactOptional(),
    boot: bootSchema.prefault({}),
    size,
    bootSeconds: whole(0, 7200, { description: "Seconds from launch to serving: health check grace and warm-up.", example: 120 }),
    scaling: scalingSchema,
    health: health.prefault({}),
    loadBalancing: loadBalancing.exactOptional(),
    securityGroupIds: listOf(
      ec2Id("sg", "A security group."),
      "Security groups that exist; absent = one of the fleet's own with `ingress` and `egress`.",
    ).exactOptional(),
    ingress: z.array(trafficRule).default([]).meta({ description: "Traffic to the nodes." }),
    egress: z.array(trafficRule).default(everywhere).meta({ description: "Traffic from the nodes." }),
    rootVolume: rootVolume.prefault({}),
    volumes: z.array(volume).default([]).meta({ description: "Volumes beside the root volume." }),
    maintenance: maintenance.prefault({}),
    rollout: rollout.prefault({}),
    launchHook: launchHook.exactOptional(),
    terminateHook: terminateHook.exactOptional(),
    deletionProtection: oneOf(["prevent-force-deletion", "prevent-all-deletion"], {
      description:
        "Keeps everybody but this stack from deleting the group, by force or at all; absent = nobody. What keeps the stack from it is `fleet:protect`.",
      example: "prevent-all-deletion",
    }).exactOptional(),
    zonalShift: oneOf(["IgnoreUnhealthy", "ReplaceUnhealthy"], {
      description:
        "Lets a zonal shift move the group out of an impaired zone, and says what becomes of instances there that look unhealthy; absent = no zonal shift.",
      example: "IgnoreUnhealthy",
    }).exactOptional(),
    formerly: word(nameLength, {
      description: "Name that the fleet was made with: after renaming its key, everything on AWS keeps that name.",
      example: "web",
    }).exactOptional(),
    exemptions: z.array(exemption).default([]).meta({ description: "Policies that this fleet is exempt from." }),
  })
  .meta({ description: "One fleet." });

export type FleetSettingsInput = z.infer<typeof fleetSchema>;
