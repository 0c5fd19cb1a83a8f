import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import type { Resource } from "../model/resource.ts";

const hasKey = (queue: Resource<"queue">) => (queue.at("kmsMasterKeyId").text() ?? "") !== "";

export const queueEncrypted = defineRule({
  id: "queue-encrypted",
  title: "Queues are encrypted at rest, with SQS's key or with one of KMS.",
  why: "Messages wait for up to 14 days and name accounts, groups and instances.",
  severity: "medium",
  level: "mandatory",
  controls: ["fsbp:SQS.1", "checkov:CKV_AWS_27", "checkov:CKV2_AWS_73", "trivy:AWS-0096", "trivy:AWS-0135", "cdk-nag:SQS2"],
  remediation: "Set sqsManagedSseEnabled to true, or kmsMasterKeyId to a key that lets SNS in.",
  url: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html",
  resources: {
    *queue(queue): Checking {
      const [managed, key] = [queue.at("sqsManagedSseEnabled"), queue.at("kmsMasterKeyId")];
      if (managed.flag() === true || hasKey(queue)) return;
      const open = [managed, key].find((one) => one.hidden);
      yield open ? hidden(open) : violation(`${managed.describe()}, and there is no kmsMasterKeyId; set one of them`);
    },
  },
  repairs: {
    queue: (queue) => {
      const [managed, key] = [queue.at("sqsManagedSseEnabled"), queue.at("kmsMasterKeyId")];
      const needed = !managed.hidden && !key.hidden && managed.flag() !== true && !hasKey(queue);
      return needed ? [{ path: ["sqsManagedSseEnabled"], value: true }] : [];
    },
  },
});
