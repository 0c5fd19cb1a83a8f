/** What instances asked of the local AWS with their role, against what the role's policy allows: nothing refused, nothing for nothing. */
import { DescribeSnapshotsCommand, DescribeInstancesCommand, DescribeVolumesCommand, EC2Client, type Tag } from "@aws-sdk/client-ec2";
import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand, paginateListRoles } from "@aws-sdk/client-iam";
import type { RecordedCall } from "../../sandbox/aws/endpoint/calls.ts";
import type { LocalAws } from "../../sandbox/aws/lifetime.ts";
import { evaluatePolicy } from "../../sandbox/aws/policy/evaluate.ts";
import { clientOptions } from "../helpers/inventory.ts";

export interface RoleCheck {
  readonly calls: number;
  /** Calls that the policy does not allow, as `permission resource`. */
  readonly refused: readonly string[];
  /** Actions that no call needed, as `Sid action`. */
  readonly unused: readonly string[];
}

type Keys = RecordedCall["conditionKeys"];

interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly keys: Keys;
}

const list = (value: string | readonly string[]) => (typeof value === "string" ? [value] : value);

/** @param prefix of the fleet, whose nodes' role it is. */
export async function checkNodeRole(aws: LocalAws, prefix: string, groupName: string): Promise<RoleCheck> {
  const { roleName, roleArn, document } = await nodeRole(aws, prefix);
  const { calls } = (await (await fetch(`${aws.endpoint}/_fleet/calls`)).json()) as { readonly calls: readonly RecordedCall[] };
  const own = calls.filter((call) => call.roleName === roleName);
  const tags = await tagsOfResources(aws);
  const principal = { kind: "identity", arn: roleArn, accountId: aws.accountId } as const;
  const refused = new Set<string>();
  const used = new Set<string>();
  for (const { action, resource, keys } of own.flatMap((call) => askedBy(call, aws, groupName))) {
    const context = { ...keys, ...(tags.get(resource.split("/").pop() ?? "") ?? (resource.includes(":volume/") ? madeWith(own) : {})) };
    const { effect, statement } = evaluatePolicy(document, { principal, action, resource, context });
    if (effect === "Allow") used.add(`${statement} ${action}`);
    else refused.add(`${action} ${resource}`);
  }
  const { Statement } = JSON.parse(document) as {
    readonly Statement: readonly { readonly Sid: string; readonly Action: string | string[] }[];
  };
  const allowed = Statement.flatMap(({ Sid, Action }) => list(Action).map((action) => `${Sid} ${action}`));
  return { calls: own.length, refused: [...refused], unused: allowed.filter((one) => !used.has(one)) };
}

/** What IAM asks of a call: for some it asks more than once. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html */
function askedBy({ permission: action, resources, conditionKeys: keys }: RecordedCall, aws: LocalAws, groupName: string): Asked[] {
  const arn = (service: string, resource: string) => `arn:aws:${service}:${aws.region}:${aws.accountId}:${resource}`;
  switch (action) {
    case "sts:GetCallerIdentity":
      return []; // needs no permission
    case "autoscaling:SetInstanceHealth": // names the instance, and asks for its group
      return [{ action, resource: arn("autoscaling", `autoScalingGroup:*:autoScalingGroupName/${groupName}`), keys }];
    case "ec2:CreateVolume": {
      const resource = arn("ec2", "volume/vol-new");
      const tagging = { action: "ec2:CreateTags", resource, keys: { ...keys, "ec2:createaction": "CreateVolume" } };
      // A snapshot's ARN has no account in it.
      const snapshots = resources.map((one) => ({ action, resource: one.replace(`:${aws.accountId}:`, "::"), keys }));
      return [{ action, resource, keys }, tagging, ...snapshots];
    }
    default:
      return resources.map((resource) => ({
        action,
        resource: resource.replace("*/i-", "instance/i-").replace("*/vol-", "volume/vol-"),
        keys,
      }));
  }
}

/** Tags of a volume that went with its instance: those that it was made with, the same for all. */
function madeWith(calls: readonly RecordedCall[]): Keys {
  const keys = calls.find(({ permission }) => permission === "ec2:CreateVolume")?.conditionKeys ?? {};
  return Object.fromEntries(Object.entries(keys).map(([key, value]) => [key.replace("requesttag", "resourcetag"), value]));
}

const resourceKeys = (tags: readonly Tag[] = []): Keys =>
  Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [`aws:resourcetag/${Key}`.toLowerCase(), Value]));

async function nodeRole(aws: LocalAws, prefix: string): Promise<{ roleName: string; roleArn: string; document: string }> {
  const iam = new IAMClient(clientOptions(aws.endpoint, aws.region));
  for await (const { Roles = [] } of paginateListRoles({ client: iam }, {})) {
    const { RoleName: roleName, Arn: roleArn } = Roles.find((one) => one.RoleName?.startsWith(`${prefix}-node`)) ?? {};
    if (roleName === undefined || roleArn === undefined) continue;
    const { PolicyNames: [PolicyName] = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: roleName }));
    const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName: roleName, PolicyName }));
    return { roleName, roleArn, document: decodeURIComponent(PolicyDocument) };
  }
  throw new Error(`there is no role of the nodes of ${prefix}`);
}

/** By id; terminated instances are among them. */
async function tagsOfResources(aws: LocalAws): Promise<ReadonlyMap<string, Keys>> {
  const ec2 = new EC2Client(clientOptions(aws.endpoint, aws.region));
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({}));
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({}));
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ["self"] }));
  return new Map([
    ...Reservations.flatMap(({ Instances = [] }) => Instances).map(
      ({ InstanceId = "", Tags = [] }) => [InstanceId, resourceKeys(Tags)] as const,
    ),
    ...Volumes.map(({ VolumeId = "", Tags = [] }) => [VolumeId, resourceKeys(Tags)] as const),
    ...Snapshots.map(({ SnapshotId = "", Tags = [] }) => [SnapshotId, resourceKeys(Tags)] as const),
  ]);
}
