import type { MixedInstances } from "../contract/mixed-instances.ts";
import type { NamingInputs } from "../contract/naming.ts";
import { fleetPrefix, stackPrefix } from "../contract/naming.ts";
import type { ScalingPolicies } from "../contract/scaling-policies.ts";
import type { FleetSettingsInput } from "./fleet-schema.ts";
import { resolveGroup, resolveMixed } from "./resolve-instances.ts";
import type { GroupValues } from "./resolve-instances.ts";
import { resolveImage } from "./resolve-image.ts";
import type { ImageSettings } from "./resolve-image.ts";
import { resolveScaling } from "./resolve-scaling.ts";
import type { AwsSettings, ProjectSettings } from "./schema.ts";

/** Everything that the program is told, checked and complete. */
export interface Settings {
  readonly naming: NamingInputs;
  /** Prefix of everything in the stack. */
  readonly prefix: string;
  readonly region: string;
  /** Role that commands take on; absent = the caller's own credentials. */
  readonly roleArn?: string;
  readonly network: ProjectSettings["network"];
  readonly alerts: { readonly topicArn: string } | { readonly email: string };
  readonly protect: boolean;
  readonly dashboard: boolean;
  readonly notices: ProjectSettings["notices"];
  /** Absent = nothing removes departed nodes. */
  readonly consumer?: ConsumerSettings;
  /** In the order of their names. */
  readonly fleets: readonly FleetSettings[];
}

type ConsumerInput = ProjectSettings["consumer"];

/** What works the notices off; `functions` absent = a worker outside of the stack. */
export interface ConsumerSettings extends Pick<ConsumerInput, "settleSeconds" | "drainTimeoutSeconds"> {
  readonly functions?: ConsumerFunctions;
}

export interface ConsumerFunctions extends Omit<ConsumerInput, "kind" | "chef" | "naming" | "settleSeconds" | "drainTimeoutSeconds"> {
  readonly chef: NonNullable<ConsumerInput["chef"]>;
  readonly nodeNaming: ConsumerInput["naming"];
}

type LoadBalancingInput = NonNullable<FleetSettingsInput["loadBalancing"]>;
type TargetSettings = Omit<LoadBalancingInput, "targetGroupArns" | "listener" | RuleKey>;
type RuleKey = "listenerArn" | "priority" | "hosts" | "paths";
type RuleSettings = TargetSettings & Required<Pick<LoadBalancingInput, RuleKey>>;
type OwnListenerSettings = TargetSettings & Required<Pick<LoadBalancingInput, "listener">>;

export interface FleetSettings extends Omit<
  FleetSettingsInput,
  | "role"
  | "image"
  | "scaling"
  | "health"
  | "loadBalancing"
  | "formerly"
  | "securityGroupIds"
  | "ingress"
  | "egress"
  | "mixedInstances"
  | "group"
  | "terminateHook"
> {
  readonly terminateHook?: NonNullable<FleetSettingsInput["terminateHook"]> & { readonly notifies?: true };
  readonly image: ImageSettings;
  /** Key under `fleet:fleets`. */
  readonly name: string;
  /** Prefix of everything that the fleet has. */
  readonly prefix: string;
  readonly identity: NamingInputs & { readonly fleet: string; readonly role: string };
  readonly scaling: ScalingPolicies;
  readonly mixedInstances?: MixedInstances;
  readonly healthCheckType: "EC2" | "ELB";
  readonly moreHealthChecks?: readonly "EBS"[];
  /** Values that go straight to the group. */
  readonly group: GroupValues;
  readonly loadBalancing?: { readonly targetGroupArns: readonly string[] } | RuleSettings | OwnListenerSettings;
  readonly traffic: Pick<FleetSettingsInput, "securityGroupIds" | "ingress" | "egress">;
}

