import { hidden, unproved, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { inOtherAccount, serviceContext, stranger, strangerContext } from "../facts/strangers.ts";
import { parsePolicy, type PolicyDocument } from "../iam/document.ts";
import { decide, type AccessRequest } from "../iam/evaluate.ts";
import type { Value } from "../model/value.ts";

const actions = ["sns:Publish", "sns:Subscribe", "sns:SetTopicAttributes"] as const;
/** Stands for the topic where its ARN is not known yet; statements that name it match it as well. */
const someTopic = "arn:aws:sns:us-east-1:111122223333:topic";

/** The resource that the document speaks of, so that its statements match. */
const resourceOf = (document: PolicyDocument) =>
  document.flatMap((one) => one.resources ?? []).find((one) => !/[*?]/.test(one)) ?? someTopic;

/** Services that the document names, asking for a resource of another account. */
function services(document: PolicyDocument): string[] {
  return [...new Set(document.flatMap((one) => one.principal?.byKind["Service"] ?? []))].filter((one) => one !== "*");
}

function requests(document: PolicyDocument): (readonly [string, AccessRequest])[] {
  const resource = resourceOf(document);
  const asStranger = actions.map(
    (action) => [`callers of other accounts ${action}`, { caller: stranger, action, resource, context: strangerContext }] as const,
  );
  const asService = services(document).map((service) => {
    const context = serviceContext(service, inOtherAccount(resource));
    return [
      `${service} sns:Publish for resources of other accounts`,
      { caller: { service }, action: "sns:Publish", resource, context },
    ] as const;
  });
  return [...asStranger, ...asService];
}

function* check(policy: Value): Checking {
  if (policy.hidden) return yield hidden(policy);
  if (policy.missing || policy.raw === "") return;
  const document = parsePolicy(policy.raw);
  if (!document) return yield violation(`${policy.path} is no policy document`);
  for (const [what, request] of requests(document)) {
    const decision = decide(document, request);
    if (decision === "allow")
      yield violation(`${policy.path} lets ${what}; name the publishers, and bind services with aws:SourceAccount or aws:SourceArn`);
    else if (decision === "unknown") yield unproved(`whether ${policy.path} lets ${what} cannot be told from its conditions`);
  }
}

export const notifyTopicPrivate = defineRule({
  id: "notify-topic-private",
  title: "A topic's policy admits only the publishers that it needs.",
  why: "Whoever may publish can have nodes removed, and whoever may subscribe reads which instances come and go.",
  severity: "high",
  level: "mandatory",
  controls: ["fsbp:SNS.4", "checkov:CKV_AWS_169", "checkov:CKV_AWS_385", "cfn-nag:SnsTopicPolicyWildcardPrincipal"],
  remediation: "Name roles or services as principals, and bind services with aws:SourceAccount or aws:SourceArn.",
  url: "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html",
  resources: {
    topicPolicy: (topicPolicy) => check(topicPolicy.at("policy")),
    topic: (topic) => check(topic.at("policy")),
  },
});
