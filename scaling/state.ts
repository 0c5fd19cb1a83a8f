/** What the model remembers: plain data that goes into a snapshot as it is (maps become lists of pairs). */
import type {
  ActivityStatus,
  GroupMetricName,
  GroupTag,
  HealthStatus,
  HookResult,
  HookTransition,
  LaunchConfig,
  LifecycleState,
  ImpairmentPolicy,
  MaintenancePolicy,
  Market,
  ProcessName,
  ResolvedTemplate,
} from "./types/common.ts";
import type { InstanceStateChanged, LaunchTemplateFact, TargetHealthChanged } from "./types/facts.ts";
import type { Effect } from "./types/effects.ts";
import type { InstancePlace } from "../contract/notices.ts";
import type { PolicyState } from "./policy-state.ts";
import type { RefreshState } from "./refresh-state.ts";

export interface ModelState {
  nowMs: number;
  idCount: number;
  timerCount: number;
  readonly templates: Map<string, LaunchTemplateFact>;
  /** Zone by subnet id. */
  readonly subnets: Map<string, string>;
  readonly groups: Map<string, GroupState>;
  /** Activities of groups that are gone, oldest first. */
  readonly pastActivities: ActivityState[];
  /** By alarm name; only alarms that a refresh may watch. */
  readonly alarms: Map<string, "ALARM" | "OK" | "INSUFFICIENT_DATA">;
  /** Not taken yet when the snapshot was made; otherwise empty. */
  readonly effects: readonly Effect[];
  /** A binary heap by time, then by order of scheduling. */
  readonly timers: Timer[];
}

/** Something that falls due. Kinds are dispatched in timers.ts; one that no longer applies when it fires does nothing. */
export interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly kind: TimerKind;
  readonly group: string;
  readonly ref: string;
}

export type TimerKind =
  | "hook"
  | "grace"
  | "lifetime"
  | "launch-retry"
  | "terminate-retry"
  | "schedule"
  | "refresh"
  | "replacement"
  | "metrics"
  | "status-check"
  | "administrative-suspension";

export interface GroupState {
  readonly name: string;
  readonly arn: string;
  readonly createdAtMs: number;
  config: LaunchConfig;
  minSize: number;
  maxSize: number;
  desiredCapacity: number;
  defaultCooldownSeconds: number;
  zones: string[];
  subnetIds: string[];
  readonly targetGroups: Map<string, TargetGroupState>;
  healthCheckType: string;
  gracePeriodSeconds: number;
  placementGroup: string | undefined;
  terminationPolicies: string[];
  protectNewInstances: boolean;
  capacityRebalance: boolean;
  serviceLinkedRoleArn: string;
  /** 0 = none. */
  maxInstanceLifetimeSeconds: number;
  defaultWarmupSeconds: number | undefined;
  maintenancePolicy: MaintenancePolicy | undefined;
  distributionStrategy: "balanced-best-effort" | "balanced-only";
  terminateHookAbandon: "terminate" | "retain";
  deletionProtection: "none" | "prevent-force-deletion" | "prevent-all-deletion";
  impairmentPolicy: ImpairmentPolicy | undefined;
  context: string | undefined;
  /** Process and the reason of its suspension. */
  readonly suspended: Map<ProcessName, string>;
  readonly metrics: Set<GroupMetricName>;
  readonly tags: Map<string, GroupTag>;
  deleting: boolean;
  readonly hooks: Map<string, HookState>;
  /** Events by topic. */
  readonly notifications: Map<string, Set<string>>;
  readonly policies: Map<string, PolicyState>;
  readonly schedules: Map<string, ScheduleState>;
  warmPool: WarmPoolState | undefined;
  /** Newest last. */
  readonly refreshes: RefreshState[];

  /** Warm pool included; in order of launch. */
  readonly instances: Map<string, InstanceState>;
  /** Launches that EC2 has not answered yet, by activity. */
  readonly launching: Map<string, LaunchState>;
  /** Oldest first. */
  readonly activities: ActivityState[];

  /** Instances and launches that count towards the desired capacity. */
  active: number;
  readonly activeByZone: Map<string, number>;
  /** Of those, spot. */
  activeSpot: number;
  /** Warm pool: launches and instances that are or become prepared. */
  warm: number;
  readonly warmByZone: Map<string, number>;
  readonly counts: Map<LifecycleState, number>;

