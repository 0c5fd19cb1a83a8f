import { isCode, unlessCode } from "../clients.ts";
import { object, same } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Definition, Found } from "../definition.ts";
import { tagsOfCreate } from "../tags.ts";
import { isObject, textOf, unknown } from "../../protocol/values.ts";
import type { Properties, Value } from "../../protocol/values.ts";
import { attributesOf, booleanAttribute, encodeAttributes, numberAttribute, textAttribute } from "./attributes.ts";
import type { AttributeTable } from "./attributes.ts";
import { readTags, updateTags } from "./tags.ts";

const healthCheck = object({
  enabled: "HealthCheckEnabled",
  healthyThreshold: "HealthyThresholdCount",
  interval: "HealthCheckIntervalSeconds",
  path: "HealthCheckPath",
  port: "HealthCheckPort",
  protocol: "HealthCheckProtocol",
  timeout: "HealthCheckTimeoutSeconds",
  unhealthyThreshold: "UnhealthyThresholdCount",
});

const parameters = object({
  ...same("ipAddressType", "name", "port", "protocol", "protocolVersion", "targetControlPort", "targetType", "vpcId"),
});

/** AWS's default for the life of a cookie. */
const dayInSeconds = 86_400;

/** Attributes on the first level of the properties. */
const attributes: AttributeTable = {
  connectionTermination: booleanAttribute("deregistration_delay.connection_termination.enabled"),
  deregistrationDelay: numberAttribute("deregistration_delay.timeout_seconds"),
  lambdaMultiValueHeadersEnabled: booleanAttribute("lambda.multi_value_headers.enabled"),
  loadBalancingAlgorithmType: textAttribute("load_balancing.algorithm.type"),
  loadBalancingAnomalyMitigation: textAttribute("load_balancing.algorithm.anomaly_mitigation"),
  loadBalancingCrossZoneEnabled: textAttribute("load_balancing.cross_zone.enabled"),
  preserveClientIp: textAttribute("preserve_client_ip.enabled"),
  proxyProtocolV2: booleanAttribute("proxy_protocol_v2.enabled"),
  slowStart: numberAttribute("slow_start.duration_seconds"),
};

const gone = ["TargetGroupNotFound", "TargetGroupNotFoundException"];
const httpProtocols = ["HTTP", "HTTPS"];
const isHttp = (inputs: Properties): boolean => httpProtocols.includes(inputs["protocol"] as string);

/** Which attributes AWS takes for this target group; the others must not be sent. */
function attributeKeys(inputs: Properties): readonly string[] {
  if (inputs["targetType"] === "lambda") return ["lambdaMultiValueHeadersEnabled"];
  const common = ["deregistrationDelay", "loadBalancingCrossZoneEnabled"];
  if (isHttp(inputs)) return [...common, "loadBalancingAlgorithmType", "loadBalancingAnomalyMitigation", "slowStart"];
  return [...common, "connectionTermination", "preserveClientIp", "proxyProtocolV2"];
}

function stickinessAttributes(stickiness: Value | undefined): Record<string, string> {
  if (!isObject(stickiness)) return {};
  const { enabled = true, type, cookieDuration, cookieName } = stickiness;
  const result: Record<string, string> = { "stickiness.enabled": textOf(enabled), "stickiness.type": textOf(type) };
  if (type === "lb_cookie" && cookieDuration !== undefined) result["stickiness.lb_cookie.duration_seconds"] = textOf(cookieDuration);
  if (type !== "app_cookie") return result;
  if (cookieDuration !== undefined) result["stickiness.app_cookie.duration_seconds"] = textOf(cookieDuration);
  if (cookieName !== undefined) result["stickiness.app_cookie.cookie_name"] = textOf(cookieName);
  return result;
}

