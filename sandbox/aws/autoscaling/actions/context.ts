/** What an action works with. */
import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { EC2Client } from "@aws-sdk/client-ec2";
import type { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { GroupView } from "../../../../scaling/types/views.ts";
import type { AlarmWatch } from "../alarm-watch.ts";
import type { KnownResources } from "../ec2/known.ts";
import type { ModelHost } from "../host/host.ts";
import { ApiError } from "../protocol/errors.ts";
import type { Input, Output } from "./api.ts";

export interface ActionContext {
  readonly host: ModelHost;
  readonly known: KnownResources;
  readonly alarms: AlarmWatch;
  readonly ec2: EC2Client;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly cloudWatch: CloudWatchClient;
}

/** Functions by action name. */
export type Actions<Name extends string> = {
  readonly [Action in Name]: (input: Input<Action>, context: ActionContext) => Output<Action> | Promise<Output<Action>>;
};

/** The group, or the refusal that the API answers for one that it does not know. */
export function groupNamed({ host }: ActionContext, name: string): GroupView {
  const group = host.model.group(name);
  if (group === undefined) throw new ApiError("ValidationError", `AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`);
  return group;
}

/** Members that are documented but that this service does not carry out: refused by name, never ignored. */
export function refuseMembers(action: string, input: object, reasons: Readonly<Record<string, string>>): void {
  const given = Object.entries(reasons).filter(([member]) => (input as Readonly<Record<string, unknown>>)[member] !== undefined);
  if (given.length === 0) return;
  const list = given.map(([member, reason]) => `${member} (${reason})`).join(", ");
  throw new ApiError("ValidationError", `${action} is given what this Auto Scaling does not support: ${list}. Leave it out`);
}

export const toDate = (milliseconds: number) => new Date(milliseconds);