  /** Instances wanted above the desired capacity while others are being replaced or zones rebalanced, by who wants them. */
  replacementSurplus: number;
  /** The next look at what is to be replaced is due then; 0 = none is scheduled. */
  replacementWakeMs: number;
  refreshSurplus: number;
  rebalanceSurplus: number;
  /** First sentence of the cause of activities that follow from the last change of the desired capacity. */
  changeCause: string;
  changeAlarmArn: string | undefined;
  /** An instance that a refresh launched did not come into service, or is unhealthy; taken notice of in the next step. */
  newInstanceFailed: boolean;
  /** When group metrics are due next. */
  metricsDueMs: number;
  /** What an instance refresh or rebalancing says of the launches that it asks for; absent = a difference of capacity. */
  launchCause: string | undefined;
  /** Launches to come that replace unhealthy instances; they have a cause of their own. */
  unhealthyToReplace: number;
  /** End of the cooldown of simple scaling. */
  cooldownUntilMs: number;
  /** Cooldown that begins when the policy's activities have ended. */
  cooldownSecondsDue: number | undefined;
  /** When an instance last came into service. */
  lastInServiceMs: number;
  /** By zone, type and market. */
  readonly backoff: Map<string, Backoff>;
  /** Since when every launch has failed; 0 = not failing. */
  failingSinceMs: number;
  /** Found unhealthy; to be replaced unless ReplaceUnhealthy is suspended. */
  readonly unhealthy: Set<string>;
  /** Instances to be replaced, with the cause. */
  readonly toReplace: Map<string, ReplacementCause>;
}

export type ReplacementCause = "unhealthy" | "lifetime" | "rebalance-recommendation";

export interface TargetGroupState {
  readonly arn: string;
  removing: boolean;
  /**
   * An instance has passed its health check; before that the checks' results do not count. A target group that came with
   * the group is in service at once (API_LoadBalancerTargetGroupState.html).
   */
  hasServed: boolean;
}

/** Repeated failures of one pool (zone, type and market). */
export interface Backoff {
  failures: number;
  untilMs: number;
}

export interface HookState {
  readonly name: string;
  readonly transition: HookTransition;
  heartbeatTimeoutSeconds: number;
  defaultResult: HookResult;
  targetArn: string | undefined;
  roleArn: string | undefined;
  metadata: string | undefined;
}

export interface ScheduleState {
  readonly name: string;
  readonly arn: string;
  startAtMs: number | undefined;
  endAtMs: number | undefined;
  recurrence: string | undefined;
  timeZone: string | undefined;
  minSize: number | undefined;
  maxSize: number | undefined;
  desiredCapacity: number | undefined;
  /** Timer that counts; earlier ones of the same name are stale. */
  nextAtMs: number;
}

export interface WarmPoolState {
  maxPrepared: number | undefined;
  minSize: number;
  poolState: "Stopped" | "Running" | "Hibernated";
  reuseOnScaleIn: boolean;
  deleting: boolean;
}

/** What is launched for whom, while EC2 has not answered. */
export interface LaunchState {
  readonly activityId: string;
  readonly zone: string;
  readonly subnetId: string;
  readonly template: ResolvedTemplate;
  readonly instanceType: string;
  readonly imageId: string | undefined;
  readonly market: Market;
  readonly warm: boolean;
  /** Of the refresh whose configuration it has. */
  readonly refreshId: string | undefined;
}

export interface InstanceState {
  readonly id: string;
  readonly group: string;
  readonly zone: string;
  readonly subnetId: string;
  readonly instanceType: string;
  readonly imageId: string | undefined;
  readonly template: ResolvedTemplate | undefined;
  readonly market: Market;
  readonly launchedAtMs: number;
  readonly refreshId: string | undefined;
  state: LifecycleState;
  health: HealthStatus;
  protectedFromScaleIn: boolean;
  /** When it last came into service; 0 = never. */
  inServiceAtMs: number;
  ec2State: InstanceStateChanged["state"];
  /** Running activity. */
  activityId: string;
  /** Where it comes from and goes to, for messages. */
  origin: InstancePlace;
  destination: InstancePlace;
  waits: HookWait[];
  /** Target groups that know it, and what they say. */
  targets: Record<string, TargetHealthChanged["state"]>;
  /** Status checks that are impaired, with the time since when. */
  impaired: Partial<Record<"system" | "instance" | "ebs", number>>;
  /** Why it was found unhealthy; for the activity's cause. */
  unhealthyReason: string | undefined;
  /** Termination attempts that EC2 refused. */
  terminateFailures: number;
}

/** An instance waits for one hook. */
export interface HookWait {
  readonly hook: string;
  readonly token: string;
  readonly startedAtMs: number;
  readonly heartbeatTimeoutSeconds: number;
  readonly globalDeadlineMs: number;
  readonly defaultResult: HookResult;
  deadlineMs: number;
}

export type ActivityKind =
  | "launch"
  | "warm-launch"
  | "from-warm"
  | "terminate"
  | "warm-terminate"
  | "warm-return"
  | "standby"
  | "in-service"
  | "attach"
  | "detach"
  | "equilibrium";

export interface ActivityState {
  readonly id: string;
  readonly group: string;
  readonly kind: ActivityKind;
  readonly cause: string;
  readonly startAtMs: number;
  readonly zone: string;
  readonly subnetId: string;
  instanceId: string | undefined;
  endAtMs: number | undefined;
  status: ActivityStatus;
  statusMessage: string | undefined;
  progress: number;
  /** An alarm's ARN, when one began it. */
  readonly alarmArn: string | undefined;
  groupArn: string | undefined;
}
