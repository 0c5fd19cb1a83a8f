import { choices } from "../core/config.ts";
import { hidden, unproved, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { noticeEvents } from "../../contract/notices.ts";
import type { Deployment } from "../model/deployment.ts";
import type { AnyResource, Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

/** What one resource says for one group: it tells of terminations, it does not, or that cannot be told. */
type Answer = "yes" | "no" | Finding;

interface Teller {
  readonly from: AnyResource;
  readonly groups: Value;
  /** Whether it tells of terminations at all. */
  readonly tells: boolean | Finding;
}

function notifications(deployment: Deployment): Teller[] {
  return deployment.all("notification").map((one) => {
    const events = one.at("notifications");
    const tells = events.texts().includes(noticeEvents.terminate);
    const open = events.firstHidden();
    return {
      from: one,
      groups: one.at("groupNames"),
      tells: tells || (open ? hidden(open) : false),
    };
  });
}

function hooks(deployment: Deployment): Teller[] {
  return deployment.all("hook").map((one) => {
    const transition = one.at("lifecycleTransition");
    return {
      from: one,
      groups: one.at("autoscalingGroupName"),
      tells: transition.hidden ? hidden(transition) : transition.text() === "autoscaling:EC2_INSTANCE_TERMINATING",
    };
  });
}

interface Answers {
  readonly byGroup: ReadonlyMap<Resource<"group">, true | Finding>;
  /** A teller whose groups cannot be told; it may speak of any. */
  readonly open: string | undefined;
}

function answersOf(deployment: Deployment, tellers: readonly Teller[]): Answers {
  const byGroup = new Map<Resource<"group">, true | Finding>();
  let open: string | undefined;
  for (const { from, groups, tells } of tellers) {
    if (tells === false) continue;
    const { found, unproved: why } = deployment.targets(from, groups, "group");
    for (const group of found) if (tells === true || !byGroup.has(group)) byGroup.set(group, tells);
    open ??= why;
  }
  return { byGroup, open };
}

const toldByNotifications = (deployment: Deployment) => answersOf(deployment, notifications(deployment));
const toldByHooks = (deployment: Deployment) => answersOf(deployment, hooks(deployment));

function answerFor(group: Resource<"group">, { byGroup, open }: Answers): Answer {
  const own = byGroup.get(group);
  if (own === true) return "yes";
  if (own !== undefined) return { ...own, urn: group.urn };
  return open === undefined ? "no" : unproved(open, group);
}

interface EventPattern {
  readonly source?: readonly unknown[];
  readonly "detail-type"?: readonly unknown[];
  readonly detail?: { readonly AutoScalingGroupName?: readonly unknown[] };
}

/** Rules of EventBridge that pass on terminations of the group; a pattern that does not name the group takes them all. */
function eventRuleAnswer(deployment: Deployment, group: Resource<"group">): Answer {
  let open: Finding | undefined;
  for (const rule of deployment.all("eventRule")) {
    const pattern = rule.at("eventPattern");
    if (pattern.hidden) open ??= hidden(pattern, group);
    const text = pattern.text();
    if (text === undefined || rule.at("state").text() === "DISABLED") continue;
    const parsed = parsePattern(text);
    const named = parsed?.detail?.AutoScalingGroupName;
    const name = group.at("name");
    if (named !== undefined && name.hidden) open ??= hidden(name, group);
    const ours = named === undefined || named.includes(name.text());
    const kinds = parsed?.["detail-type"];
    const terminations = kinds === undefined || kinds.includes("EC2 Instance Terminate Successful");
    if (parsed?.source?.includes("aws.autoscaling") === true && terminations && ours) return "yes";
  }
  return open ?? "no";
}

function parsePattern(text: string): EventPattern | undefined {
  try {
    return JSON.parse(text) as EventPattern;
  } catch {
    return undefined;
  }
}

export const notifyTerminateExists = defineRule({
  id: "notify-terminate-exists",
  title: "Every Auto Scaling group gives notice of each instance that it terminates.",
  why: "Without the notice nobody learns that an instance is gone, and its node and client stay registered for ever.",
  severity: "critical",
  level: "mandatory",
  controls: ["cdk-nag:AS3"],
  remediation: `Add an aws.autoscaling.Notification with ${noticeEvents.terminate} for the group.`,
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-sns-notifications.html",
  options: {
    accept: choices(
      "What counts as a notice: `notification` a notification configuration, `hook` a lifecycle hook on termination, `event-rule` a rule of EventBridge for terminations.",
      ["notification", "hook", "event-rule"],
      ["notification"],
    ),
  },
  needs: "group",
  *stack(deployment, { config }) {
    const ways: Readonly<Record<string, (group: Resource<"group">) => Answer>> = {
      notification: (group) => answerFor(group, deployment.once(toldByNotifications)),
      hook: (group) => answerFor(group, deployment.once(toldByHooks)),
      "event-rule": (group) => eventRuleAnswer(deployment, group),
    };
    for (const group of deployment.all("group")) {
      const answers = config.accept.map((way) => ways[way]?.(group) ?? "no");
      if (answers.includes("yes")) continue;
      const open = answers.find((answer) => typeof answer === "object");
      yield (
        open ??
        violation(`${group.label} has no ${config.accept.join(", ")} for ${noticeEvents.terminate}; add one that names the group`, group)
      );
    }
  },
});
