/**
 * What instance metadata says of an instance, by path.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html#instancedata-data-categories
 */
import type { InstanceView } from "../instances.ts";
import { roleCredentials } from "../endpoint/sessions.ts";

export interface MetadataFacts {
  readonly instance: InstanceView;
  readonly accountId: string;
  readonly region: string;
  readonly roleName: string | undefined;
  /** For members of an Auto Scaling group. */
  readonly targetLifecycleState: string | undefined;
  readonly nowMs: number;
}

/** Credentials of instances last six hours; these never end, but software renews by what it is told. */
const credentialsLastMs = 6 * 3_600_000;

type Tree = { readonly [name: string]: string | Tree | undefined };

function tree({ instance, accountId, region, roleName, targetLifecycleState, nowMs }: MetadataFacts): Tree {
  const mac = instance.mac ?? "02:00:00:00:00:01";
  return {
    "ami-id": instance.imageId,
    ...(targetLifecycleState === undefined ? {} : { autoscaling: { "target-lifecycle-state": targetLifecycleState } }),
    "block-device-mapping": {
      ami: instance.rootDeviceName,
      root: instance.rootDeviceName,
      ...Object.fromEntries(
        instance.devices.filter((name) => name !== instance.rootDeviceName).map((name, index) => [`ebs${index + 1}`, name]),
      ),
    },
    hostname: instance.privateDnsName,
    ...(roleName === undefined ? {} : { iam: credentials(roleName, instance, nowMs) }),
    "instance-id": instance.instanceId,
    "instance-life-cycle": "on-demand",
    "instance-type": instance.instanceType,
    "local-hostname": instance.privateDnsName,
    "local-ipv4": instance.privateIp,
    mac,
    network: {
      interfaces: {
        macs: {
          [mac]: {
            "device-number": "0",
            "local-ipv4s": instance.privateIp,
            mac,
            "owner-id": accountId,
            "security-groups": instance.securityGroups.join("\n"),
            "subnet-id": instance.subnetId,
            "vpc-id": instance.vpcId,
          },
        },
      },
    },
    placement: { "availability-zone": instance.zone, region },
    ...(instance.publicIp === undefined ? {} : { "public-ipv4": instance.publicIp }),
    "security-groups": instance.securityGroups.join("\n"),
    services: { domain: "amazonaws.com", partition: "aws" },
    ...(instance.metadata.tags ? { tags: { instance: instance.tags } } : {}),
  };
}

function credentials(roleName: string, { profileArn }: InstanceView, nowMs: number): Tree {
  const { accessKeyId, secretAccessKey, sessionToken } = roleCredentials(roleName);
  const issued = { Code: "Success", LastUpdated: time(nowMs) };
  const keys = { Type: "AWS-HMAC", AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken };
  return {
    info: JSON.stringify({ ...issued, InstanceProfileArn: profileArn, InstanceProfileId: "AIPALOCAL" }),
    "security-credentials": { [roleName]: JSON.stringify({ ...issued, ...keys, Expiration: time(nowMs + credentialsLastMs) }) },
  };
}

/** `2026-01-01T00:00:00Z`: metadata writes whole seconds. */
const time = (timeMs: number) => new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, "Z");

function identity({ instance, accountId, region, nowMs }: MetadataFacts): string {
  return JSON.stringify({
    accountId,
    architecture: instance.architecture,
    availabilityZone: instance.zone,
    imageId: instance.imageId,
    instanceId: instance.instanceId,
    instanceType: instance.instanceType,
    pendingTime: instance.launchedAt || time(nowMs),
    privateIp: instance.privateIp,
    region,
    version: "2017-09-30",
  });
}

/** Text of a path below `/latest/`; a folder gives its members, one a line, folders with a slash. Undefined when there is none. */
export function metadataText(path: string, facts: MetadataFacts): string | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  let at: string | Tree | undefined = {
    dynamic: { "instance-identity": { document: identity(facts) } },
    "meta-data": tree(facts),
  } satisfies Tree;
  for (const part of parts) {
    if (typeof at !== "object") return undefined;
    at = Object.hasOwn(at, part) ? at[part] : undefined;
  }
  if (typeof at !== "object") return at;
  return Object.entries(at)
    .flatMap(([name, below]) => (below === undefined ? [] : [typeof below === "object" ? `${name}/` : name]))
    .join("\n");
}
