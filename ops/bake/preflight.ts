/** Everything that a bake refers to is looked at before Packer makes anything; all faults are told together. */
import {
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  type Image,
} from "@aws-sdk/client-ec2";
import { GetInstanceProfileCommand, IAMClient } from "@aws-sdk/client-iam";
import type { BakeRequest } from "../../contract/bake.ts";
import { parseInstanceType } from "../../contract/instance-types.ts";
import type { AwsSession } from "../account.ts";
import { calling, errorName } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { imageById, text } from "./images.ts";

/** What Packer must know of the source image. */
export interface SourceImage {
  readonly architecture: "x86_64" | "arm64";
  readonly rootDeviceName: string;
  readonly rootSizeGiB: number;
}

/** @throws OpsError `usage` with everything that speaks against the bake */
export async function preflight(session: AwsSession, request: BakeRequest): Promise<SourceImage> {
  const [image, ...others] = await Promise.all([
    imageById(session, request.sourceOwner, text(request, "source_image")),
    ...referenceFaults(session, request),
  ]);
  const { source, faults } = judged(image, request);
  const all = [...faults, ...others.flat()];
  if (all.length === 0) return source;
  throw new OpsError(
    exitCodes.usage,
    `This cannot be baked; nothing was made:\n${all.map((one) => `- ${one}`).join("\n")}\nCorrect image.bake of the settings.`,
  );
}

const mappingOf = (image: Image) => image.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === image.RootDeviceName)?.Ebs;

function judged(image: Image | undefined, request: BakeRequest): { readonly source: SourceImage; readonly faults: readonly string[] } {
  const id = text(request, "source_image");
  const type = text(request, "instance_type");
  const architecture = parseInstanceType(type)?.architecture ?? "x86_64";
  const root = image && mappingOf(image);
  const least = root?.VolumeSize ?? 0;
  const given = request.variables["root_size_gib"];
  const rootSizeGiB = typeof given === "number" ? given : least;
  const source = { architecture, rootDeviceName: image?.RootDeviceName ?? "", rootSizeGiB };
  if (image === undefined)
    return { source, faults: [`source image ${id} of owner ${request.sourceOwner} does not exist in ${request.region}`] };
  const faults: string[] = [];
  if (image.State !== "available") faults.push(`source image ${id} is ${image.State ?? "in no known state"}, not available`);
  if (image.Architecture !== architecture) {
    faults.push(`source image ${id} is for ${image.Architecture ?? "no known architecture"}, the bake type ${type} is ${architecture}`);
  }
  if (root === undefined)
    faults.push(`source image ${id} has no EBS volume at its root: nothing can be built upon an instance-store image`);
  if (rootSizeGiB < least) faults.push(`rootSizeGiB is ${rootSizeGiB}, the root volume of source image ${id} has ${least}`);
  return { source, faults };
}

/** Each gives its faults: none, or one sentence. */
function referenceFaults(session: AwsSession, request: BakeRequest): Promise<string[]>[] {
  const ec2 = new EC2Client(session.clientArguments);
  const groups = request.variables["security_group_ids"];
  const snapshot = text(request, "chef_snapshot");
  const ids = {
    subnet: text(request, "subnet_id"),
    groups: Array.isArray(groups) ? (groups as string[]) : [],
    profile: text(request, "instance_profile"),
  };
  return [
    ...(ids.subnet === "" ? [] : [exists(`subnet ${ids.subnet}`, () => ec2.send(new DescribeSubnetsCommand({ SubnetIds: [ids.subnet] })))]),
    ...ids.groups.map((id) => exists(`security group ${id}`, () => ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [id] })))),
    ...(ids.profile === "" ? [] : [exists(`instance profile ${ids.profile}`, () => profileOf(session, ids.profile))]),
    ...(snapshot === "" ? [] : [snapshotFaults(ec2, snapshot)]),
  ];
}

const profileOf = (session: AwsSession, name: string) =>
  new IAMClient(session.clientArguments).send(new GetInstanceProfileCommand({ InstanceProfileName: name }));

/** EC2 says `Invalid….NotFound` or `Invalid….Malformed`, IAM `NoSuchEntity…`; anything else is no answer to the question. */
async function exists(what: string, ask: () => Promise<unknown>): Promise<string[]> {
  return calling(`The look at ${what}`, async () => {
    try {
      await ask();
      return [];
    } catch (error) {
      if (/^Invalid.*\.(?:NotFound|Malformed)$|^NoSuchEntity/.test(errorName(error))) return [`${what} does not exist`];
      throw error;
    }
  });
}

async function snapshotFaults(ec2: EC2Client, id: string): Promise<string[]> {
  let state: string | undefined;
  const missing = await exists(`snapshot ${id}`, async () => {
    state = (await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }))).Snapshots?.[0]?.State;
  });
  if (missing.length > 0) return missing;
  return state === "completed" ? [] : [`snapshot ${id} is ${state ?? "in no known state"}, not completed`];
}
