import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

export const groupSingleType = defineRule({
  id: "group-single-type",
  title: "A group launches exactly one instance type.",
  why: "An image is baked on one type, so that at most one type of a group can be the right one. This is a choice: the controls that ask for several types weigh the capacity of Spot and of single zones higher than the certainty that every instance is the one that was tested.",
  severity: "medium",
  level: "mandatory",
  controls: [],
  contradicts: [
    "fsbp:AutoScaling.6",
    "control-tower:CT.AUTOSCALING.PR.6",
    "prowler:autoscaling_group_multiple_instance_types",
    "config:autoscaling-multiple-instance-types",
  ],
  remediation: "Remove the other overrides. A fleet whose image is known to run on several types gets an exemption with its reason.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html",
  resources: {
    *group(group): Checking {
      const overrides = group.at("mixedInstancesPolicy").at("launchTemplate").at("overrides");
      if (overrides.hidden) yield hidden(overrides);
      const types = new Set<string>();
      for (const override of overrides.items()) {
        const [type, requirements] = [override.at("instanceType"), override.at("instanceRequirements")];
        if (type.hidden) yield hidden(type);
        if (requirements.hidden) yield hidden(requirements);
        else if (!requirements.missing) yield violation(`${requirements.path} asks for attributes, which many types have; name one type`);
        types.add(type.text() ?? "");
      }
      types.delete("");
      if (types.size > 1) yield violation(`${overrides.path} name ${[...types].join(", ")}; name one type`);
    },
  },
});
