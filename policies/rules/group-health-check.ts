import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import type { Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

/** Arguments that attach a group to a load balancer. */
const attachments = (group: Resource<"group">): Value[] => [
  group.at("targetGroupArns"),
  group.at("loadBalancers"),
  group.at("trafficSources"),
];

const attached = (group: Resource<"group">) => attachments(group).some((one) => one.items().length > 0);
const usesElb = (type: Value) => (type.text() ?? "").split(",").some((word) => word.trim() === "ELB");

export const groupHealthCheck = defineRule({
  id: "group-health-check",
  title: "A group behind a load balancer uses its health checks, with a grace period.",
  why: "EC2's own check sees a running machine; only the load balancer sees an application that no longer answers.",
  severity: "medium",
  level: "advisory",
  controls: [
    "fsbp:AutoScaling.1",
    "checkov:CKV2_AWS_15",
    "cdk-nag:AS2",
    "control-tower:CT.AUTOSCALING.PR.4",
    "config:autoscaling-group-elb-healthcheck-required",
  ],
  remediation: "Set healthCheckType to ELB and healthCheckGracePeriod to the time that an instance needs to serve.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-checks-overview.html",
  resources: {
    *group(group): Checking {
      const type = group.at("healthCheckType");
      const open = attachments(group).find((one) => one.hidden);
      if (!attached(group)) {
        if (open !== undefined && !usesElb(type)) yield hidden(open);
        return;
      }
      if (type.hidden) yield hidden(type);
      else if (!usesElb(type)) yield violation(`${type.describe()}, but the group is behind a load balancer; set it to "ELB"`);
      const grace = group.at("healthCheckGracePeriod");
      if (grace.hidden) yield hidden(grace);
      else if (grace.number() === 0)
        yield violation(`${grace.describe()}; new instances would be replaced before they answer: give the seconds until they serve`);
    },
  },
  repairs: {
    group: (group) => {
      const type = group.at("healthCheckType");
      return attached(group) && !type.hidden && !usesElb(type) ? [{ path: ["healthCheckType"], value: "ELB" }] : [];
    },
  },
});
