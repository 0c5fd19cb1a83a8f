import { z } from "zod";
import { fleetNameSchema, fleetSchema } from "./fleet-schema.ts";
import { accountIdPattern, arn, ec2Id, oneOf, secretName, table, text, whole, word, yesNo } from "./leaves.ts";

const network = z
  .strictObject({
    vpcId: ec2Id("vpc", "VPC whose subnets are used, all or those with `subnetTags`.").exactOptional(),
    subnetIds: z
      .array(ec2Id("subnet", "A subnet."))
      .min(1)
      .exactOptional()
      .meta({ description: "Subnets, one per zone, in the place of a VPC's." }),
    subnetTags: table("With vpcId: tags that a subnet must have.", "tier", "private").exactOptional(),
  })
  .meta({ description: "Where the fleets are: vpcId or subnetIds." });

const alerts = z
  .strictObject({
    topicArn: arn("sns", "operators", "Topic that exists.").exactOptional(),
    email: text(/^[^@\s]+@[^@\s]+\.[^@\s]+$/, "an address such as ops@example.com", {
      description: "Address that gets a topic of its own; it confirms its subscription once.",
      example: "ops@example.com",
    }).exactOptional(),
  })
  .meta({ description: "Who hears of notices that wait or fail: topicArn or email." });

/** 1000 tries of 360 s are more than four days, in which a failing consumer can be mended; the queue keeps notices for 14. */
const notices = z
  .strictObject({
    visibilityTimeoutSeconds: whole(0, 43_200, {
      description: "Seconds that a notice may be worked on before it is tried again.",
      example: 360,
    }).default(360),
    maxReceiveCount: whole(1, 1000, { description: "Tries before a notice becomes a dead letter.", example: 1000 }).default(1000),
    maxAgeSeconds: whole(60, 1_209_600, { description: "Age of the oldest notice that raises an alarm.", example: 3600 }).default(3600),
    keyDeletionDays: whole(7, 30, { description: "Days that the key of a removed stack can still be brought back.", example: 30 }).default(
      30,
    ),
  })
  .meta({ description: "The queue of launch and terminate notices." });

const chef = z
  .strictObject({
    serverUrl: text(
      /^https?:\/\/[^/@\s]+(?:\/[^@\s]*)?\/organizations\/[a-z0-9][a-z0-9_-]{0,254}$/,
      "an address like https://chef.example.com/organizations/NAME",
      { description: "Address of the Chef server, with the organization.", example: "https://chef.example.com/organizations/storefront" },
    ),
    user: text(/^[A-Za-z0-9_.-]{1,128}$/, "the name of a Chef client or user", {
      description: "Chef client or user that may delete nodes and clients.",
      example: "fleet-cleanup",
    }),
    key: secretName("Where its private key is stored.", "ssm:/storefront/chef/fleet-cleanup"),
    signing: oneOf(["1.3", "1.0"], {
      description: "Version of the signing protocol; 1.0 for servers before 12.4.",
      example: "1.3",
    }).default("1.3"),
    certificateAuthority: secretName(
      "Where the server's own certificate authority is stored; absent = the public ones.",
      "ssm:/storefront/chef/ca",
    ).exactOptional(),
    kmsKeyArn: arn(
      "kms",
      "key/11111111-2222-3333-4444-555555555555",
      "Key that encrypts them; absent = the account's default one.",
    ).exactOptional(),
    allowHttp: yesNo({
      description: "Whether an address without TLS is accepted; for a server on this machine only.",
      example: false,
    }).default(false),
  })
  .meta({ description: "With lambda: how the Chef server is reached." });

const reconcile = z
  .strictObject({
    schedule: text(/^(?:rate|cron)\(.+\)$/, "rate(…) or cron(…)", {
      description: "When it runs, as EventBridge writes it.",
      example: "rate(1 day)",
    }).default("rate(1 day)"),
    dryRun: yesNo({ description: "Whether it only reports what it would delete.", example: true }).default(true),
    minAgeSeconds: whole(0, 31_536_000, { description: "Age below which an object is left alone.", example: 3600 }).default(3600),
    maxDeletions: whole(1, 10_000, { description: "Objects that one run deletes at most.", example: 50 }).default(50),
  })
  .meta({ description: "The scheduled search for nodes whose instances are gone." });

