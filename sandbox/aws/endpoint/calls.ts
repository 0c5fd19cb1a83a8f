/** The last calls that passed the endpoint, with role, action and resources: what tests of least privilege read. */
import { cbor } from "@smithy/core/cbor";
import type { AwsRequest } from "../service.ts";
import { lambdaFunctionName } from "./lambda-actions.ts";
import { protocolOf } from "./route.ts";

export interface RecordedCall {
  readonly at: string;
  readonly service: string;
  /** As the API names it. */
  readonly action: string;
  /** As policies name it: `sqs:DeleteMessage` for a batch of deletions, too. */
  readonly permission: string;
  /** ARNs, or `*` for an action that names no resource. */
  readonly resources: readonly string[];
  /** What conditions see of the request itself: tags that it asks for, and the metric's namespace. */
  readonly conditionKeys: Readonly<Record<string, string | readonly string[]>>;
  readonly roleName: string | null;
  readonly accessKeyId: string;
  readonly status: number;
}

interface Entry {
  readonly atMs: number;
  readonly action: string;
  readonly request: AwsRequest;
  readonly status: number;
}

const capacity = 10_000;
/** A function's code is not worth keeping; parameters that name resources are far smaller. */
const largestBodyBytes = 64 * 1024;

export class CallLog {
  #entries: Entry[] = [];

  record(atMs: number, action: string, request: AwsRequest, status: number): void {
    const kept = request.body.length > largestBodyBytes ? { ...request, body: Buffer.alloc(0) } : request;
    this.#entries.push({ atMs, action, request: kept, status });
    if (this.#entries.length >= 2 * capacity) this.#entries = this.#entries.slice(-capacity);
  }

  clear(): void {
    this.#entries = [];
  }

  /** Oldest first. Resources are worked out here, not while a call is on its way. */
  read(): RecordedCall[] {
    return this.#entries.slice(-capacity).map(({ atMs, action, request, status }) => ({
      at: new Date(atMs).toISOString(),
      service: request.service,
      action,
      permission: permissionOf(request.service, action),
      resources: resourcesOf(request),
      conditionKeys: conditionKeysOf(request),
      roleName: request.roleName ?? null,
      accessKeyId: request.accessKeyId,
      status,
    }));
  }
}

/** Where the name in policies differs from the one in signatures. */
const policyPrefixes: Readonly<Record<string, string>> = { monitoring: "cloudwatch" };

/** Where an action needs the permission of another. */
const permissions: Readonly<Record<string, string>> = {
  "sqs:SendMessageBatch": "sqs:SendMessage",
  "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
  "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
  "sns:PublishBatch": "sns:Publish",
  "lambda:Invoke": "lambda:InvokeFunction",
};

const prefixOf = (service: string) => policyPrefixes[service] ?? service;

function permissionOf(service: string, action: string): string {
  const name = `${prefixOf(service)}:${action}`;
  return permissions[name] ?? name;
}

