import { isCode, unlessCode } from "../clients.ts";
import { list, object, same } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Definition, Found, Update } from "../definition.ts";
import { tagsOfCreate } from "../tags.ts";
import type { Properties, Value } from "../../protocol/values.ts";
import { attributesOf, booleanAttribute, encodeAttributes, numberAttribute, textAttribute } from "./attributes.ts";
import type { AttributeTable } from "./attributes.ts";
import { readTags, updateTags } from "./tags.ts";

const strings = list({ encode: (value) => value, decode: (wire) => wire as string });
const mapping = object({
  ...same("allocationId", "subnetId"),
  ipv6Address: "IPv6Address",
  privateIpv4Address: "PrivateIPv4Address",
});

const parameters = object({
  customerOwnedIpv4Pool: true,
  ipAddressType: true,
  loadBalancerType: "Type",
  name: true,
  securityGroups: strings,
  subnetMappings: list(mapping),
  subnets: strings,
});

const attributes: AttributeTable = {
  clientKeepAlive: numberAttribute("client_keep_alive.seconds"),
  desyncMitigationMode: textAttribute("routing.http.desync_mitigation_mode"),
  dnsRecordClientRoutingPolicy: textAttribute("dns_record.client_routing_policy"),
  dropInvalidHeaderFields: booleanAttribute("routing.http.drop_invalid_header_fields.enabled"),
  enableCrossZoneLoadBalancing: booleanAttribute("load_balancing.cross_zone.enabled"),
  enableDeletionProtection: booleanAttribute("deletion_protection.enabled"),
  enableHttp2: booleanAttribute("routing.http2.enabled"),
  enableTlsVersionAndCipherSuiteHeaders: booleanAttribute("routing.http.x_amzn_tls_version_and_cipher_suite.enabled"),
  enableWafFailOpen: booleanAttribute("waf.fail_open.enabled"),
  enableXffClientPort: booleanAttribute("routing.http.xff_client_port.enabled"),
  enableZonalShift: booleanAttribute("zonal_shift.config.enabled"),
  idleTimeout: numberAttribute("idle_timeout.timeout_seconds"),
  preserveHostHeader: booleanAttribute("routing.http.preserve_host_header.enabled"),
  xffHeaderProcessingMode: textAttribute("routing.http.xff_header_processing.mode"),
};
const common = ["enableDeletionProtection", "enableZonalShift"];
const ofType: Readonly<Record<string, readonly string[]>> = {
  application: Object.keys(attributes).filter((key) => !["dnsRecordClientRoutingPolicy", "enableCrossZoneLoadBalancing"].includes(key)),
  network: [...common, "dnsRecordClientRoutingPolicy", "enableCrossZoneLoadBalancing"],
  gateway: ["enableDeletionProtection", "enableCrossZoneLoadBalancing"],
};
const logs = ["accessLogs", "connectionLogs", "healthCheckLogs"] as const;
const gone = ["LoadBalancerNotFound", "LoadBalancerNotFoundException"];

const defaults: Properties = {
  clientKeepAlive: 3600,
  desyncMitigationMode: "defensive",
  dnsRecordClientRoutingPolicy: "any_availability_zone",
  dropInvalidHeaderFields: false,
  enableCrossZoneLoadBalancing: false,
  enableDeletionProtection: false,
  enableHttp2: true,
  enableTlsVersionAndCipherSuiteHeaders: false,
  enableWafFailOpen: false,
  enableXffClientPort: false,
  enableZonalShift: false,
  idleTimeout: 60,
  loadBalancerType: "application",
  preserveHostHeader: false,
  xffHeaderProcessingMode: "append",
};

async function setAttributes(arn: string, inputs: Properties, keys: readonly string[], context: Context): Promise<void> {
  const known = ofType[inputs["loadBalancerType"] as string] ?? [];
  const values = encodeAttributes(
    attributes,
    inputs,
    keys.filter((key) => known.includes(key)),
  );
  const Attributes = Object.entries(values).map(([Key, Value]) => ({ Key, Value }));
  if (Attributes.length > 0) await context.aws("elbv2", "ModifyLoadBalancerAttributes", { LoadBalancerArn: arn, Attributes });
}

async function find(arn: string, context: Context) {
  const found = await unlessCode(context.aws("elbv2", "DescribeLoadBalancers", { LoadBalancerArns: [arn] }), ...gone);
  return found?.LoadBalancers?.[0];
}

async function waitActive(arn: string, context: Context): Promise<void> {
  let state = "";
  await context.waitFor(
    "the load balancer is active",
    async () => {
      const found = await find(arn, context);
      state = found?.State?.Code ?? "";
      if (state === "failed") throw new Error(`the load balancer failed: ${found?.State?.Reason ?? "no reason given"}`);
      return state === "active" || state === "active_impaired" ? true : undefined;
    },
    () => state,
  );
}