function stickinessOf(found: Readonly<Record<string, string>>): Value | undefined {
  const type = found["stickiness.type"];
  if (type === undefined) return undefined;
  const kind = type === "app_cookie" ? "app_cookie" : "lb_cookie";
  const duration = found[`stickiness.${kind}.duration_seconds`];
  const cookieName = found["stickiness.app_cookie.cookie_name"];
  return {
    enabled: found["stickiness.enabled"] === "true",
    type,
    ...(type === "lb_cookie" || duration !== undefined ? { cookieDuration: Number(duration ?? dayInSeconds) } : {}),
    ...(cookieName ? { cookieName } : {}),
  };
}

/** The health check that AWS gives a new target group, under what the inputs say. */
function healthCheckOf(inputs: Properties): Value {
  const given = isObject(inputs["healthCheck"]) ? inputs["healthCheck"] : {};
  const http = isHttp(inputs);
  const protocol = given["protocol"] ?? (http ? "HTTP" : "TCP");
  const paths = httpProtocols.includes(protocol as string) ? { path: "/", matcher: http ? "200" : "200-399" } : {};
  const defaults = { enabled: true, healthyThreshold: http ? 5 : 5, interval: 30, port: "traffic-port", protocol, unhealthyThreshold: 2 };
  return { ...defaults, timeout: http ? 5 : httpProtocols.includes(protocol as string) ? 6 : 10, ...paths, ...given };
}

function preview(inputs: Properties): Found {
  const lambda = inputs["targetType"] === "lambda";
  const http = isHttp(inputs);
  return {
    connectionTermination: http ? undefined : false,
    healthCheck: inputs["protocol"] === unknown ? unknown : healthCheckOf(inputs),
    ipAddressType: lambda ? "" : "ipv4",
    loadBalancerArns: [],
    loadBalancingAlgorithmType: http ? "round_robin" : "",
    loadBalancingAnomalyMitigation: http ? "off" : "",
    loadBalancingCrossZoneEnabled: "use_load_balancer_configuration",
    preserveClientIp: http ? "" : undefined,
    protocolVersion: http ? "HTTP1" : "",
    targetFailovers: undefined,
    targetGroupHealth: undefined,
    targetHealthStates: undefined,
  };
}

async function setAttributes(arn: string, inputs: Properties, keys: ReadonlySet<string>, context: Context): Promise<void> {
  const sent = attributeKeys(inputs).filter((key) => keys.has(key));
  const values = {
    ...encodeAttributes(attributes, inputs, sent),
    ...(keys.has("stickiness") ? stickinessAttributes(inputs["stickiness"]) : {}),
  };
  const Attributes = Object.entries(values).map(([Key, Value]) => ({ Key, Value }));
  if (Attributes.length > 0) await context.aws("elbv2", "ModifyTargetGroupAttributes", { TargetGroupArn: arn, Attributes });
}

const matcherOf = (inputs: Properties): object => {
  const check = inputs["healthCheck"];
  const codes = isObject(check) ? check["matcher"] : undefined;
  if (codes === undefined) return {};
  return { Matcher: inputs["protocolVersion"] === "GRPC" ? { GrpcCode: codes } : { HttpCode: codes } };
};

async function read(id: string, _state: Properties, context: Context): Promise<Found | undefined> {
  const found = await unlessCode(context.aws("elbv2", "DescribeTargetGroups", { TargetGroupArns: [id] }), ...gone);
  const group = found?.TargetGroups?.[0];
  if (group === undefined) return undefined;
  const all = await attributesOf(context.aws("elbv2", "DescribeTargetGroupAttributes", { TargetGroupArn: id }));
  const matcher = group.Matcher?.HttpCode ?? group.Matcher?.GrpcCode;
  const decoded = Object.entries(attributes).flatMap(([key, attribute]) => {
    const value = all[attribute.name];
    return value === undefined ? [] : [[key, attribute.decode(value)] as const];
  });
  return {
    ...preview({ ...parameters.decode(group) }),
    ...parameters.decodeAll(group),
    ...Object.fromEntries(decoded),
    healthCheck: { ...(healthCheck.decode(group) ?? {}), ...(matcher === undefined ? {} : { matcher }) },
    ipAddressType: group.IpAddressType ?? (group.TargetType === "lambda" ? "" : "ipv4"),
    loadBalancerArns: group.LoadBalancerArns ?? [],
    protocolVersion: group.ProtocolVersion ?? (httpProtocols.includes(group.Protocol ?? "") ? "HTTP1" : ""),
    stickiness: stickinessOf(all),
    name: group.TargetGroupName,
    arn: id,
    arnSuffix: id.split(":").at(-1),
    tagsAll: await readTags(id, context),
  };
}

