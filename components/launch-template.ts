import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { fitName } from "../contract/naming.ts";
import { blockDevices } from "./block-devices.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { resolvedFaults } from "./fleet-checks.ts";
import { fleetTags, imageTags } from "./tags.ts";
import { encodeUserData, plainUserData } from "./user-data.ts";

export interface TemplateParts {
  readonly instanceProfileArn: pulumi.Input<string>;
  readonly securityGroupIds: pulumi.Input<pulumi.Input<string>[]>;
}

export function createLaunchTemplate(name: string, args: FleetArgs, parts: TemplateParts, parent: pulumi.Resource): aws.ec2.LaunchTemplate {
  return new aws.ec2.LaunchTemplate(fitName(`${name}-template`, "launchTemplate"), launchTemplateArgs(name, args, parts, parent), {
    parent,
  });
}

/** Our defaults, then the caller's, then what safety insists on. */
function launchTemplateArgs(name: string, args: FleetArgs, parts: TemplateParts, parent: pulumi.Resource): aws.ec2.LaunchTemplateArgs {
  const { image, userData } = checkedFacts(name, args, parent);
  const tags = fleetTags(args.identity);
  return {
    monitoring: { enabled: true }, // one-minute metrics: the alarms of the defaults count in minutes
    instanceInitiatedShutdownBehavior: "terminate", // a node that shuts itself down is replaced, not kept stopped
    ...args.launchTemplate,
    description: `Nodes of ${name}`,
    imageId: image.id,
    instanceType: args.instanceType,
    userData: userData.apply(encodeUserData),
    iamInstanceProfile: { arn: parts.instanceProfileArn },
    metadataOptions: metadataOptions(args),
    blockDeviceMappings: image.apply((facts) => blockDevices(facts, args.rootVolume, args.volumes)),
    networkInterfaces: [
      { deviceIndex: 0, associatePublicIpAddress: "false", deleteOnTermination: "true", securityGroups: parts.securityGroupIds },
    ],
    tagSpecifications: ["instance", "volume", "network-interface"].map((resourceType) => ({
      resourceType,
      tags: { ...tags, Name: name },
    })),
    tags: image.apply((facts) => ({ ...tags, ...imageTags(facts) })),
    updateDefaultVersion: true,
  };
}

/** IMDSv2 only, and instance tags readable from it; the hop limit is the caller's, since containers need 2. */
function metadataOptions({ launchTemplate }: FleetArgs): pulumi.Output<aws.types.input.ec2.LaunchTemplateMetadataOptions> {
  return pulumi.output(launchTemplate?.metadataOptions).apply((given) => ({
    httpPutResponseHopLimit: 1,
    ...given,
    httpEndpoint: "enabled",
    httpTokens: "required",
    instanceMetadataTags: "enabled",
  }));
}

/** Image and user data, held back until what is known of both together is found right. */
function checkedFacts(name: string, args: FleetArgs, parent: pulumi.Resource) {
  const checked = pulumi.all([args.image, args.userData ?? plainUserData(args.identity)]).apply(([image, userData]) => {
    const faults = resolvedFaults(args, image, userData);
    if (faults.length === 0) return { image, userData };
    throw new pulumi.ResourceError(`Fleet ${name} cannot be built:\n${faults.map((one) => `- ${one}`).join("\n")}`, parent, true);
  });
  return { image: checked.image, userData: checked.userData };
}
