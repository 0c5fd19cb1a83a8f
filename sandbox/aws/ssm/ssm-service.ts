/** Systems Manager at the endpoint: associations and managed nodes are ours, documents, commands and parameters the emulator's. */
import type { Direct } from "../endpoint/direct.ts";
import { ServiceError } from "../endpoint/errors.ts";
import { describeInstances } from "../instances.ts";
import type { InstanceView } from "../instances.ts";
import type { RolePermissions } from "../policy/role-permissions.ts";
import type { AwsReply, AwsRequest, AwsService } from "../service.ts";
import type { World } from "../world.ts";
import { Associations } from "./associations.ts";
import type { Input } from "./associations.ts";

/** What an agent told when it reported last. */
interface Node {
  readonly facts: Input;
  readonly registeredMs: number;
  readonly pingedMs: number;
}

/** An agent reports every five minutes; who has not for longer has lost its connection. */
const pingLastsMs = 5 * 60_000;
const usualPage = 10;
const largestPage = 50;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

type Handler = (input: Input, request: AwsRequest) => Input | Promise<Input>;

export class SsmService implements AwsService {
  readonly signingName = "ssm";
  readonly #emulated: AwsService;
  readonly #world: World;
  readonly #direct: Direct;
  readonly #permissions: RolePermissions;
  readonly #associations = new Associations();
  readonly #nodes = new Map<string, Node>();
  readonly #handlers: Readonly<Record<string, Handler>>;

  constructor(emulated: AwsService, world: World, direct: Direct, permissions: RolePermissions) {
    this.#emulated = emulated;
    this.#world = world;
    this.#direct = direct;
    this.#permissions = permissions;
    const now = () => world.clock.now();
    this.#handlers = {
      CreateAssociation: async (input) => {
        await this.#checkDocument(text(input["Name"]));
        return this.#associations.create(input, now());
      },
      UpdateAssociation: (input) => this.#associations.update(input, now()),
      DescribeAssociation: (input) => this.#associations.describe(input),
      DeleteAssociation: (input) => this.#associations.delete(input),
      ListAssociations: (input) => this.#associations.list(input),
      ListInstanceAssociations: async (input) => {
        const [instance] = await describeInstances(this.#direct, [text(input["InstanceId"])]);
        return this.#associations.forInstance(text(input["InstanceId"]), instance?.tags ?? {});
      },
      UpdateInstanceAssociationStatus: (input) => {
        const { Status } = (input["ExecutionResult"] ?? {}) as { readonly Status?: unknown };
        return this.#associations.report(text(input["AssociationId"]), text(input["InstanceId"]), text(Status));
      },
      DescribeInstanceAssociationsStatus: (input) => this.#associations.statusOf(text(input["InstanceId"])),
      UpdateInstanceInformation: (input, request) => this.#register(input, request),
      DescribeInstanceInformation: (input) => this.#describeNodes(input),
    };
  }

