import { instanceIdPattern, noticeEvents } from "../contract/notices.ts";

/** What a message asks for. */
export type Request =
  /** The instance is gone: its node and client are to go. */
  | { readonly kind: "departed"; readonly instanceId: string; readonly groupName: string; readonly nodeName: string | undefined }
  /** The instance still runs and waits in a terminating hook. */
  | {
      readonly kind: "terminating";
      readonly instanceId: string;
      readonly groupName: string;
      readonly hookName: string;
      readonly token: string;
    }
  | { readonly kind: "ignored"; readonly reason: string }
  /** Can never be understood, however often it is read. */
  | { readonly kind: "malformed"; readonly reason: string };

/** Which events are ours. */
export interface Ownership {
  /** Twelve digits. */
  readonly accountId: string;
  /** Every group of the stack is named `<prefix>-…`; a fleet that was just removed still is. */
  readonly namePrefix: string;
}

/**
 * Key under which a message that we sent to ourselves carries the node's name, so that it outlives the node when the
 * client could not be deleted yet.
 */
export const resolvedNameKey = "FleetNodeName";

/** What Auto Scaling takes; anything else it would refuse for ever. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CompleteLifecycleAction.html */
const hookNamePattern = /^[A-Za-z0-9\-_/]{1,255}$/;
const tokenLength = 36;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a queue message's body: a notice or hook message of Auto Scaling, wrapped by SNS, delivered raw, or as an
 * EventBridge event. Never throws.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-sns-notifications.html
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
 */
export function readMessage(body: string, ours: Ownership): Request {
  const outer = fieldsOf(body);
  if (outer === undefined) return malformed("the body is not a JSON object");
  const wrapped = outer["Type"] === "Notification" && typeof outer["Message"] === "string";
  const inner = wrapped ? fieldsOf(outer["Message"] as string) : outer;
  if (inner === undefined) return malformed("the SNS message inside is not a JSON object");
  if (typeof inner["detail-type"] === "string") return fromEventBridge(inner, ours);
  if (typeof inner["LifecycleTransition"] === "string") return fromHook(inner, inner["AccountId"], ours);
  if (typeof inner["Event"] === "string") return fromNotice(inner, ours);
  return malformed("it is no notice, hook message or event of Auto Scaling");
}

function fromNotice(notice: Fields, ours: Ownership): Request {
  const event = String(notice["Event"]);
  if (event !== noticeEvents.terminate) return ignored(`${printable(event)} asks for nothing`);
  return departed(notice, notice["AccountId"], ours);
}

function fromEventBridge(event: Fields, ours: Ownership): Request {
  const detail = event["detail"];
  if (!isFields(detail)) return malformed("the event has no detail");
  if (event["source"] !== "aws.autoscaling") return ignored(`events of ${printable(event["source"])} ask for nothing`);
  if (event["detail-type"] === "EC2 Instance Terminate Successful") return departed(detail, event["account"], ours);
  if (event["detail-type"] === "EC2 Instance-terminate Lifecycle Action") return fromHook(detail, event["account"], ours);
  return ignored(`${printable(event["detail-type"])} asks for nothing`);
}

function departed(fields: Fields, accountId: unknown, ours: Ownership): Request {
  const common = checked(fields, accountId, ours);
  if ("kind" in common) return common;
  const nodeName = fields[resolvedNameKey];
  return { kind: "departed", ...common, nodeName: typeof nodeName === "string" ? nodeName : undefined };
}

function fromHook(fields: Fields, accountId: unknown, ours: Ownership): Request {
  if (fields["LifecycleTransition"] !== "autoscaling:EC2_INSTANCE_TERMINATING")
    return ignored(`${printable(fields["LifecycleTransition"])} asks for nothing`);
  const common = checked(fields, accountId, ours);
  if ("kind" in common) return common;
  const { LifecycleHookName: hookName, LifecycleActionToken: token } = fields;
  if (typeof hookName !== "string" || !hookNamePattern.test(hookName)) return malformed(`${printable(hookName)} is no hook name`);
  if (typeof token !== "string" || token.length !== tokenLength) return malformed(`${printable(token)} is no lifecycle action token`);
  return { kind: "terminating", ...common, hookName, token };
}

/** What every request needs: an instance of ours that really leaves. */
function checked(
  fields: Fields,
  accountId: unknown,
  ours: Ownership,
): { instanceId: string; groupName: string } | Extract<Request, { kind: "ignored" | "malformed" }> {
  const { EC2InstanceId: instanceId, AutoScalingGroupName: groupName } = fields;
  if (typeof groupName !== "string") return malformed("it names no group");
  if (typeof accountId !== "string") return malformed("it names no account");
  if (accountId !== ours.accountId) return ignored(`account ${printable(accountId)} is not ours`);
  if (!groupName.startsWith(`${ours.namePrefix}-`)) return ignored(`group ${printable(groupName)} is not ours`);
  if (typeof instanceId !== "string" || !instanceIdPattern.test(instanceId)) return malformed(`${printable(instanceId)} is no instance id`);
  // Back to the warm pool is not gone: https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pools-eventbridge-events.html
  if (fields["Destination"] === "WarmPool") return ignored("the instance returns to the warm pool");
  return { instanceId, groupName };
}

const malformed = (reason: string) => ({ kind: "malformed", reason }) as const;
const ignored = (reason: string) => ({ kind: "ignored", reason }) as const;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

function fieldsOf(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Foreign text in our words: short, quoted, without control characters. */
function printable(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : value === undefined ? "nothing" : `a ${typeof value}`;
}

/** The same request as a message to ourselves that carries the node's name. */
export function withNodeName(
  request: { readonly instanceId: string; readonly groupName: string },
  ours: Ownership,
  nodeName: string,
): string {
  return JSON.stringify({
    Event: noticeEvents.terminate,
    AccountId: ours.accountId,
    AutoScalingGroupName: request.groupName,
    EC2InstanceId: request.instanceId,
    [resolvedNameKey]: nodeName,
  });
}
