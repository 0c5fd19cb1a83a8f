import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { fitName } from "../contract/naming.ts";
import { blockDevices } from "./block-devices.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { fleetTags, imageTags } from "./tags.ts";
import { encodeUserData } from "./user-data.ts";

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
  const { image } = args;
  const tags = fleetTags(args.identity);
  return {
    monitoring: { enabled: true }, // one-minute metrics: the alarms of the defaults count in minutes
    ...(args.warmPool?.state === "Hibernated" ? { hibernationOptions: { configured: true } } : {}),
    instanceInitiatedShutdownBehavior: "terminate", // a node that shuts itself down is replaced, not kept stopped
    ...args.launchTemplate,
    description: `Nodes of ${name}`,
    imageId: image.id,
    instanceType: args.instanceType,
    userData: encodedUserData(name, args, parent),
    iamInstanceProfile: { arn: parts.instanceProfileArn },
    metadataOptions: metadataOptions(args),
    blockDeviceMappings: blockDevices(image, args.rootVolume, args.volumes),
    networkInterfaces: [
      { deviceIndex: 0, associatePublicIpAddress: "false", deleteOnTermination: "true", securityGroups: parts.securityGroupIds },
    ],
    tagSpecifications: ["instance", "volume", "network-interface"].map((resourceType) => ({
      resourceType,
      tags: { ...tags, Name: name },
    })),
    tags: { ...tags, ...imageTags(image) },
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

/** User data in the form that EC2 takes, held back when it is too long. */
function encodedUserData(name: string, args: FleetArgs, parent: pulumi.Resource): pulumi.Output<string> {
  return pulumi.output(args.userData).apply((given) => {
    const { base64, faults } = encodeUserData(name, args, given);
    const [fault] = faults;
    if (fault !== undefined) throw new pulumi.ResourceError(`Fleet ${name} cannot be built:\n- ${fault.message}`, parent, true);
    return base64;
  });
}
