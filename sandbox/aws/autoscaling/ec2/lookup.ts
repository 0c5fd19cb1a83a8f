/** What a launch needs to know of EC2 and the parameter store at the moment of the launch. */
import { DescribeImagesCommand, DescribeLaunchTemplateVersionsCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { GetParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import type { LaunchEffect } from "../../../../scaling/types/effects.ts";
import type { LaunchSource } from "./run-instances.ts";

/** A refusal in EC2's own words. */
export class LaunchRefused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
    this.code = code;
  }
}

const parameterPrefix = "resolve:ssm:";

export class LaunchLookup {
  readonly #ec2: EC2Client;
  readonly #ssm: SSMClient;
  /** A version never changes once it exists. */
  readonly #versions = new Map<string, LaunchSource["template"]>();

  constructor(ec2: EC2Client, ssm: SSMClient) {
    this.#ec2 = ec2;
    this.#ssm = ssm;
  }

  async source(effect: LaunchEffect): Promise<LaunchSource> {
    const template = await this.#template(effect);
    const imageId = await this.#resolveImage(effect.imageId ?? template.ImageId);
    const { Images } = await this.#ec2.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
    const [image] = Images ?? [];
    if (image === undefined) throw new LaunchRefused("InvalidAMIID.NotFound", `The image id '[${imageId}]' does not exist`);
    return { effect, template, imageId, rootDeviceName: image.RootDeviceName, imageMappings: image.BlockDeviceMappings ?? [] };
  }

  async #template({ template }: LaunchEffect): Promise<LaunchSource["template"]> {
    const { launchTemplateId, version } = template;
    const key = `${launchTemplateId}:${version}`;
    const known = this.#versions.get(key);
    if (known) return known;
    const answer = await this.#ec2.send(
      new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: launchTemplateId, Versions: [String(version)] }),
    );
    const data = answer.LaunchTemplateVersions?.[0]?.LaunchTemplateData;
    if (data === undefined) {
      throw new LaunchRefused(
        "InvalidLaunchTemplateId.VersionNotFound",
        `Could not find launch template version ${version} of ${launchTemplateId}`,
      );
    }
    this.#versions.set(key, data);
    return data;
  }

  /** https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html */
  async #resolveImage(image: string | undefined): Promise<string> {
    if (image === undefined) throw new LaunchRefused("MissingParameter", "The request must contain the parameter ImageId");
    if (!image.startsWith(parameterPrefix)) return image;
    const { Parameter } = await this.#ssm.send(new GetParameterCommand({ Name: image.slice(parameterPrefix.length) }));
    if (Parameter?.Value === undefined) throw new LaunchRefused("InvalidParameterValue", `The parameter ${image} has no value`);
    return Parameter.Value;
  }
}