export const definition: Definition = {
  token: "aws:lb/targetGroup:TargetGroup",
  naming: { maxLength: 32 },
  defaults: {
    deregistrationDelay: 300,
    lambdaMultiValueHeadersEnabled: false,
    proxyProtocolV2: false,
    slowStart: 0,
    targetType: "instance",
  },
  nestedDefaults: {
    healthCheck: { enabled: true, healthyThreshold: 3, interval: 30, port: "traffic-port", protocol: "HTTP", unhealthyThreshold: 3 },
    stickiness: { cookieDuration: dayInSeconds, enabled: true },
  },
  unsupported: ["targetFailovers", "targetGroupHealth", "targetHealthStates"],
  validate(inputs) {
    if (inputs["targetType"] === "lambda") return [];
    return ["port", "protocol", "vpcId"]
      .filter((key) => inputs[key] === undefined)
      .map((property) => ({
        property,
        reason: `${property} is missing; a target group of type ${inputs["targetType"] as string} needs it`,
      }));
  },
  preview: (inputs) => ({
    ...preview(inputs),
    ...(isHttp(inputs)
      ? { stickiness: { enabled: false, type: "lb_cookie", cookieDuration: dayInSeconds } }
      : { stickiness: { enabled: false, type: "source_ip" } }),
  }),
  async create(inputs, context) {
    const check = isObject(inputs["healthCheck"]) ? healthCheck.encode(inputs["healthCheck"]) : {};
    const made = await context.aws("elbv2", "CreateTargetGroup", {
      ...parameters.encode(inputs),
      ...check,
      ...matcherOf(inputs),
      ...tagsOfCreate(inputs, context),
    });
    const arn = made.TargetGroups?.[0]?.TargetGroupArn;
    if (arn === undefined) throw new Error("Elastic Load Balancing gave no ARN for the new target group");
    return arn;
  },
  async finish(id, inputs, context) {
    // Only what differs from AWS's own defaults needs a call.
    const given = Object.keys(inputs).filter((key) => inputs[key] !== definition.defaults?.[key]);
    await setAttributes(id, inputs, new Set(given), context);
  },
  async find(inputs, context) {
    const found = await unlessCode(context.aws("elbv2", "DescribeTargetGroups", { Names: [inputs["name"]] }), ...gone);
    return found?.TargetGroups?.[0]?.TargetGroupArn;
  },
  read,
  async update(update, context) {
    const { id, news, changed } = update;
    if (changed.has("healthCheck")) {
      const check = isObject(news["healthCheck"]) ? healthCheck.encode(news["healthCheck"]) : {};
      await context.aws("elbv2", "ModifyTargetGroup", { TargetGroupArn: id, ...check, ...matcherOf(news) });
    }
    await setAttributes(id, news, changed, context);
    await updateTags(update, context);
  },
  async delete(id, _state, context) {
    await context.waitFor("no listener uses the target group any more", async () => {
      try {
        await unlessCode(context.aws("elbv2", "DeleteTargetGroup", { TargetGroupArn: id }), ...gone);
        return true;
      } catch (error) {
        if (isCode(error, "ResourceInUse", "ResourceInUseException")) return undefined;
        throw error;
      }
    });
  },
};