export function resolveSettings(environment: string, project: ProjectSettings, provider: AwsSettings): Settings {
  const { product, platform, majorVersion, alerts } = project;
  const naming = { product, environment, platform, majorVersion };
  const roleArn = provider.assumeRoles[0]?.roleArn;
  const consumer = resolveConsumer(project.consumer);
  const facts = { naming, region: provider.region, drains: project.consumer.kind !== "none" && project.consumer.drain !== "none" };
  return {
    naming,
    prefix: stackPrefix(naming),
    region: provider.region,
    ...(roleArn === undefined ? {} : { roleArn }),
    network: project.network,
    alerts: alerts.topicArn === undefined ? { email: alerts.email ?? "" } : { topicArn: alerts.topicArn },
    protect: project.protect,
    dashboard: project.dashboard,
    notices: project.notices,
    ...(consumer === undefined ? {} : { consumer }),
    fleets: Object.keys(project.fleets)
      .sort()
      .flatMap((name) => (project.fleets[name] === undefined ? [] : [resolveFleet(facts, name, project.fleets[name])])),
  };
}

function resolveConsumer(input: ConsumerInput): ConsumerSettings | undefined {
  const { kind, chef, naming, settleSeconds, drainTimeoutSeconds, ...same } = input;
  if (kind === "none") return undefined;
  if (kind === "worker") return { settleSeconds, drainTimeoutSeconds };
  if (chef === undefined) throw new TypeError("consumer was not checked before it was resolved");
  return { settleSeconds, drainTimeoutSeconds, functions: { ...same, chef, nodeNaming: naming } };
}

/** Boot beats three times in it; a node that dies without a word is replaced after it. */
const bootHeartbeatSeconds = 600;

/** A renamed fleet keeps on AWS the name that it was made with: nothing there can be renamed, only replaced. */
export const identityName = (name: string, formerly: string | undefined): string => formerly ?? name;

interface StackFacts {
  readonly naming: NamingInputs;
  readonly region: string;
  /** Whether the consumer drains an instance in its terminate hook and completes that. */
  readonly drains: boolean;
}

function resolveFleet({ naming, region, drains }: StackFacts, name: string, input: FleetSettingsInput): FleetSettings {
  const { role, scaling, health, loadBalancing, formerly, securityGroupIds, ingress, egress, mixedInstances, group, ...same } = input;
  const fleet = identityName(name, formerly);
  const prefix = fleetPrefix(naming, fleet);
  return {
    ...same,
    name,
    prefix,
    image: resolveImage(input, { naming, prefix, region }),
    ...(input.provisioning === "none" || input.launchHook ? {} : { launchHook: { heartbeatSeconds: bootHeartbeatSeconds } }),
    ...(input.terminateHook && drains ? { terminateHook: { ...input.terminateHook, notifies: true } } : {}),
    identity: { ...naming, fleet, role: role ?? fleet },
    scaling: resolveScaling(scaling, input.bootSeconds),
    ...(mixedInstances === undefined ? {} : { mixedInstances: resolveMixed(mixedInstances, input.instanceType) }),
    healthCheckType: health.type ?? (loadBalancing === undefined ? "EC2" : "ELB"),
    ...(health.also.length === 0 ? {} : { moreHealthChecks: health.also }),
    group: { healthCheckGracePeriod: health.graceSeconds ?? input.bootSeconds, ...resolveGroup(group) },
    ...(loadBalancing === undefined ? {} : { loadBalancing: resolveLoadBalancing(loadBalancing) }),
    traffic: { ...(securityGroupIds === undefined ? {} : { securityGroupIds }), ingress, egress },
  };
}

function resolveLoadBalancing(input: LoadBalancingInput): NonNullable<FleetSettings["loadBalancing"]> {
  const { targetGroupArns, listenerArn, priority, hosts, paths, listener, ...target } = input;
  if (targetGroupArns !== undefined) return { targetGroupArns };
  if (listener !== undefined) return { listener, ...target };
  if (listenerArn === undefined || priority === undefined) throw new TypeError("loadBalancing was not checked before it was resolved");
  return { listenerArn, priority, hosts, paths, ...target };
}
