import { z } from "zod";
import { fleetNameSchema, fleetSchema } from "./fleet-schema.ts";
import { accountIdPattern, arn, ec2Id, oneOf, table, text, whole, word, yesNo } from "./leaves.ts";

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
  notices: notices.prefault({}),
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