/** 75 s is more than the minute by which the counts of SQS may lag; 30 minutes outlast a short failure of the Chef server. */
const consumer = z
  .strictObject({
    kind: oneOf(["lambda", "worker", "none"], {
      description: "What removes departed nodes from Chef: a function, a worker outside of the stack (docs/consumer.md), or nothing.",
      example: "lambda",
    }).default("none"),
    chef: chef.exactOptional(),
    naming: oneOf(["instance-id", "tag", "search"], {
      description:
        "How the node of an instance is found: its name is the instance id, a tag of the instance holds it, or Chef is searched.",
      example: "instance-id",
    }).default("instance-id"),
    drain: oneOf(["none", "chef-client"], {
      description:
        "What is stopped, through Systems Manager, on an instance in a terminating hook; the hook, which the consumer then hears of, is completed once it has stopped.",
      example: "none",
    }).default("none"),
    maxConcurrency: whole(2, 1000, { description: "Batches of ten notices that are worked on at once.", example: 5 }).default(5),
    settleSeconds: whole(0, 3600, {
      description: "Seconds for which nothing may be left before a destroy goes on; the counts of SQS lag by up to a minute.",
      example: 75,
    }).default(75),
    drainTimeoutSeconds: whole(60, 86_400, {
      description: "Seconds after which a destroy that still finds something left fails.",
      example: 1800,
    }).default(1800),
    logRetentionDays: whole(1, 3653, {
      description: "Days that the logs are kept, one of the numbers that CloudWatch Logs has.",
      example: 30,
    }).default(30),
    network: z
      .strictObject({
        subnetIds: z.array(ec2Id("subnet", "A subnet.")).min(1).meta({ description: "Subnets from which the Chef server can be reached." }),
        securityGroupIds: z.array(ec2Id("sg", "A security group.")).min(1).meta({ description: "Security groups of the functions." }),
      })
      .exactOptional()
      .meta({ description: "Where the functions run when the Chef server cannot be reached from outside; absent = Lambda's own network." }),
    reconcile: reconcile.prefault({}),
  })
  .meta({ description: "What removes departed nodes from Chef." });

/** Keys of the project itself: `fleet:<name>`. */
export const projectSchemas = {
  product: word(24, { description: "Product: first part of every name, and a tag.", example: "storefront" }),
  platform: word(24, { description: "What part of the product it is: part of every name, and a tag.", example: "web" }),
  majorVersion: whole(0, 9999, { description: "Major version of the product: part of every name, and a tag.", example: 3 }),
  network,
  alerts,
  policies: oneOf(["advisory", "required"], {
    description: "`required`: the program refuses to run without the policy pack.",
    example: "required",
  }),
  protect: yesNo({ description: "Whether Pulumi refuses to delete anything of the fleets and the notice path.", example: true }).default(
    true,
  ),
  dashboard: yesNo({
    description: "Whether the stack gets a CloudWatch dashboard; an account has three without charge.",
    example: true,
  }).default(true),
  notices: notices.prefault({}),
  consumer: consumer.prefault({}),
  fleets: z.record(fleetNameSchema, fleetSchema).meta({ description: "The fleets of the stack, by name.", examples: [{}] }),
} as const;

/** Keys of the AWS provider that the program relies on; the provider reads them itself. */
export const awsSchemas = {
  region: text(/^[a-z]{2}(?:-[a-z]+)+-\d$/, "a region such as eu-central-1", {
    description: "Region of the stack.",
    example: "eu-central-1",
  }),
  allowedAccountIds: z
    .array(text(accountIdPattern, "12 digits, in quotes", { description: "An account.", example: "123456789012" }))
    .min(1)
    .meta({ description: "Accounts that the stack may be in; any other is refused, by the provider and by every command." }),
  assumeRoles: z
    .array(z.looseObject({ roleArn: arn("iam", "role/deploy", "Role that the provider and the commands take on.") }))
    .max(1)
    .default([])
    .meta({ description: "Role that the provider and the commands take on; absent = the caller's own credentials." }),
} as const;

export type ProjectSettings = { readonly [Key in keyof typeof projectSchemas]: z.infer<(typeof projectSchemas)[Key]> };
export type AwsSettings = { readonly [Key in keyof typeof awsSchemas]: z.infer<(typeof awsSchemas)[Key]> };
