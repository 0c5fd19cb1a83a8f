import { integer } from "../core/config.ts";
import { expect } from "../core/finding.ts";
import { defineRule, type Edit } from "../core/rule.ts";
import type { Value } from "../model/value.ts";

interface Metadata {
  readonly httpPutResponseHopLimit?: number | undefined;
}

const check = (options: Value<Metadata | undefined>, most: number) =>
  expect(
    options.at("httpPutResponseHopLimit"),
    (limit) => limit.missing || (limit.number() ?? Infinity) <= most,
    `at most ${most}: each hop more lets the session token travel further`,
  );

function repair(options: Value<Metadata | undefined>, most: number): readonly Edit[] {
  const limit = options.at("httpPutResponseHopLimit").number();
  return limit !== undefined && limit > most ? [{ path: ["metadataOptions", "httpPutResponseHopLimit"], value: most }] : [];
}

export const templateHopLimit = defineRule({
  id: "template-hop-limit",
  title: "Answers of instance metadata do not leave the instance.",
  why: "With a hop limit above 1, a forwarded packet or a container can carry the session token away from the instance.",
  severity: "medium",
  level: "advisory",
  controls: ["fsbp:AutoScaling.4", "checkov:CKV_AWS_341"],
  remediation: "Set metadataOptions.httpPutResponseHopLimit to 1; where containers need the metadata, set the option `most` to 2.",
  url: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html",
  options: {
    most: integer("The highest hop limit that is allowed; 2 where containers read the metadata.", 1, { minimum: 1, maximum: 64 }),
  },
  resources: {
    launchTemplate: (template, { config }) => check(template.at("metadataOptions"), config.most),
    launchConfiguration: (configuration, { config }) => check(configuration.at("metadataOptions"), config.most),
  },
  repairs: {
    launchTemplate: (template, { config }) => repair(template.at("metadataOptions"), config.most),
    launchConfiguration: (configuration, { config }) => repair(configuration.at("metadataOptions"), config.most),
  },
});
