/** What still needs a snapshot: asked before any is deleted, since EC2 itself refuses only for images. */
import { globSync, readFileSync } from "node:fs";
import { AutoScalingClient, paginateDescribeAutoScalingGroups, type AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import {
  DescribeLaunchTemplateVersionsCommand,
  EC2Client,
  paginateDescribeImages,
  paginateDescribeLaunchTemplateVersions,
  paginateDescribeVolumes,
  type LaunchTemplateVersion,
} from "@aws-sdk/client-ec2";
import type { AwsSession } from "../account.ts";
import { calling, errorName } from "../aws-calls.ts";

/** Snapshot id to what uses it. */
export type Uses = ReadonlyMap<string, readonly string[]>;

type Note = (snapshotId: string | undefined, use: string) => void;

/** A filter takes 200 values: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html */
const filterValues = 200;
/** The largest page of most calls of EC2, and of launch template versions: each call's own page. */
const pageSize = 1_000;
const versionsPageSize = 200;

/** Volumes made from one of `ids`, images, launch templates and settings that name it. */
export async function usesOf(session: AwsSession, ids: readonly string[]): Promise<Uses> {
  const uses = new Map<string, string[]>();
  const asked = new Set(ids);
  const note: Note = (id, use) => {
    if (id !== undefined && asked.has(id)) uses.set(id, [...(uses.get(id) ?? []), use]);
  };
  if (ids.length === 0) return uses;
  const ec2 = new EC2Client(session.clientArguments);
  noteSettings(note);
  await calling("DescribeVolumes made from the snapshots", () => noteVolumes(ec2, ids, note));
  await calling("DescribeImages of this account", () => noteImages(ec2, note));
  await calling("DescribeLaunchTemplateVersions of all templates", () => noteCurrentVersions(ec2, note));
  const versions = await calling("DescribeAutoScalingGroups", () => versionsOfGroups(new AutoScalingClient(session.clientArguments)));
  await calling("DescribeLaunchTemplateVersions of the groups", () => noteVersions(ec2, versions, note));
  return uses;
}

/** Any mention counts, in whatever stack's settings, a comment included. */
function noteSettings(note: Note): void {
  for (const file of globSync("Pulumi.*.yaml"))
    for (const [id] of readFileSync(file, "utf8").matchAll(/\bsnap-[0-9a-f]{8,17}\b/g)) note(id, file);
}

async function noteVolumes(client: EC2Client, ids: readonly string[], note: Note): Promise<void> {
  for (let from = 0; from < ids.length; from += filterValues) {
    const filter = { Name: "snapshot-id", Values: ids.slice(from, from + filterValues) };
    for await (const page of paginateDescribeVolumes({ client, pageSize }, { Filters: [filter] }))
      for (const { SnapshotId, VolumeId = "" } of page.Volumes ?? []) note(SnapshotId, VolumeId);
  }
}

async function noteImages(client: EC2Client, note: Note): Promise<void> {
  const input = { Owners: ["self"], IncludeDeprecated: true, IncludeDisabled: true };
  for await (const page of paginateDescribeImages({ client, pageSize }, input))
    for (const { ImageId = "", BlockDeviceMappings = [] } of page.Images ?? [])
      for (const { Ebs } of BlockDeviceMappings) note(Ebs?.SnapshotId, ImageId);
}

/**
 * The newest and the default version of every template. Older ones count when a group or one of its instances has them (below):
 * each deploy leaves a version behind, so with all of them nothing could ever go.
 */
async function noteCurrentVersions(client: EC2Client, note: Note): Promise<void> {
  const input = { Versions: ["$Latest", "$Default"] };
  for await (const page of paginateDescribeLaunchTemplateVersions({ client, pageSize: versionsPageSize }, input))
    for (const version of page.LaunchTemplateVersions ?? []) noteVersion(version, note);
}

function noteVersion({ LaunchTemplateId = "", VersionNumber = 0, LaunchTemplateData }: LaunchTemplateVersion, note: Note): void {
  for (const { Ebs } of LaunchTemplateData?.BlockDeviceMappings ?? [])
    note(Ebs?.SnapshotId, `${LaunchTemplateId} version ${VersionNumber}`);
}

/** Template id to the versions by number that groups and their instances have. */
async function versionsOfGroups(client: AutoScalingClient): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const versions = new Map<string, Set<string>>();
  for await (const page of paginateDescribeAutoScalingGroups({ client, pageSize: 100 }, {})) {
    for (const { LaunchTemplateId: id, Version: version } of (page.AutoScalingGroups ?? []).flatMap(templatesOf)) {
      if (id !== undefined && /^\d+$/.test(version ?? "")) versions.set(id, (versions.get(id) ?? new Set()).add(version ?? ""));
    }
  }
  return versions;
}

function templatesOf({ LaunchTemplate, MixedInstancesPolicy, Instances = [] }: AutoScalingGroup) {
  const mixed = MixedInstancesPolicy?.LaunchTemplate;
  const named = [
    LaunchTemplate,
    mixed?.LaunchTemplateSpecification,
    ...(mixed?.Overrides ?? []).map(({ LaunchTemplateSpecification }) => LaunchTemplateSpecification),
    ...Instances.map((instance) => instance.LaunchTemplate),
  ];
  return named.filter((one) => one !== undefined);
}

async function noteVersions(client: EC2Client, versions: ReadonlyMap<string, ReadonlySet<string>>, note: Note): Promise<void> {
  for (const [LaunchTemplateId, numbers] of versions) {
    // One by one: a version that was deleted meanwhile would fail the others with it.
    for (const number of numbers) {
      const page = await client
        .send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions: [number] }))
        .catch((error: unknown) => {
          if (errorName(error).startsWith("InvalidLaunchTemplateId.")) return {};
          throw error;
        });
      for (const version of ("LaunchTemplateVersions" in page && page.LaunchTemplateVersions) || []) noteVersion(version, note);
    }
  }
}
