import { expect } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

export const groupUsesLaunchTemplate = defineRule({
  id: "group-uses-launch-template",
  title: "Groups launch from launch templates.",
  why: "Launch configurations take no new features and no new instance types, and accounts created since 2024 cannot make any.",
  severity: "medium",
  level: "mandatory",
  controls: [
    "fsbp:AutoScaling.9",
    "checkov:CKV_AWS_315",
    "control-tower:CT.AUTOSCALING.PR.8",
    "prowler:autoscaling_group_using_ec2_launch_template",
  ],
  remediation: "Make a launch template from the launch configuration and refer to it.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-configurations.html",
  resources: {
    group: (group) => expect(group.at("launchConfiguration"), (one) => one.missing || one.text() === "", "use a launch template instead"),
  },
});
