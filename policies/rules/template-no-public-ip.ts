import { expect, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import type { Value } from "../model/value.ts";

const check = (address: Value) =>
  expect(
    address,
    (one) => one.flag() !== true,
    "instances of a group stay private: set it to false and reach them through a load balancer or Session Manager",
  );

export const templateNoPublicIp = defineRule({
  id: "template-no-public-ip",
  title: "Instances of a group have no public address.",
  why: "A public address puts every open port of an instance on the internet, past the load balancer.",
  severity: "high",
  level: "mandatory",
  controls: [
    "fsbp:EC2.25",
    "fsbp:AutoScaling.5",
    "checkov:CKV_AWS_88",
    "checkov:CKV_AWS_389",
    "trivy:AWS-0009",
    "control-tower:CT.AUTOSCALING.PR.5",
  ],
  remediation: 'Set associatePublicIpAddress to false (in a launch template the text "false").',
  url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html",
  resources: {
    *launchTemplate(template): Checking {
      const interfaces = template.at("networkInterfaces");
      yield* expect(interfaces, () => true, "");
      for (const one of interfaces.items()) yield* check(one.at("associatePublicIpAddress"));
    },
    launchConfiguration: (configuration) => check(configuration.at("associatePublicIpAddress")),
  },
  repairs: {
    launchTemplate: (template) =>
      template
        .at("networkInterfaces")
        .items()
        .flatMap((one, index) =>
          one.at("associatePublicIpAddress").flag() === true
            ? [{ path: ["networkInterfaces", index, "associatePublicIpAddress"], value: "false" } as const]
            : [],
        ),
    launchConfiguration: (configuration) =>
      configuration.at("associatePublicIpAddress").flag() === true ? [{ path: ["associatePublicIpAddress"], value: false }] : [],
  },
});
