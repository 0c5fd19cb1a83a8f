import { hidden, unproved, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { stranger, strangerContext } from "../facts/strangers.ts";
import { parsePolicy } from "../iam/document.ts";
import { decide } from "../iam/evaluate.ts";
import type { Value } from "../model/value.ts";

const actions = ["kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"] as const;
/** Key policies speak of the key itself, `*`. */
const someKey = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

function* check(policy: Value): Checking {
  if (policy.hidden) return yield hidden(policy);
  if (policy.missing || policy.raw === "") return;
  const document = parsePolicy(policy.raw);
  if (!document) return yield violation(`${policy.path} is no policy document`);
  const decisions = actions.map((action) => decide(document, { caller: stranger, action, resource: someKey, context: strangerContext }));
  const open = actions.filter((_action, index) => decisions[index] === "allow");
  if (open.length > 0) yield violation(`${policy.path} lets callers of other accounts ${open.join(", ")}; name the principals`);
  else if (decisions.includes("unknown"))
    yield unproved(`whether ${policy.path} lets in callers of other accounts cannot be told from its conditions`);
}

export const keyNotPublic = defineRule({
  id: "key-not-public",
  title: "A key's policy lets in nobody of other accounts by a wildcard.",
  why: "Encryption protects nothing when everybody may decrypt.",
  severity: "critical",
  level: "mandatory",
  controls: ["checkov:CKV_AWS_33", "fsbp:KMS.5"],
  remediation: "Name accounts, roles and services as principals; bind services with aws:SourceAccount.",
  url: "https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html",
  resources: {
    key: (key) => check(key.at("policy")),
    keyPolicy: (keyPolicy) => check(keyPolicy.at("policy")),
  },
});
