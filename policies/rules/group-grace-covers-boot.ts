import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule, remembered, type Edit } from "../core/rule.ts";
import { bootSeconds } from "../facts/boot.ts";
import { groupWarmupCoversBoot } from "./group-warmup-covers-boot.ts";

/** What the provider sets when the argument is left out. */
const defaultGraceSeconds = 300;

export const groupGraceCoversBoot = defineRule({
  id: "group-grace-covers-boot",
  title: "A group's health check grace period covers the time that an instance needs to serve.",
  why: "An instance that is checked while it still boots is replaced, and so is its successor.",
  severity: "high",
  level: "mandatory",
  controls: ["cdk-nag:AS2"],
  remediation: "Set healthCheckGracePeriod to the measured seconds from launch to serving, or more.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-check-grace-period.html",
  resources: {
    fleet: remembered,
    *group(group, context): Checking {
      const grace = group.at("healthCheckGracePeriod");
      const boot = bootSeconds(group.facts.parent, context, context.configOf(groupWarmupCoversBoot).bootSeconds);
      for (const one of [grace, boot]) if (one.hidden) yield hidden(one);
      const needed = boot.number();
      if (grace.hidden || needed === undefined || (grace.number() ?? defaultGraceSeconds) >= needed) return;
      yield violation(
        `${grace.missing ? `${grace.path} is ${defaultGraceSeconds} by default` : grace.describe()}, but an instance needs ${needed} s to serve; set it to ${needed} or more`,
      );
    },
  },
  repairs: {
    group: (group, context): readonly Edit[] => {
      const grace = group.at("healthCheckGracePeriod");
      const needed = bootSeconds(group.facts.parent, context, context.configOf(groupWarmupCoversBoot).bootSeconds).number();
      return grace.hidden || needed === undefined || (grace.number() ?? defaultGraceSeconds) >= needed
        ? []
        : [{ path: ["healthCheckGracePeriod"], value: needed }];
    },
  },
});
