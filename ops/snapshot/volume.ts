/** The volume that is meant: by its id, or as the device of an instance. */
import { EC2Client, paginateDescribeVolumes, type Filter, type Volume } from "@aws-sdk/client-ec2";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";

export interface VolumeChoice {
  readonly volume?: string;
  readonly instance?: string;
  /** As it was named when it was attached, for example `/dev/sdk`. */
  readonly device?: string;
}

export interface FoundVolume {
  readonly id: string;
  readonly sizeGiB: number;
  /** Where it is attached. */
  readonly attachments: readonly { readonly instanceId: string; readonly device: string }[];
}

/** `sdk` and `xvdk` are two names of one device: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html */
const deviceKey = (device: string) => device.replace(/^\/dev\//, "").replace(/^(?:sd|xvd)/, "");

/** @throws OpsError `notExactlyOne` that says what the instance has */
export async function findVolume(session: AwsSession, { volume, instance = "", device = "" }: VolumeChoice): Promise<FoundVolume> {
  if (volume !== undefined) {
    const [found] = await volumes(session, [{ Name: "volume-id", Values: [volume] }], volume);
    if (found !== undefined) return found;
    throw new OpsError(exitCodes.notExactlyOne, `There is no volume ${volume} in this region and account.`);
  }
  const attached = await volumes(session, [{ Name: "attachment.instance-id", Values: [instance] }], instance);
  const deviceOf = (one: FoundVolume) => one.attachments.find(({ instanceId }) => instanceId === instance)?.device ?? "";
  const [found, ...others] = attached.filter((one) => deviceKey(deviceOf(one)) === deviceKey(device));
  if (found !== undefined && others.length === 0) return found;
  const has = attached.map((one) => `${deviceOf(one)} (${one.id})`).join(", ") || "no volume";
  throw new OpsError(exitCodes.notExactlyOne, `Instance ${instance} has not exactly one volume at ${device}; it has ${has}.`);
}

async function volumes(session: AwsSession, Filters: Filter[], sought: string): Promise<FoundVolume[]> {
  const client = new EC2Client(session.clientArguments);
  return calling(`DescribeVolumes of ${sought}`, async () => {
    const found: FoundVolume[] = [];
    for await (const page of paginateDescribeVolumes({ client }, { Filters })) found.push(...(page.Volumes ?? []).map(foundVolume));
    return found;
  });
}

function foundVolume({ VolumeId = "", Size = 0, Attachments = [] }: Volume): FoundVolume {
  const attached = Attachments.filter(({ State }) => State !== "detached");
  return {
    id: VolumeId,
    sizeGiB: Size,
    attachments: attached.map(({ InstanceId = "", Device = "" }) => ({ instanceId: InstanceId, device: Device })),
  };
}