/** Where each parameter that names a resource leads: an ARN as it is, or the part of the ARN behind service, region and account. */
const resourceParameters: Readonly<Record<string, Readonly<Record<string, (value: string) => string>>>> = {
  sqs: { QueueUrl: (url) => url.split("/").pop() ?? url, QueueName: (name) => name },
  sns: { TopicArn: (arn) => arn, ResourceArn: (arn) => arn, SubscriptionArn: (arn) => arn, Name: (name) => name },
  autoscaling: { AutoScalingGroupName: (name) => `autoScalingGroup:*:autoScalingGroupName/${name}` },
  ec2: {
    InstanceId: (id) => `instance/${id}`,
    VolumeId: (id) => `volume/${id}`,
    SnapshotId: (id) => `snapshot/${id}`,
    ImageId: (id) => `image/${id}`,
    LaunchTemplateId: (id) => `launch-template/${id}`,
    SecurityGroupId: (id) => `security-group/${id}`,
    GroupId: (id) => `security-group/${id}`,
    SubnetId: (id) => `subnet/${id}`,
    ResourceId: (id) => `*/${id}`,
  },
  ssm: {
    Name: (name) => (name.startsWith("/") ? `parameter${name}` : `parameter/${name}`),
    Names: (name) => (name.startsWith("/") ? `parameter${name}` : `parameter/${name}`),
    Path: (path) => `parameter${path}`,
    DocumentName: (name) => `document/${name}`,
    InstanceId: (id) => `instance/${id}`,
    InstanceIds: (id) => `instance/${id}`,
  },
  secretsmanager: { SecretId: (id) => (id.startsWith("arn:") ? id : `secret:${id}`) },
  kms: { KeyId: (id) => (id.startsWith("arn:") || id.startsWith("alias/") ? id : `key/${id}`) },
  iam: {
    RoleName: (name) => `role/${name}`,
    PolicyArn: (arn) => arn,
    InstanceProfileName: (name) => `instance-profile/${name}`,
  },
  sts: { RoleArn: (arn) => arn },
  elasticloadbalancing: { TargetGroupArn: (arn) => arn, LoadBalancerArn: (arn) => arn, ListenerArn: (arn) => arn },
  monitoring: { AlarmName: (name) => `alarm:${name}`, AlarmNames: (name) => `alarm:${name}`, ResourceARN: (arn) => arn },
  logs: { logGroupName: (name) => `log-group:${name}:*` },
  events: { Name: (name) => `rule/${name}`, Rule: (name) => `rule/${name}` },
};

const withoutRegion = new Set(["iam"]);

export function resourcesOf(request: AwsRequest): string[] {
  const { service, region, accountId } = request;
  const toArn = (resource: string) =>
    resource.startsWith("arn:")
      ? resource
      : `arn:aws:${prefixOf(service)}:${withoutRegion.has(service) ? "" : region}:${accountId}:${resource}`;
  if (service === "lambda") {
    const name = lambdaFunctionName(request.url);
    return name === undefined ? ["*"] : [toArn(`function:${name}`)];
  }
  const known = resourceParameters[service] ?? {};
  const found = parametersOf(request).flatMap(([name, value]) => {
    const convert = known[name];
    return convert === undefined ? [] : [toArn(convert(value))];
  });
  return found.length === 0 ? ["*"] : [...new Set(found)];
}

/**
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requesttag
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
 */
function conditionKeysOf(request: AwsRequest): RecordedCall["conditionKeys"] {
  if (request.service === "monitoring") {
    const namespace = parametersOf(request).find(([name]) => name === "Namespace")?.[1];
    return namespace === undefined ? {} : { "cloudwatch:namespace": namespace };
  }
  if (request.service !== "ec2") return {};
  const pairs = new Map(queryOf(request));
  const tags = [...pairs].flatMap(([name, key]): [string, string][] =>
    /(?:^|\.)Tag\.\d+\.Key$/.test(name) ? [[key, pairs.get(name.replace(/Key$/, "Value")) ?? ""]] : [],
  );
  if (tags.length === 0) return {};
  const requested = tags.map(([key, value]) => [`aws:requesttag/${key}`.toLowerCase(), value] as const);
  return { "aws:tagkeys": tags.map(([key]) => key), ...Object.fromEntries(requested) };
}

const queryOf = (request: AwsRequest): URLSearchParams =>
  new URLSearchParams(request.method === "GET" ? (request.url.split("?")[1] ?? "") : request.body.toString("utf8"));

/** Top-level parameters; lists as several pairs. */
function parametersOf(request: AwsRequest): [string, string][] {
  const protocol = protocolOf(request.service, request.headers, request.url);
  if (protocol === "query" || protocol === "ec2")
    return [...queryOf(request)].map(([name, value]) => [name.replace(/(\.member)?\.\d+$/, ""), value]);
  const decoded = decodeBody(protocol, request.body);
  return Object.entries(decoded).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((one): [string, string][] =>
      typeof one === "string" ? [[name, one]] : [],
    ),
  );
}

function decodeBody(protocol: "json" | "cbor" | "rest", body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  try {
    const decoded: unknown = protocol === "cbor" ? cbor.deserialize(new Uint8Array(body)) : JSON.parse(body.toString("utf8"));
    return typeof decoded === "object" && decoded !== null ? (decoded as Record<string, unknown>) : {};
  } catch {
    return {}; // the service has refused it; there is no resource to name
  }
}
