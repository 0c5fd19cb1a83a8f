import type { AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import type { Context } from "../context.ts";
import type { Definition, Found, Update } from "../definition.ts";
import { durationSeconds } from "../wait.ts";
import type { CheckFailure } from "../../protocol/provider.ts";
import { unknown } from "../../protocol/values.ts";
import type { Properties, Value } from "../../protocol/values.ts";
import { findGroup } from "./find-group.ts";
import { attachAfterCreate, groupTags, updateAttachments } from "./group-attachments.ts";
import { waitForCapacity } from "./group-capacity.ts";
import { deleteGroup } from "./group-delete.ts";
import { cleared, groupParameters, initialHook, updatable, warmPool } from "./group-parameters.ts";
import { startRefreshIfAsked } from "./instance-refresh.ts";

const defaultGranularity = "1Minute";
const hooksOf = (inputs: Properties): Value[] => (Array.isArray(inputs["initialLifecycleHooks"]) ? inputs["initialLifecycleHooks"] : []);

function validate(inputs: Properties): CheckFailure[] {
  const faults: CheckFailure[] = [];
  const sources = ["launchConfiguration", "launchTemplate", "mixedInstancesPolicy"].filter((key) => inputs[key] !== undefined);
  if (sources.length !== 1)
    faults.push({
      property: "launchTemplate",
      reason: `exactly one of launchConfiguration, launchTemplate, mixedInstancesPolicy must be given, not ${sources.length}`,
    });
  if (inputs["availabilityZones"] !== undefined && inputs["vpcZoneIdentifiers"] !== undefined)
    faults.push({ property: "availabilityZones", reason: "availabilityZones and vpcZoneIdentifiers exclude each other; give one of them" });
  const timeout = inputs["waitForCapacityTimeout"];
  if (timeout !== unknown && durationSeconds(timeout as string) === undefined)
    faults.push({
      property: "waitForCapacityTimeout",
      reason: `waitForCapacityTimeout is ${JSON.stringify(timeout)}, but must be a duration such as "10m", or "0"`,
    });
  return faults;
}

/** Target groups are traffic sources too. */
function sourcesOf(inputs: Properties): Value {
  const targets = inputs["targetGroupArns"];
  if (targets === unknown) return unknown;
  return Array.isArray(targets) ? targets.map((identifier) => ({ identifier, type: "elbv2" })) : [];
}

/** What Auto Scaling and the provider take by default. */
function preview(inputs: Properties): Found {
  return {
    availabilityZoneDistribution: { capacityDistributionStrategy: "balanced-best-effort" },
    capacityReservationSpecification: { capacityReservationPreference: "default" },
    defaultCooldown: 300,
    desiredCapacity: inputs["minSize"],
    healthCheckType: "EC2",
    instanceLifecyclePolicy: undefined,
    launchTemplate: undefined,
    loadBalancers: [],
    mixedInstancesPolicy: undefined,
    predictedCapacity: 0,
    targetGroupArns: [],
    trafficSources: sourcesOf(inputs),
    ...(inputs["availabilityZones"] === undefined ? {} : { vpcZoneIdentifiers: [] }),
    warmPoolSize: 0,
  };
}

function found(group: AutoScalingGroup, state: Properties): Found {
  const decoded = groupParameters.decodeAll(group);
  const onlyDefault = group.TerminationPolicies?.length === 1 && group.TerminationPolicies[0] === "Default";
  const metrics = group.EnabledMetrics ?? [];
  const tags = (group.Tags ?? []).filter((tag) => !tag.Key?.startsWith("aws:"));
  return {
    ...decoded,
    arn: group.AutoScalingGroupARN,
    availabilityZoneDistribution: decoded["availabilityZoneDistribution"] ?? { capacityDistributionStrategy: "balanced-best-effort" },
    capacityReservationSpecification: decoded["capacityReservationSpecification"] ?? { capacityReservationPreference: "default" },
    // AWS answers false where nothing was said.
    capacityRebalance: group.CapacityRebalance === true ? true : state["capacityRebalance"] === undefined ? undefined : false,
    enabledMetrics: metrics.length > 0 ? metrics.map((one) => one.Metric ?? "").sort() : undefined,
    metricsGranularity: metrics[0]?.Granularity ?? defaultGranularity,
    loadBalancers: group.LoadBalancerNames ?? [],
    maxInstanceLifetime: group.MaxInstanceLifetime === 0 ? undefined : group.MaxInstanceLifetime,
    predictedCapacity: group.PredictedCapacity ?? 0,
    suspendedProcesses: group.SuspendedProcesses?.length ? group.SuspendedProcesses.map((one) => one.ProcessName ?? "").sort() : undefined,
    tags:
      tags.length > 0
        ? tags.map((tag) => ({ key: tag.Key ?? "", propagateAtLaunch: tag.PropagateAtLaunch ?? false, value: tag.Value ?? "" }))
        : undefined,
    targetGroupArns: group.TargetGroupARNs ?? [],
    terminationPolicies: onlyDefault && state["terminationPolicies"] === undefined ? undefined : decoded["terminationPolicies"],
    trafficSources: decoded["trafficSources"] ?? [],
    vpcZoneIdentifiers: decoded["vpcZoneIdentifiers"] ?? [],
    warmPool: group.WarmPoolConfiguration && warmPool.decode(group.WarmPoolConfiguration),
    warmPoolSize: group.WarmPoolSize ?? 0,
  };
}

/** With initial hooks the group begins at size 0, so that the hooks are there before the first instance. */
async function create(inputs: Properties, context: Context): Promise<string> {
  const name = inputs["name"] as string;
  const sizes = hooksOf(inputs).length > 0 ? { MinSize: 0, MaxSize: 0, DesiredCapacity: 0 } : {};
  const tags = Array.isArray(inputs["tags"]) ? inputs["tags"] : [];
  await context.aws("autoscaling", "CreateAutoScalingGroup", {
    ...groupParameters.encode(inputs),
    ...sizes,
    ...(tags.length > 0 ? { Tags: groupTags(name, tags) } : {}),
  });
  return name;
}

async function putInitialHooks(name: string, inputs: Properties, context: Context): Promise<void> {
  const AutoScalingGroupName = name;
  for (const hook of hooksOf(inputs))
    await context.aws("autoscaling", "PutLifecycleHook", { AutoScalingGroupName, ...initialHook.encode(hook) });
}

async function finish(name: string, inputs: Properties, context: Context): Promise<void> {
  const start = new Date();
  const AutoScalingGroupName = name;
  await putInitialHooks(name, inputs, context);
  if (hooksOf(inputs).length > 0) {
    const sizes = groupParameters.encodeOnly(inputs, ["minSize", "maxSize", "desiredCapacity", "desiredCapacityType"]);
    await context.aws("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName, DesiredCapacity: inputs["minSize"], ...sizes });
  }
  await waitForCapacity(name, inputs, "create", start, context);
  await attachAfterCreate(name, inputs, context);
}

async function update(change: Update, context: Context): Promise<void> {
  const { id, news, changed } = change;
  const start = new Date();
  const keys = [...changed].filter((key) => updatable.has(key));
  if (keys.length > 0) {
    const gone = keys.filter((key) => news[key] === undefined).map((key) => groupParameters.fields[key]?.wire ?? key);
    const nothing = Object.fromEntries(gone.filter((wire) => wire in cleared).map((wire) => [wire, cleared[wire]]));
    // AWS resets the grace period with the type unless it is sent along.
    if (changed.has("healthCheckType")) keys.push("healthCheckGracePeriod");
    const parameters = { ...groupParameters.encodeOnly(news, keys), ...nothing };
    await context.aws("autoscaling", "UpdateAutoScalingGroup", { AutoScalingGroupName: id, ...parameters });
  }
  await updateAttachments(change, context);
  await startRefreshIfAsked(change, context);
  if (["desiredCapacity", "desiredCapacityType", "minSize"].some((key) => changed.has(key)))
    await waitForCapacity(id, news, "update", start, context);
}

export const definition: Definition = {
  token: "aws:autoscaling/group:Group",
  naming: { maxLength: 255 },
  defaults: {
    forceDelete: false,
    forceDeleteWarmPool: false,
    healthCheckGracePeriod: 300,
    ignoreFailedScalingActivities: false,
    metricsGranularity: defaultGranularity,
    protectFromScaleIn: false,
    waitForCapacityTimeout: "10m",
  },
  nestedDefaults: {
    "instanceRefresh.preferences": {
      maxHealthyPercentage: 100,
      minHealthyPercentage: 90,
      scaleInProtectedInstances: "Ignore",
      skipMatching: false,
      standbyInstances: "Ignore",
    },
  },
  sets: [
    "availabilityZones",
    "enabledMetrics",
    "initialLifecycleHooks",
    "suspendedProcesses",
    "tags",
    "targetGroupArns",
    "trafficSources",
    "vpcZoneIdentifiers",
  ],
  // Classic load balancers, whose API is none of this project's.
  unsupported: ["loadBalancers"],
  timeouts: { update: 600, delete: 600 },
  validate,
  preview,
  following: (changed, news) => (changed.has("targetGroupArns") ? { trafficSources: sourcesOf(news) } : {}),
  create,
  finish,
  async find(inputs, context) {
    const name = inputs["name"] as string;
    if ((await findGroup(name, context)) === undefined) return undefined;
    await putInitialHooks(name, inputs, context);
    return name;
  },
  async read(id, state, context) {
    const group = await findGroup(id, context);
    return group && found(group, state);
  },
  update,
  delete: deleteGroup,
};
