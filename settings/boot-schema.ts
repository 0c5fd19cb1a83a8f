import { z } from "zod";
import { arn, oneOf, secretName, table, text, whole, yesNo } from "./leaves.ts";

/** Settings of how a node gets its configuration: `chef`, `managedNode` and `boot` of a fleet. */
export const provisioningWords = ["none", "chef-server", "chef-solo", "managed-node"] as const;

export const runListItem = text(
  /^(?:role\[[A-Za-z0-9_-]+\]|recipe\[[A-Za-z0-9_-]+(?:::[A-Za-z0-9_-]+)?(?:@\d+(?:\.\d+){1,2})?\])$/,
  "an entry such as role[app] or recipe[storefront::app]",
  { description: "A role or recipe.", example: "role[app]" },
);
const chefName = (description: string, example: string) =>
  text(/^[A-Za-z0-9_.-]{1,128}$/, "up to 128 letters, digits, points, hyphens and underscores", { description, example });

export const chefSchema = z
  .strictObject({
    serverUrl: text(
      /^https?:\/\/[^/@\s'"\\]+(?:\/[^@\s'"\\]*)?\/organizations\/[a-z0-9][a-z0-9_-]{0,254}$/,
      "an address like https://chef.example.com/organizations/NAME",
      {
        description: "With chef-server: address of the server, with the organization.",
        example: "https://chef.example.com/organizations/storefront",
      },
    ).exactOptional(),
    runList: z.array(runListItem).min(1).exactOptional().meta({ description: "What the first run converges, in order; or a policy." }),
    environment: chefName("Chef environment; absent = Chef's own `_default`. Not with a policy.", "staging").exactOptional(),
    policyName: chefName("With chef-server: policy of a policyfile, in the place of a run list.", "storefront").exactOptional(),
    policyGroup: chefName("With policyName: group that the policy is taken from.", "staging").exactOptional(),
    key: secretName(
      "With chef-server: where the private key is stored that makes the node's client: the validator's, or that of `user`.",
      "ssm:/storefront/chef/validator",
    ).exactOptional(),
    validatorName: chefName(
      "With chef-server: client that the key belongs to; absent = the organization's own validator, unless `user` is given.",
      "storefront-validator",
    ).exactOptional(),
    user: chefName("With chef-server: user without validator that may make clients; knife makes the node's.", "fleet-boot").exactOptional(),
    certificateAuthority: secretName(
      "With chef-server: where the server's own certificate authority is stored; absent = the public ones.",
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
    nodeNamePrefix: text(/^[A-Za-z0-9_.-]{0,64}$/, "up to 64 letters, digits, points, hyphens and underscores", {
      description: "What stands before the instance id in the node's name; the tag `fleet:node-name` holds the whole.",
      example: "app-",
    }).default(""),
    repository: text(/^(?:\/[A-Za-z0-9_.-]+)+$/, "an absolute path", {
      description: "With chef-solo: the repository, with its folder cookbooks; on a volume that is mounted.",
      example: "/chef",
    }).default("/chef"),
    client: oneOf(["timer", "service", "none"], {
      description: "How Chef runs after the boot: started by a timer, as a service that stays, or not at all.",
      example: "timer",
    }).default("timer"),
    intervalSeconds: whole(60, 86_400, { description: "Seconds between two runs after the boot.", example: 1800 }).default(1800),
    splaySeconds: whole(0, 3600, { description: "Seconds at most by which runs are spread.", example: 300 }).default(300),
    waitSeconds: whole(0, 7200, { description: "Seconds for which boot waits for a server that does not answer.", example: 900 }).default(
      900,
    ),
    runSeconds: whole(60, 14_400, { description: "Seconds that one try of the first run may take.", example: 1800 }).default(1800),
    attempts: whole(1, 10, { description: "Tries of the first run.", example: 3 }).default(3),
  })
  .meta({ description: "With chef-server and chef-solo: what Chef does on the nodes." });

const cookbookSource = z
  .strictObject({
    type: oneOf(["S3", "Git", "GitHub", "HTTP"], { description: "Where the cookbooks are.", example: "S3" }),
    info: table(
      "What the document asks for with that type.",
      "path",
      "https://s3.eu-central-1.amazonaws.com/storefront-cookbooks/app.tar.gz",
    ),
    objectArns: z
      .array(
        text(/^arn:aws[a-z-]*:s3:::[a-z0-9.-]+\/.+$/, "an ARN of objects in S3", {
          description: "Objects.",
          example: "arn:aws:s3:::storefront-cookbooks/*",
        }),
      )
      .default([])
      .meta({ description: "With S3: objects that the nodes may read." }),
  })
  .meta({ description: "Where the cookbooks come from, as AWS-ApplyChefRecipes takes it." });

export const managedNodeSchema = z
  .strictObject({
    source: cookbookSource,
    runList: z.array(runListItem).min(1).meta({ description: "What every run converges, in order." }),
    chefVersion: text(/^(?:None|\d{2}(?:\.\d+){0,2})$/, "None or a version such as 18", {
      description: "Version of Chef that the document installs; None = the one on the image.",
      example: "None",
    }).default("None"),
    schedule: text(/^(?:rate|cron|at)\(.+\)$/, "rate(…) or cron(…)", {
      description: "When the recipes run again.",
      example: "rate(30 minutes)",
    }).default("rate(30 minutes)"),
    onlineSeconds: whole(30, 7200, {
      description: "Seconds for which boot waits until Systems Manager knows the node.",
      example: 600,
    }).default(600),
    waitSeconds: whole(60, 14_400, {
      description: "Seconds for which boot waits for the first success; more than the schedule's pause.",
      example: 2400,
    }).default(2400),
  })
  .meta({ description: "With managed-node: what Systems Manager runs on the nodes." });

export const bootSchema = z
  .strictObject({
    limitSeconds: whole(60, 43_200, { description: "Seconds after which a boot that is not done is given up.", example: 3600 }).default(
      3600,
    ),
    logRetentionDays: whole(1, 3653, {
      description: "Days that failures are kept in the log group, one of the numbers that CloudWatch Logs has.",
      example: 30,
    }).default(30),
    compress: yesNo({
      description: "Whether user data is compressed even when it is short; above 12 KiB it always is.",
      example: false,
    }).default(false),
  })
  .meta({ description: "How a node starts; not with an image that is complete and has no hook." });
