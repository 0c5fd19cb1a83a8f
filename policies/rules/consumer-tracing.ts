import { expect } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

export const consumerTracing = defineRule({
  id: "consumer-tracing",
  title: "Functions are traced.",
  why: "A trace shows where a slow removal spends its time.",
  severity: "low",
  level: "disabled",
  controls: ["checkov:CKV_AWS_50", "trivy:AWS-0066"],
  remediation: "Set tracingConfig.mode to Active.",
  url: "https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
  resources: {
    lambda: (lambda) => expect(lambda.at("tracingConfig").at("mode"), (mode) => mode.text() === "Active", 'set it to "Active"'),
  },
  repairs: {
    lambda: (lambda) => {
      const mode = lambda.at("tracingConfig").at("mode");
      return mode.hidden || mode.text() === "Active" ? [] : [{ path: ["tracingConfig", "mode"], value: "Active" }];
    },
  },
});
