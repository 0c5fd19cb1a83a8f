/** Instances as EC2 describes them, as far as metadata and Systems Manager need them. */
import type { Direct } from "./endpoint/direct.ts";
import { ServiceError } from "./endpoint/errors.ts";

export interface InstanceView {
  readonly instanceId: string;
  /** `pending`, `running` … `terminated`. */
  readonly state: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly privateIp: string;
  readonly privateDnsName: string;
  readonly publicIp: string | undefined;
  readonly zone: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly mac: string | undefined;
  readonly securityGroups: readonly string[];
  readonly launchedAt: string;
  readonly architecture: string;
  readonly profileArn: string | undefined;
  readonly rootDeviceName: string;
  readonly devices: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: { readonly tokensRequired: boolean; readonly enabled: boolean; readonly tags: boolean };
}

type Node = Readonly<Record<string, unknown>>;

const node = (value: unknown): Node => (typeof value === "object" && value !== null ? (value as Node) : {});
const items = (value: unknown): Node[] => {
  const { item } = node(value);
  return Array.isArray(item) ? (item as unknown[]).map(node) : [];
};
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Those of the ids that EC2 knows. */
export async function describeInstances(direct: Direct, ids: readonly string[]): Promise<InstanceView[]> {
  if (ids.length === 0) return [];
  const parameters = Object.fromEntries(ids.map((id, index) => [`Filter.1.Value.${index + 1}`, id]));
  const answer = await direct.query("ec2", "DescribeInstances", { "Filter.1.Name": "instance-id", ...parameters });
  return items(answer["reservationSet"])
    .flatMap((reservation) => items(reservation["instancesSet"]))
    .map(viewOf);
}

function viewOf(instance: Node): InstanceView {
  const options = node(instance["metadataOptions"]);
  const [networkInterface] = items(instance["networkInterfaceSet"]);
  return {
    instanceId: text(instance["instanceId"]),
    state: text(node(instance["instanceState"])["name"]),
    imageId: text(instance["imageId"]),
    instanceType: text(instance["instanceType"]),
    privateIp: text(instance["privateIpAddress"]),
    privateDnsName: text(instance["privateDnsName"]),
    publicIp: text(instance["ipAddress"]) || undefined,
    zone: text(node(instance["placement"])["availabilityZone"]),
    vpcId: text(instance["vpcId"]),
    subnetId: text(instance["subnetId"]),
    mac: text(networkInterface?.["macAddress"]) || undefined,
    securityGroups: items(instance["groupSet"]).map((group) => text(group["groupName"])),
    launchedAt: text(instance["launchTime"]),
    architecture: text(instance["architecture"]),
    profileArn: text(node(instance["iamInstanceProfile"])["arn"]) || undefined,
    rootDeviceName: text(instance["rootDeviceName"]),
    devices: items(instance["blockDeviceMapping"]).map((device) => text(device["deviceName"])),
    tags: Object.fromEntries(items(instance["tagSet"]).map((tag) => [text(tag["key"]), text(tag["value"])])),
    metadata: {
      tokensRequired: options["httpTokens"] === "required",
      enabled: options["httpEndpoint"] !== "disabled",
      tags: options["instanceMetadataTags"] === "enabled",
    },
  };
}

/** User data, decoded; undefined when there is none. */
export async function userDataOf(direct: Direct, instanceId: string): Promise<Buffer | undefined> {
  const answer = await direct.query("ec2", "DescribeInstanceAttribute", { InstanceId: instanceId, Attribute: "userData" });
  const value = text(node(answer["userData"])["value"]);
  return value === "" ? undefined : Buffer.from(value, "base64");
}

/** Name of the role in an instance profile; undefined when there is no such profile, or no role in it. */
export async function roleOfProfile(direct: Direct, profileArn: string): Promise<string | undefined> {
  try {
    const answer = await direct.query("iam", "GetInstanceProfile", { InstanceProfileName: profileArn.split("/").pop() ?? profileArn });
    const { member } = node(node(answer["InstanceProfile"])["Roles"]);
    return Array.isArray(member) ? text(node((member as unknown[])[0])["RoleName"]) || undefined : undefined;
  } catch (error) {
    if (error instanceof ServiceError && error.code === "NoSuchEntity") return undefined;
    throw error;
  }
}
