import { integer } from "../core/config.ts";
import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule, remembered, type Edit } from "../core/rule.ts";
import { bootSeconds } from "../facts/boot.ts";
import type { Value } from "../model/value.ts";

function* judge(warmup: Value, boot: Value<number>): Checking {
  if (boot.hidden) yield hidden(boot);
  if (warmup.hidden) yield hidden(warmup);
  const [given, needed] = [warmup.number(), boot.number()];
  if (warmup.hidden || needed === undefined || (given !== undefined && given >= needed)) return;
  yield violation(`${warmup.describe()}, but an instance needs ${needed} s to serve; set it to ${needed} or more`);
}

export const groupWarmupCoversBoot = defineRule({
  id: "group-warmup-covers-boot",
  title: "A group's default warm-up covers the time that an instance needs to serve.",
  why: "An instance that boots counts with the load of its boot, so that the group scales again on what it has just done. AWS recommends the default warm-up strongly and does not set it.",
  severity: "medium",
  level: "mandatory",
  controls: ["cdk-nag:AS1"],
  remediation: "Set defaultInstanceWarmup to the measured seconds from launch to serving.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-default-instance-warmup.html",
  options: {
    bootSeconds: integer("Seconds from launch to serving, for groups outside of a Fleet; a Fleet says its own.", 60, { minimum: 0 }),
  },
  resources: {
    fleet: remembered,
    group: (group, context) =>
      judge(group.at("defaultInstanceWarmup"), bootSeconds(group.facts.parent, context, context.config.bootSeconds)),
  },
  repairs: {
    group: (group, context): readonly Edit[] => {
      const [given, needed] = [
        group.at("defaultInstanceWarmup"),
        bootSeconds(group.facts.parent, context, context.config.bootSeconds).number(),
      ];
      return given.hidden || needed === undefined || (given.number() ?? -1) >= needed
        ? []
        : [{ path: ["defaultInstanceWarmup"], value: needed }];
    },
  },
});
