import { expect, hidden, type Checking } from "../core/finding.ts";
import { defineRule, type Edit } from "../core/rule.ts";
import type { Value } from "../model/value.ts";

const check = (encrypted: Value) => expect(encrypted, (one) => one.flag() === true, "encrypt every volume of an instance");
const needs = (encrypted: Value) => !encrypted.hidden && encrypted.flag() !== true;

export const templateEbsEncrypted = defineRule({
  id: "template-ebs-encrypted",
  title: "Every volume that a template attaches is encrypted.",
  why: "An unencrypted volume can be read from a snapshot of it, long after the instance is gone.",
  severity: "high",
  level: "mandatory",
  controls: ["fsbp:EC2.181", "checkov:CKV_AWS_8", "trivy:AWS-0008", "control-tower:CT.AUTOSCALING.PR.9", "cdk-nag:EC26"],
  remediation: 'Set ebs.encrypted to true (in a launch template the text "true") in each block device mapping.',
  url: "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html",
  resources: {
    *launchTemplate(template): Checking {
      const mappings = template.at("blockDeviceMappings");
      yield* expect(mappings, () => true, "");
      for (const mapping of mappings.items()) if (!mapping.at("ebs").missing) yield* check(mapping.at("ebs").at("encrypted"));
    },
    *launchConfiguration(configuration): Checking {
      const root = configuration.at("rootBlockDevice");
      if (!root.missing) yield* check(root.at("encrypted"));
      if (configuration.at("ebsBlockDevices").hidden) yield hidden(configuration.at("ebsBlockDevices"));
      for (const device of configuration.at("ebsBlockDevices").items()) {
        const [none, encrypted] = [device.at("noDevice"), device.at("encrypted")];
        if (none.flag() === true || encrypted.flag() === true) continue;
        if (none.hidden) yield hidden(none);
        else yield* check(encrypted);
      }
    },
  },
  repairs: {
    launchTemplate: (template) =>
      template
        .at("blockDeviceMappings")
        .items()
        .flatMap((mapping, index): Edit[] =>
          mapping.at("ebs").known && needs(mapping.at("ebs").at("encrypted"))
            ? [{ path: ["blockDeviceMappings", index, "ebs", "encrypted"], value: "true" }]
            : [],
        ),
    launchConfiguration: (configuration) => [
      ...(configuration.at("rootBlockDevice").known && needs(configuration.at("rootBlockDevice").at("encrypted"))
        ? [{ path: ["rootBlockDevice", "encrypted"], value: true } as const]
        : []),
      ...configuration
        .at("ebsBlockDevices")
        .items()
        .flatMap((device, index): Edit[] =>
          device.at("noDevice").hidden || device.at("noDevice").flag() === true || !needs(device.at("encrypted"))
            ? []
            : [{ path: ["ebsBlockDevices", index, "encrypted"], value: true }],
        ),
    ],
  },
});
