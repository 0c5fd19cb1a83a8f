import { expect } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

export const alarmActionsEnabled = defineRule({
  id: "alarm-actions-enabled",
  title: "The actions of an alarm are enabled.",
  why: "An alarm whose actions are disabled changes its state and calls nobody.",
  severity: "high",
  level: "mandatory",
  controls: ["checkov:CKV_AWS_319", "control-tower:CT.CLOUDWATCH.PR.4", "prowler:cloudwatch_alarm_actions_enabled", "fsbp:CloudWatch.17"],
  remediation: "Remove actionsEnabled: false.",
  url: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
  resources: {
    alarm: (alarm) => expect(alarm.at("actionsEnabled"), (enabled) => enabled.flag() !== false, "remove it, or set it to true"),
  },
  repairs: {
    alarm: (alarm) => (alarm.at("actionsEnabled").flag() === false ? [{ path: ["actionsEnabled"], value: true }] : []),
  },
});
