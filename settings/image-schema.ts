import { z } from "zod";
import { bakeDefaults } from "../contract/bake.ts";
import { runListItem } from "./boot-schema.ts";
import { accountIdPattern, arn, ec2Id, instanceType, oneOf, text, whole } from "./leaves.ts";

/** What a bake is told. `contract/bake.ts` hands it to Packer, whose variables (`packer/variables.pkr.hcl`) allow the same. */
const bake = z
  .strictObject({
    sourceImage: ec2Id("ami", "Image that is built upon."),
    sourceOwner: text(
      new RegExp(`^(?:self|amazon|aws-marketplace|${accountIdPattern.source.slice(1, -1)})$`),
      "self, amazon, aws-marketplace, or the 12 digits of an account",
      { description: "Whose the source image is.", example: "136693071363" },
    ).default(bakeDefaults.sourceOwner),
    recipeRevision: text(/^[A-Za-z0-9._+-]{1,64}$/, "1 to 64 letters, digits and ._+-", {
      description: "Revision of the recipes or scripts in the image: a tag, and a change of it bakes anew.",
      example: "4f1c2aa",
    }),
    rootSizeGiB: whole(1, 65_536, {
      description: "Size of the root volume in GiB; absent = that of the source image.",
      example: 12,
    }).exactOptional(),
    kmsKeyArn: arn(
      "kms",
      "key/01234567-89ab-cdef-0123-456789abcdef",
      "Key that encrypts the snapshots; absent = the account's default key for EBS.",
    ).exactOptional(),
    subnetId: ec2Id("subnet", "Subnet of the builder; absent = the default VPC's.").exactOptional(),
    securityGroupIds: z
      .array(ec2Id("sg", "A security group."))
      .min(1)
      .exactOptional()
      .meta({ description: "Security groups of the builder; absent = a temporary one that lets in SSH from private addresses." }),
    instanceProfile: text(/^[A-Za-z0-9+=,.@_-]{1,128}$/, "the name of an instance profile", {
      description: "Instance profile with whose role the builder reads the validator's key.",
      example: "storefront-image-builder",
    }).exactOptional(),
    sshUsername: text(/^[a-z_][a-z0-9_-]{0,31}$/, "the name of a user", {
      description: "User of the source image that may become root.",
      example: "admin",
    }).default(bakeDefaults.sshUsername),
    sshInterface: oneOf(["private_ip", "public_ip", "private_dns", "public_dns", "session_manager"], {
      description: "How the builder is reached; session_manager needs its plugin here, and instanceProfile.",
      example: "session_manager",
    }).default(bakeDefaults.sshInterface),
    script: text(/^(?!\/|(?:.*\/)?\.\.(?:\/|$))[\w./-]{1,255}$/, "a path below the project's folder", {
      description: "Bash script of yours that runs as root before Chef; absent = none.",
      example: "bake/app.sh",
    }).exactOptional(),
    runList: z
      .array(runListItem)
      .min(1)
      .exactOptional()
      .meta({ description: "With chef-server and chef-solo: what Chef runs on the builder; absent = it does not run there." }),
    packageUrl: text(/^https?:\/\/[^\s]+\.(?:deb|rpm)$/, "the address of a .deb or .rpm file", {
      description: "Package of Chef, or with managed-node of the Systems Manager agent; absent = the source image has it.",
      example: "https://packages.example.com/chef_18.4.12-1_amd64.deb",
    }).exactOptional(),
    packageSha256: text(/^[0-9a-f]{64}$/, "64 hexadecimal digits", {
      description: "SHA-256 of that package.",
      example: "0".repeat(64),
    }).exactOptional(),
    timeoutSeconds: whole(60, 86_400, {
      description: "Seconds after which a bake is cancelled.",
      example: 3600,
    }).default(bakeDefaults.timeoutSeconds),
  })
  .meta({ description: "How the image is baked: by `npm run ops -- bake`, and by `up` where from is bake." });

export const imageSchema = z
  .strictObject({
    from: oneOf(["id", "bake"], {
      description: "`id`: the image is the one of that id; `bake`: `up` bakes it when what it is made of has changed, in staging only.",
      example: "id",
    }).default("id"),
    id: ec2Id("ami", "With from: id, image that the instances run. `npm run ops -- image pick` and `promote` write it.").exactOptional(),
    bakeType: instanceType("Instance type that the image was, or is, built on; compared with the image's tag."),
    owner: text(new RegExp(`^(?:self|${accountIdPattern.source.slice(1, -1)})$`), "self, or the 12 digits of an account", {
      description: "Account that owns the image.",
      example: "self",
    }).default("self"),
    maxAgeDays: whole(1, 3650, {
      description: "Days since the bake after which the image is refused; absent = any age.",
      example: 90,
    }).exactOptional(),
    bake: bake.exactOptional(),
  })
  .meta({ description: "What the instances run." });
