import { noticeEvents } from "../../contract/notices.ts";
import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

const wanted: readonly string[] = [noticeEvents.launchError, noticeEvents.terminateError];

export const notifyErrorsToo = defineRule({
  id: "notify-errors-too",
  title: "A notification also tells of launches and terminations that failed.",
  why: "A group that cannot launch looks quiet: only the error notices tell it from a group that need not.",
  severity: "medium",
  level: "advisory",
  controls: ["cdk-nag:AS3"],
  remediation: "Add autoscaling:EC2_INSTANCE_LAUNCH_ERROR and autoscaling:EC2_INSTANCE_TERMINATE_ERROR to notifications.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-sns-notifications.html",
  resources: {
    *notification(notification): Checking {
      const events = notification.at("notifications");
      const missing = wanted.filter((event) => !events.texts().includes(event));
      if (missing.length === 0) return;
      const open = events.firstHidden();
      if (open) yield hidden(open);
      else yield violation(`notifications lacks ${missing.join(" and ")}; add ${missing.length === 1 ? "it" : "them"}`);
    },
  },
  repairs: {
    notification: (notification) => {
      const events = notification.at("notifications");
      const missing = wanted.filter((event) => !events.texts().includes(event));
      if (missing.length === 0 || events.firstHidden()) return [];
      return [{ path: ["notifications"], value: [...events.texts(), ...missing] }];
    },
  },
});