async function read(id: string, _state: Properties, context: Context): Promise<Found | undefined> {
  const balancer = await find(id, context);
  if (balancer === undefined) return undefined;
  const all = await attributesOf(context.aws("elbv2", "DescribeLoadBalancerAttributes", { LoadBalancerArn: id }));
  const decoded = Object.entries(attributes).flatMap(([key, attribute]) => {
    const value = all[attribute.name];
    return value === undefined ? [] : [[key, attribute.decode(value)] as const];
  });
  const zones = balancer.AvailabilityZones ?? [];
  const mappings: Value[] = zones.map((zone) => {
    const [address] = zone.LoadBalancerAddresses ?? [];
    return {
      subnetId: zone.SubnetId ?? "",
      ...(address?.AllocationId ? { allocationId: address.AllocationId } : {}),
      ...(address?.IPv6Address ? { ipv6Address: address.IPv6Address } : {}),
      ...(address?.PrivateIPv4Address ? { privateIpv4Address: address.PrivateIPv4Address } : {}),
    };
  });
  return {
    ...Object.fromEntries(decoded),
    arn: id,
    arnSuffix: id.split(":loadbalancer/").at(-1),
    customerOwnedIpv4Pool: balancer.CustomerOwnedIpv4Pool,
    dnsName: balancer.DNSName,
    enablePrefixForIpv6SourceNat: balancer.EnablePrefixForIpv6SourceNat ?? "",
    enforceSecurityGroupInboundRulesOnPrivateLinkTraffic: balancer.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic ?? "",
    internal: balancer.Scheme === "internal",
    ipAddressType: balancer.IpAddressType ?? "ipv4",
    loadBalancerType: balancer.Type,
    name: balancer.LoadBalancerName,
    secondaryIpsAutoAssignedPerSubnet: 0,
    securityGroups: balancer.SecurityGroups ?? [],
    subnetMappings: mappings,
    subnets: zones.map((zone) => zone.SubnetId ?? ""),
    vpcId: balancer.VpcId,
    zoneId: balancer.CanonicalHostedZoneId,
    tagsAll: await readTags(id, context),
  };
}

async function update(change: Update, context: Context): Promise<void> {
  const { id, news, changed } = change;
  const LoadBalancerArn = id;
  if (changed.has("securityGroups"))
    await context.aws("elbv2", "SetSecurityGroups", { LoadBalancerArn, SecurityGroups: news["securityGroups"] ?? [] });
  if (changed.has("subnets") || changed.has("subnetMappings"))
    await context.aws("elbv2", "SetSubnets", { LoadBalancerArn, ...parameters.encodeOnly(news, ["subnets", "subnetMappings"]) });
  if (changed.has("ipAddressType"))
    await context.aws("elbv2", "SetIpAddressType", { LoadBalancerArn, IpAddressType: news["ipAddressType"] });
  await setAttributes(id, news, [...changed], context);
  await updateTags(change, context);
  await waitActive(id, context);
}

const hasGroups = (inputs: Properties): boolean => Array.isArray(inputs["securityGroups"]) && inputs["securityGroups"].length > 0;

export const definition: Definition = {
  token: "aws:lb/loadBalancer:LoadBalancer",
  naming: { maxLength: 32 },
  defaults,
  sets: ["securityGroups", "subnets", "subnetMappings"],
  unsupported: [
    ...logs,
    "enablePrefixForIpv6SourceNat",
    "enforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
    "ipamPools",
    "minimumLoadBalancerCapacity",
    "secondaryIpsAutoAssignedPerSubnet",
  ],
  timeouts: { create: 600, update: 600, delete: 600 },
  validate(inputs) {
    const given = ["subnets", "subnetMappings"].filter((key) => inputs[key] !== undefined);
    return given.length === 1
      ? []
      : [{ property: "subnets", reason: `exactly one of subnets and subnetMappings must be given, not ${given.length}` }];
  },
  preview: () => ({
    enablePrefixForIpv6SourceNat: "",
    enforceSecurityGroupInboundRulesOnPrivateLinkTraffic: "",
    internal: false,
    ipAddressType: "ipv4",
    secondaryIpsAutoAssignedPerSubnet: 0,
  }),
  // A network load balancer cannot get its first security group, nor lose its last.
  replacing: (olds, news) => (news["loadBalancerType"] === "network" && hasGroups(olds) !== hasGroups(news) ? ["securityGroups"] : []),
  async create(inputs, context) {
    const made = await context.aws("elbv2", "CreateLoadBalancer", {
      ...parameters.encode(inputs),
      ...(inputs["internal"] === true ? { Scheme: "internal" } : {}),
      ...tagsOfCreate(inputs, context),
    });
    const arn = made.LoadBalancers?.[0]?.LoadBalancerArn;
    if (arn === undefined) throw new Error("Elastic Load Balancing gave no ARN for the new load balancer");
    return arn;
  },
  async finish(id, inputs, context) {
    await waitActive(id, context);
    await setAttributes(
      id,
      inputs,
      Object.keys(inputs).filter((key) => inputs[key] !== defaults[key]),
      context,
    );
  },
  async find(inputs, context) {
    const found = await unlessCode(context.aws("elbv2", "DescribeLoadBalancers", { Names: [inputs["name"]] }), ...gone);
    return found?.LoadBalancers?.[0]?.LoadBalancerArn;
  },
  read,
  update,
  async delete(id, _state, context) {
    try {
      await unlessCode(context.aws("elbv2", "DeleteLoadBalancer", { LoadBalancerArn: id }), ...gone);
    } catch (error) {
      if (isCode(error, "OperationNotPermitted", "OperationNotPermittedException"))
        throw new Error(`${(error as Error).message}; set enableDeletionProtection to false, run an update, then delete`, { cause: error });
      throw error;
    }
    await context.waitFor("the load balancer is gone", async () => ((await find(id, context)) === undefined ? true : undefined));
  },
};
