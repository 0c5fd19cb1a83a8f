import { flag } from "../core/config.ts";
import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";

export const notifyTopicEncrypted = defineRule({
  id: "notify-topic-encrypted",
  title: "Topics are encrypted at rest.",
  why: "Notices name accounts, groups and instances. There is no automatic remediation: a key that does not let the publisher in stops the delivery.",
  severity: "medium",
  level: "advisory",
  controls: [
    "fsbp:SNS.1",
    "checkov:CKV_AWS_26",
    "trivy:AWS-0095",
    "trivy:AWS-0136",
    "cfn-nag:SnsTopicRequiresKmsMasterKeyId",
    "config:sns-encrypted-kms",
  ],
  remediation: "Set kmsMasterKeyId to a key whose policy lets the publisher in; notify-key-allows-publisher proves that.",
  url: "https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html",
  options: { ownKey: flag("Whether the key must be your own instead of alias/aws/sns.", false) },
  resources: {
    *topic(topic, { config }): Checking {
      const key = topic.at("kmsMasterKeyId");
      if (key.hidden) return; // with the stack, it can be told from its dependencies
      const given = (key.text() ?? "") !== "" && !(config.ownKey && key.text() === "alias/aws/sns");
      if (!given) yield violation(`${key.describe()}; ${config.ownKey ? "give a key of your own" : "give a key"}`);
    },
  },
  needs: "topic",
  *stack(deployment) {
    for (const topic of deployment.all("topic")) {
      const key = topic.at("kmsMasterKeyId");
      if (key.hidden && deployment.targets(topic, key, "key", "keyAlias").found.length === 0) yield hidden(key, topic);
    }
  },
});
