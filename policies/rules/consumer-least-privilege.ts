import { choices } from "../core/config.ts";
import { hidden, unproved, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { consumersOf, redrivesOf } from "../facts/delivery.ts";
import { parsePolicy, type Statement } from "../iam/document.ts";
import { wildcard } from "../iam/match.ts";
import type { Deployment, Targets } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

/** What a consumer of a queue needs; it sends to put a message back with what it has learnt. */
const working = [
  "sqs:ReceiveMessage",
  "sqs:DeleteMessage",
  "sqs:GetQueueAttributes",
  "sqs:ChangeMessageVisibility",
  "sqs:GetQueueUrl",
  "sqs:SendMessage",
] as const;

/** What it may do with the dead letters of its queue: put there, with the reason, what cannot succeed, and count. */
const burying: readonly string[] = ["sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"];

/** The queue that the function reads, as far as ARNs are known. */
interface OwnQueue {
  readonly arn: string | undefined;
  readonly deadLetterArns: readonly string[];
  /** Why it may have dead letters that are not among them. */
  readonly unproved: string | undefined;
}

const isQueueAction = (action: string) => /^sqs:/i.test(action) || wildcard(action, "sqs:PurgeQueue", true);

/** Names of actions match without regard to case. */
const includes = (actions: readonly string[], action: string) => actions.some((one) => one.toLowerCase() === action.toLowerCase());

function* judgeStatement(
  { actions, notActions, resources, notResources }: Statement,
  { arn: queueArn, deadLetterArns, unproved: open }: OwnQueue,
  actionsOfQueue: readonly string[],
  role: string,
): Checking {
  if (notActions) return yield violation(`a policy of ${role} allows everything but ${notActions.join(", ")}; name the actions`);
  const queueActions = (actions ?? []).filter(isQueueAction);
  if (queueActions.length === 0) return;
  const buries = queueActions.every((action) => includes(burying, action));
  const isOfDeadLetters = resources !== undefined && resources.every((one) => deadLetterArns.includes(one));
  const allowed = isOfDeadLetters ? burying : actionsOfQueue;
  const excess = queueActions.filter((action) => !includes(allowed, action));
  if (excess.length > 0) yield violation(`a policy of ${role} allows ${excess.join(", ")}; a consumer needs ${allowed.join(", ")} at most`);
  const wide = notResources ? ["everything but some"] : (resources ?? []).filter((one) => /[*?]/.test(one));
  if (wide.length > 0) yield violation(`a policy of ${role} allows ${queueActions.join(", ")} on ${wide.join(", ")}; name the queue`);
  const own = [queueArn, ...(isOfDeadLetters || buries ? deadLetterArns : [])];
  const others = (resources ?? []).filter((one) => !/[*?]/.test(one) && !own.includes(one));
  if (queueArn === undefined || others.length === 0) return;
  if (open !== undefined) yield unproved(open);
  else yield violation(`a policy of ${role} allows ${queueActions.join(", ")} on ${others.join(", ")}, which the function does not read`);
}

function* judgePolicy(policy: Value, queue: OwnQueue, allowed: readonly string[], role: string): Checking {
  const open = policy.firstHidden();
  if (open) return yield hidden(open);
  const document = parsePolicy(policy.raw);
  if (!document) return yield violation(`${policy.path} is no policy document`);
  for (const statement of document) if (statement.effect === "Allow") yield* judgeStatement(statement, queue, allowed, role);
}

interface RolePolicies {
  readonly byRole: ReadonlyMap<Resource<"role">, readonly Value[]>;
  /** Policies of which it cannot be told whose they are. */
  readonly open: readonly string[];
}

/** The documents of roles: inline ones, and those of the stack that are attached. */
function rolePolicies(deployment: Deployment): RolePolicies {
  const byRole = new Map<Resource<"role">, Value[]>();
  const open: string[] = [];
  const add = (roles: Targets<"role">, policies: readonly Value[]) => {
    if (roles.unproved !== undefined) open.push(roles.unproved);
    for (const role of roles.found) byRole.set(role, [...(byRole.get(role) ?? []), ...policies]);
  };
  for (const role of deployment.all("role")) {
    const inline = role.at("inlinePolicies").items();
    byRole.set(
      role,
      inline.map((one) => one.at("policy")),
    );
  }
  for (const inline of deployment.all("rolePolicy")) add(deployment.targets(inline, inline.at("role"), "role"), [inline.at("policy")]);
  for (const attachment of deployment.all("rolePolicyAttachment")) {
    const policies = deployment.targets(attachment, attachment.at("policyArn"), "iamPolicy");
    if (policies.unproved !== undefined) open.push(policies.unproved);
    const documents = policies.found.map((one) => one.at("policy"));
    add(deployment.targets(attachment, attachment.at("role"), "role"), documents);
  }
  return { byRole, open };
}

function ownQueue(deployment: Deployment, queue: Resource<"queue"> | undefined): OwnQueue {
  const { redrives, unproved: open } = deployment.once(redrivesOf);
  const redrivesOfIt = redrives.filter(({ source }) => source === queue);
  return {
    arn: queue?.at("arn").text(),
    deadLetterArns: redrivesOfIt.flatMap(({ deadLetterArn: arn }) => (arn === undefined ? [] : [arn])),
    unproved: open ?? redrivesOfIt.find(({ unproved: why }) => why !== undefined)?.unproved,
  };
}

export const consumerLeastPrivilege = defineRule({
  id: "consumer-least-privilege",
  title: "A consumer's role may work on the messages of its own queue and their dead letters, and nothing more of SQS.",
  why: "A consumer that may do everything with every queue turns one fault in it into the loss of all messages of the account.",
  severity: "medium",
  level: "advisory",
  controls: ["cdk-nag:LambdaStarPermissions"],
  remediation: "Allow the reading actions on the ARN of the queue, and sending on that of its dead-letter queue.",
  url: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
  options: { actions: choices("Actions of SQS that a consumer may have.", [...working, "sqs:ListDeadLetterSourceQueues"], working) },
  needs: "eventSource",
  *stack(deployment, { config }) {
    for (const { mapping, queue, lambda, unproved: why } of deployment.once(consumersOf)) {
      if (!lambda) {
        if (why !== undefined) yield unproved(why, mapping);
        continue;
      }
      const role = deployment.targets(lambda, lambda.at("role"), "role");
      if (role.unproved !== undefined) yield unproved(role.unproved, lambda);
      const { byRole, open } = deployment.once(rolePolicies);
      for (const why of open) yield unproved(why, lambda);
      const own = ownQueue(deployment, queue);
      for (const one of role.found) {
        for (const policy of byRole.get(one) ?? []) {
          for (const finding of judgePolicy(policy, own, config.actions, one.label)) yield { ...finding, urn: lambda.urn };
        }
      }
    }
  },
});
