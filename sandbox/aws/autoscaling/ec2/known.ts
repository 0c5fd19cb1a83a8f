/** Tells the model about launch templates and subnets: before a group names them, and whenever they change. */
import {
  DescribeLaunchTemplateVersionsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  type LaunchTemplateVersion,
} from "@aws-sdk/client-ec2";
import type { LaunchConfig, LaunchTemplateSpecification } from "../../../../scaling/types/common.ts";
import type { LaunchTemplateFact, TemplateVersionFact } from "../../../../scaling/types/facts.ts";
import { ApiError } from "../protocol/errors.ts";
import { errorCode, messageOf } from "../effects/clients.ts";
import type { Fact } from "../host/host.ts";

const notFound = new Set([
  "InvalidLaunchTemplateId.NotFound",
  "InvalidLaunchTemplateId.NotFoundException",
  "InvalidLaunchTemplateName.NotFoundException",
  "InvalidLaunchTemplateId.VersionNotFound",
  "InvalidSubnetID.NotFound",
]);

/** Undefined when EC2 says that it does not exist; a caller's request fails when EC2 gives no answer. */
async function existing<Answer>(call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (notFound.has(errorCode(error) ?? "")) return undefined;
    throw new ApiError("InternalFailure", `EC2 gave no answer: ${messageOf(error)}`, { cause: error });
  }
}

function versionFact({ LaunchTemplateData: data, CreateTime }: LaunchTemplateVersion): TemplateVersionFact {
  return {
    ...(data?.InstanceType !== undefined && { instanceType: data.InstanceType }),
    ...(data?.ImageId !== undefined && { imageId: data.ImageId }),
    spot: data?.InstanceMarketOptions?.MarketType === "spot",
    ...(CreateTime !== undefined && { createdAtMs: CreateTime.getTime() }),
  };
}

/** Every template that a launch configuration of a group names. */
export function templatesOf({ launchTemplate, mixedInstancesPolicy }: LaunchConfig): LaunchTemplateSpecification[] {
  const mixed = mixedInstancesPolicy?.launchTemplate;
  return [
    launchTemplate,
    mixed?.launchTemplateSpecification,
    ...(mixed?.overrides ?? []).map((override) => override.launchTemplateSpecification),
  ].filter((specification) => specification !== undefined);
}

export class KnownResources {
  readonly #ec2: EC2Client;
  readonly #report: (facts: readonly Fact[]) => void;
  /** What the model was told last, by template id: repeating it would only fill the journal. */
  readonly #told = new Map<string, string>();
  readonly #idsByName = new Map<string, string>();
  readonly #namesById = new Map<string, string>();
  #work: Promise<void> = Promise.resolve();

  constructor(ec2: EC2Client, report: (facts: readonly Fact[]) => void) {
    this.#ec2 = ec2;
    this.#report = report;
  }

  /** Resolves when what was seen to change has reached the model. */
  settled(): Promise<void> {
    return this.#work;
  }

  /** The API answers id, name and version, however the template was given. */
  complete({ launchTemplateId, launchTemplateName, version = "$Default" }: LaunchTemplateSpecification): LaunchTemplateSpecification {
    const id = launchTemplateId ?? this.#idsByName.get(launchTemplateName ?? "");
    const name = launchTemplateName ?? this.#namesById.get(launchTemplateId ?? "");
    return { version, ...(id !== undefined && { launchTemplateId: id }), ...(name !== undefined && { launchTemplateName: name }) };
  }

  async readTemplates(config: LaunchConfig): Promise<void> {
    for (const specification of templatesOf(config)) await this.#readTemplate(specification);
  }

  /** A launch template changed, by id or name. */
  templateChanged(specification: LaunchTemplateSpecification): Promise<void> {
    const id = specification.launchTemplateId ?? this.#idsByName.get(specification.launchTemplateName ?? "");
    const read = async () => {
      if (id !== undefined && !this.#told.has(id)) return;
      const found = await this.#readTemplate(id === undefined ? specification : { launchTemplateId: id });
      if (!found && id !== undefined) this.#forget(id);
    };
    this.#work = this.#work.then(read).catch(() => undefined);
    return this.#work;
  }

  /** Reads the subnets and tells the model those that exist; the model refuses the others by name. */
  async readSubnets(subnetIds: readonly string[]): Promise<void> {
    for (const subnetId of subnetIds) {
      const answer = await existing(this.#ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] })));
      const zone = answer?.Subnets?.[0]?.AvailabilityZone;
      if (zone !== undefined) this.#report([["setSubnet", { subnetId, zone }]]);
    }
  }

  /** The default subnet of each zone, which a group with zones alone uses. */
  async defaultSubnets(zones: readonly string[]): Promise<string[]> {
    const answer = await existing(
      this.#ec2.send(
        new DescribeSubnetsCommand({
          Filters: [
            { Name: "availability-zone", Values: [...zones] },
            { Name: "default-for-az", Values: ["true"] },
          ],
        }),
      ),
    );
    const byZone = new Map((answer?.Subnets ?? []).map(({ AvailabilityZone, SubnetId }) => [AvailabilityZone, SubnetId]));
    return zones.map((zone) => {
      const subnetId = byZone.get(zone);
      if (subnetId === undefined) {
        throw new ApiError(
          "ValidationError",
          `No default subnet for availability zone: '${zone}'. Give a subnet of it in VPCZoneIdentifier`,
        );
      }
      return subnetId;
    });
  }

  async #readTemplate({ launchTemplateId, launchTemplateName }: LaunchTemplateSpecification): Promise<boolean> {
    const wanted =
      launchTemplateId === undefined ? { LaunchTemplateNames: [launchTemplateName ?? ""] } : { LaunchTemplateIds: [launchTemplateId] };
    const answer = await existing(this.#ec2.send(new DescribeLaunchTemplatesCommand(wanted)));
    const template = answer?.LaunchTemplates?.[0];
    if (template?.LaunchTemplateId === undefined || template.LaunchTemplateName === undefined) return false;
    const fact: LaunchTemplateFact = {
      launchTemplateId: template.LaunchTemplateId,
      launchTemplateName: template.LaunchTemplateName,
      defaultVersion: template.DefaultVersionNumber ?? 1,
      latestVersion: template.LatestVersionNumber ?? 1,
      versions: await this.#versions(template.LaunchTemplateId),
    };
    this.#idsByName.set(fact.launchTemplateName, fact.launchTemplateId);
    this.#namesById.set(fact.launchTemplateId, fact.launchTemplateName);
    const text = JSON.stringify(fact);
    if (this.#told.get(fact.launchTemplateId) === text) return true;
    this.#told.set(fact.launchTemplateId, text);
    this.#report([["setLaunchTemplate", fact]]);
    return true;
  }

  async #versions(LaunchTemplateId: string): Promise<Record<number, TemplateVersionFact>> {
    const versions: Record<number, TemplateVersionFact> = {};
    let NextToken: string | undefined;
    do {
      const page = await existing(this.#ec2.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, NextToken })));
      for (const version of page?.LaunchTemplateVersions ?? []) versions[version.VersionNumber ?? 0] = versionFact(version);
      NextToken = page?.NextToken;
    } while (NextToken !== undefined);
    return versions;
  }

  #forget(launchTemplateId: string): void {
    this.#told.delete(launchTemplateId);
    this.#report([["removeLaunchTemplate", launchTemplateId]]);
  }
}
