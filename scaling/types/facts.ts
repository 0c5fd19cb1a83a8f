/**
 * What the world tells the model. A fact is never refused: one about an unknown group, activity or instance is ignored,
 * a repeated one changes nothing. Facts carry no time; they happened at the time the model was last advanced to.
 */

/** A launch template as EC2 has it now; report it before a group names it and whenever a version or the default changes. */
export interface LaunchTemplateFact {
  readonly launchTemplateId: string;
  readonly launchTemplateName: string;
  readonly defaultVersion: number;
  readonly latestVersion: number;
  /** By version number. What is not here does not exist. */
  readonly versions: Readonly<Record<number, TemplateVersionFact>>;
}

/** What the rules need of a version; everything else of it is between the host and EC2. */
export interface TemplateVersionFact {
  readonly instanceType?: string;
  /** `ami-…` or `resolve:ssm:…`. */
  readonly imageId?: string;
  /** The template asks for spot in its market options. */
  readonly spot?: boolean;
  /** Orders templates that are not the group's own for OldestLaunchTemplate; absent = the oldest of all. */
  readonly createdAtMs?: number;
}

export interface SubnetFact {
  readonly subnetId: string;
  readonly zone: string;
}

/** EC2 accepted one launch of a `launch` effect (RunInstances answered). */
export interface InstanceLaunched {
  readonly activityId: string;
  readonly instanceId: string;
  /** When it differs from what the effect asked for. */
  readonly instanceType?: string;
  readonly imageId?: string;
}

/** EC2 refused, for example `InsufficientInstanceCapacity`; each activity of the effect fails by itself. */
export interface LaunchFailed {
  readonly activityId: string;
  readonly code: string;
  readonly message: string;
}

/** EC2's state names. The host reports `running` once the instance runs, and whatever it sees happen later. */
export interface InstanceStateChanged {
  readonly instanceId: string;
  readonly state: "pending" | "running" | "stopping" | "stopped" | "shutting-down" | "terminated";
}

/** Result of EC2's status checks: `system` and `instance` count always, `ebs` with health check type EBS. */
export interface InstanceStatusChanged {
  readonly instanceId: string;
  readonly check: "system" | "instance" | "ebs";
  readonly impaired: boolean;
}

/** EC2 refused to terminate; the model tries again with back-off. */
export interface TerminateFailed {
  readonly instanceId: string;
  readonly code: string;
  readonly message: string;
}

/** A target's health as the target group reports it; `unused` after deregistration has finished. */
export interface TargetHealthChanged {
  readonly instanceId: string;
  readonly targetGroupArn: string;
  readonly state: "initial" | "healthy" | "unhealthy" | "draining" | "unused";
}

/** EC2's warning about a spot instance. */
export interface SpotNotice {
  readonly instanceId: string;
  readonly kind: "rebalance-recommendation" | "interruption";
}

/**
 * An alarm whose action is a policy's ARN went into a state, or is still in it: CloudWatch repeats Auto Scaling actions
 * every minute (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html).
 */
export interface AlarmAction {
  readonly policyArn: string;
  readonly alarmName: string;
  readonly alarmArn: string;
  readonly state: "ALARM" | "OK" | "INSUFFICIENT_DATA";
  readonly threshold: number;
  /** The aggregated datapoint that the alarm judged; absent when data is missing. */
  readonly metricValue?: number;
}

/** State of an alarm that a refresh or roll-back watches. Unknown alarms count as OK. */
export interface AlarmStateChanged {
  readonly alarmName: string;
  readonly state: "ALARM" | "OK" | "INSUFFICIENT_DATA";
}
