import { expect, hidden, type Findings } from "../core/finding.ts";
import { defineRule, type Edit } from "../core/rule.ts";
import type { Value } from "../model/value.ts";

interface Metadata {
  readonly httpEndpoint?: string | undefined;
  readonly httpTokens?: string | undefined;
}

function check(options: Value<Metadata | undefined>): Findings {
  const [endpoint, tokens] = [options.at("httpEndpoint"), options.at("httpTokens")];
  if (endpoint.text() === "disabled" || tokens.text() === "required") return [];
  if (endpoint.hidden) return [hidden(endpoint)];
  return expect(tokens, () => false, 'set it to "required": version 1 answers without a session token');
}

const repair = (options: Value<Metadata | undefined>): readonly Edit[] =>
  [...check(options)].some(({ kind }) => kind === "violation") ? [{ path: ["metadataOptions", "httpTokens"], value: "required" }] : [];

export const templateImdsv2 = defineRule({
  id: "template-imdsv2",
  title: "Instance metadata is served by version 2 only.",
  why: "With version 1, one forged request through an application on the instance is enough to take the credentials of its role.",
  severity: "high",
  level: "mandatory",
  controls: [
    "fsbp:EC2.170",
    "fsbp:AutoScaling.3",
    "checkov:CKV_AWS_79",
    "trivy:AWS-0130",
    "prowler:ec2_launch_template_imdsv2_required",
    "control-tower:CT.AUTOSCALING.PR.2",
  ],
  remediation: "Set metadataOptions.httpTokens to required.",
  url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",
  resources: {
    launchTemplate: (template) => check(template.at("metadataOptions")),
    launchConfiguration: (configuration) => check(configuration.at("metadataOptions")),
  },
  repairs: {
    launchTemplate: (template) => repair(template.at("metadataOptions")),
    launchConfiguration: (configuration) => repair(configuration.at("metadataOptions")),
  },
});