  async handle(request: AwsRequest): Promise<AwsReply> {
    const action = request.headers["x-amz-target"]?.split(".").pop() ?? "";
    const own = this.#handlers[action];
    const isTagging = action.endsWith("TagsToResource") || action === "ListTagsForResource" || action === "RemoveTagsFromResource";
    if (own === undefined && !isTagging) return this.#emulated.handle(request);
    const input = inputOf(request);
    if (own !== undefined) return reply(await own(input, request), request);
    if (input["ResourceType"] !== "Association") return this.#emulated.handle(request);
    const id = text(input["ResourceId"]);
    return reply(
      action === "ListTagsForResource" ? this.#associations.tags(id) : this.#associations.tag(id, input["Tags"], input["TagKeys"]),
      request,
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** AWS's own documents are taken to be there. */
  async #checkDocument(name: string): Promise<void> {
    if (name === "")
      throw new ServiceError(
        "ValidationException",
        "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
      );
    if (/^AWS[A-Z]*-/.test(name)) return;
    try {
      await this.#direct.json("ssm", "DescribeDocument", { Name: name });
    } catch (error) {
      if (error instanceof ServiceError && error.status < 500)
        throw new ServiceError("InvalidDocument", `Document ${name} does not exist in your account`);
      throw error;
    }
  }

  /** What an agent does when it starts and every five minutes; its role needs the permission. */
  async #register(input: Input, { roleName, accountId }: AwsRequest): Promise<Input> {
    const id = text(input["InstanceId"]);
    const [instance] = await describeInstances(this.#direct, [id]);
    if (instance === undefined || instance.state === "terminated")
      throw new ServiceError("InvalidInstanceId", `Instance ${id} does not exist`);
    if (roleName !== undefined) {
      const arn = `arn:aws:iam::${accountId}:role/${roleName}`;
      const [missing] = (await this.#permissions.missing(arn, ["ssm:UpdateInstanceInformation"], "*")) ?? ["ssm:UpdateInstanceInformation"];
      if (missing !== undefined)
        throw new ServiceError("AccessDeniedException", `User: ${arn} is not authorized to perform: ${missing} on resource: ${id}`);
    }
    const now = this.#world.clock.now();
    this.#nodes.set(id, { facts: input, registeredMs: this.#nodes.get(id)?.registeredMs ?? now, pingedMs: now });
    return {};
  }

  async #describeNodes(input: Input): Promise<Input> {
    const size = typeof input["MaxResults"] === "number" ? input["MaxResults"] : usualPage;
    if (size < 5 || size > largestPage) {
      throw new ServiceError(
        "ValidationException",
        `1 validation error detected: Value '${size}' at 'maxResults' failed to satisfy constraint: Member must have value from 5 to ${largestPage}`,
      );
    }
    const instances = await describeInstances(this.#direct, [...this.#nodes.keys()]);
    const filters = readFilters(input);
    const found = instances
      .filter(({ state }) => state !== "terminated" && state !== "shutting-down")
      .map((instance) => this.#information(instance))
      .filter(({ information, tags }) => filters.every((filter) => passes(information, tags, filter)))
      .map(({ information }) => information);
    const start = Number(text(input["NextToken"]) || "0");
    const page = found.slice(start, start + size);
    return { InstanceInformationList: page, ...(start + size < found.length ? { NextToken: String(start + size) } : {}) };
  }

  #information(instance: InstanceView): { readonly information: Input; readonly tags: InstanceView["tags"] } {
    const node = this.#nodes.get(instance.instanceId);
    const { facts = {}, registeredMs = 0, pingedMs = 0 } = node ?? {};
    const isOnline = this.#world.clock.now() - pingedMs <= pingLastsMs && instance.state === "running";
    return {
      tags: instance.tags,
      information: {
        InstanceId: instance.instanceId,
        PingStatus: isOnline ? "Online" : "ConnectionLost",
        LastPingDateTime: pingedMs / 1000,
        RegistrationDate: registeredMs / 1000,
        AgentVersion: facts["AgentVersion"],
        IsLatestVersion: true,
        PlatformType: facts["PlatformType"] ?? "Linux",
        PlatformName: facts["PlatformName"],
        PlatformVersion: facts["PlatformVersion"],
        ResourceType: "EC2Instance",
        IPAddress: facts["IPAddress"] ?? instance.privateIp,
        ComputerName: facts["ComputerName"] ?? instance.privateDnsName,
      },
    };
  }
}

interface Filter {
  readonly key: string;
  readonly values: readonly string[];
}

/** Both forms of the filter. */
function readFilters(input: Input): Filter[] {
  const older = (input["InstanceInformationFilterList"] ?? []) as readonly { readonly key: string; readonly valueSet: readonly string[] }[];
  const newer = (input["Filters"] ?? []) as readonly { readonly Key: string; readonly Values: readonly string[] }[];
  return [
    ...older.map(({ key, valueSet }) => ({ key, values: valueSet })),
    ...newer.map(({ Key, Values }) => ({ key: Key, values: Values })),
  ];
}

const filterMembers: Readonly<Record<string, string>> = {
  InstanceIds: "InstanceId",
  PingStatus: "PingStatus",
  PlatformTypes: "PlatformType",
  AgentVersion: "AgentVersion",
  ResourceType: "ResourceType",
};

function passes(information: Input, tags: InstanceView["tags"], { key, values }: Filter): boolean {
  if (key.startsWith("tag:")) return values.includes(tags[key.slice(4)] ?? "");
  if (key === "tag-key") return values.some((value) => value in tags);
  const member = filterMembers[key];
  if (member === undefined) {
    throw new ServiceError(
      "InvalidFilterKey",
      `The filter ${key} is not supported here; ${Object.keys(filterMembers).join(", ")}, tag-key and tag:<key> are.`,
    );
  }
  return values.includes(text(information[member]));
}

function inputOf({ body }: AwsRequest): Input {
  try {
    return body.length === 0 ? {} : (JSON.parse(body.toString("utf8")) as Input);
  } catch {
    throw new ServiceError("SerializationException", "the request's body is not JSON");
  }
}

const reply = (value: Input, { requestId }: AwsRequest): AwsReply => ({
  status: 200,
  headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": requestId },
  body: JSON.stringify(value),
});
