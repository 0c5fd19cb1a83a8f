/**
 * Who may send what where: policies of topics, queues and keys, evaluated for the principal that AWS would use.
 *
 * https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
 * https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
 *
 * Identity policies of roles are not evaluated here: a role of the account is taken to have the permission, unless a resource policy denies
 * it. The exception is the service-linked role, whose own policy is AWS's and has sns:Publish but nothing for customer keys.
 */
import { DeliveryError } from "../deps.ts";
import type { Sender } from "../deps.ts";
import { PolicyError } from "../policy/conditions.ts";
import { evaluatePolicy } from "../policy/evaluate.ts";
import type { Decision, Principal } from "../policy/evaluate.ts";
import type { Directory, Queue, Topic } from "./directory.ts";

export class Gate {
  readonly #directory: Directory;
  readonly #accountId: string;
  readonly #region: string;

  constructor(directory: Directory, place: { readonly accountId: string; readonly region: string }) {
    this.#directory = directory;
    this.#accountId = place.accountId;
    this.#region = place.region;
  }

  /** Throws DeliveryError when the sender may not publish to the topic. */
  async checkPublish(topic: Topic, sender: Sender): Promise<void> {
    this.#checkResource("sns:Publish", topic, "topic", sender);
    if (topic.kmsKeyId !== undefined) await this.#checkKey(topic.kmsKeyId, topic.arn, "sns", sender);
  }

  async checkSend(queue: Queue, sender: Sender): Promise<void> {
    this.#checkResource("sqs:SendMessage", queue, "queue", sender);
    if (queue.kmsKeyId !== undefined) await this.#checkKey(queue.kmsKeyId, queue.arn, "sqs", sender);
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html */
  checkInvoke(functionArn: string, policy: string | undefined, sender: Sender): void {
    this.#checkResource("lambda:InvokeFunction", { arn: functionArn, policy }, "function", sender);
  }

  #checkResource(action: string, resource: Pick<Topic, "arn" | "policy">, kind: string, sender: Sender): void {
    const principal = this.#principal(sender);
    const decision = this.#evaluate(resource.policy, { action, arn: resource.arn, kind, sender });
    const who = nameOf(principal);
    if (decision.effect === "Deny") {
      throw new DeliveryError(`The policy of the ${kind} ${resource.arn} denies ${who} ${action} (${decision.statement ?? "?"}).`);
    }
    if (principal.kind === "service" && decision.effect === "none") {
      throw new DeliveryError(
        `The policy of the ${kind} ${resource.arn} does not allow ${who} ${action}${sender.sourceArn === undefined ? "" : ` for ${sender.sourceArn}`}: ` +
          `add a statement for the service ${who} with a condition on aws:SourceArn or aws:SourceAccount.`,
      );
    }
  }

  async #checkKey(keyId: string, resourceArn: string, service: "sns" | "sqs", sender: Sender): Promise<void> {
    const principal = this.#principal(sender);
    const who = nameOf(principal);
    if (keyId.includes(`alias/aws/${service}`)) {
      // Its policy is AWS's own: identities of the account, through the service; no service principal.
      if (principal.kind === "identity") return;
      throw new DeliveryError(
        `${resourceArn} is encrypted with ${keyId}, whose policy lets no service in and cannot be changed: use a customer managed key that allows ${who} kms:GenerateDataKey* and kms:Decrypt.`,
      );
    }
    const key = await this.#directory.key(keyId);
    if (key === undefined) throw new DeliveryError(`${resourceArn} is encrypted with the key ${keyId}, which does not exist.`);
    if (!key.enabled) throw new DeliveryError(`${resourceArn} is encrypted with the key ${key.arn}, which is not enabled.`);
    for (const action of ["kms:GenerateDataKey", "kms:Decrypt"]) {
      const decision = this.#evaluate(key.policy, { action, arn: key.arn, kind: "key", sender, via: { service, resourceArn } });
      const isServiceLinked = principal.kind === "identity" && principal.arn.includes(":role/aws-service-role/");
      const allowed = decision.effect === "Allow" && (decision.direct || (principal.kind === "identity" && !isServiceLinked));
      if (!allowed) {
        throw new DeliveryError(
          `The policy of the key ${key.arn}, with which ${resourceArn} is encrypted, does not allow ${who} ${action}: ` +
            `add a statement with kms:GenerateDataKey* and kms:Decrypt for it.`,
        );
      }
    }
  }

  #evaluate(
    policy: string | undefined,
    about: { action: string; arn: string; kind: string; sender: Sender; via?: { service: "sns" | "sqs"; resourceArn: string } },
  ): Decision {
    if (policy === undefined) return { effect: "none", statement: undefined, direct: false };
    const principal = this.#principal(about.sender);
    try {
      const context = this.#context(principal, about.sender, about.via);
      return evaluatePolicy(policy, { principal, action: about.action, resource: about.arn, context });
    } catch (error) {
      if (error instanceof PolicyError)
        throw new DeliveryError(`The policy of the ${about.kind} ${about.arn} cannot be evaluated: ${error.message}`);
      throw error;
    }
  }

  #principal({ principal }: Sender): Principal {
    if ("service" in principal) return { kind: "service", name: principal.service };
    return { kind: "identity", arn: principal.roleArn, accountId: principal.roleArn.split(":")[4] ?? this.#accountId };
  }

  /** The endpoint speaks plain HTTP on 127.0.0.1, where AWS has TLS only: aws:SecureTransport is true for every call. */
  #context(principal: Principal, sender: Sender, via?: { service: "sns" | "sqs"; resourceArn: string }): Record<string, string> {
    const isService = principal.kind === "service";
    return {
      "aws:securetransport": "true",
      "aws:principalisawsservice": String(isService),
      ...(isService
        ? { "aws:sourceaccount": this.#accountId, "aws:sourceowner": this.#accountId }
        : { "aws:principalarn": principal.arn, "aws:principalaccount": principal.accountId }),
      ...(sender.sourceArn === undefined ? {} : { "aws:sourcearn": sender.sourceArn }),
      ...(via === undefined
        ? {}
        : {
            "kms:calleraccount": this.#accountId,
            ...(isService ? {} : { "kms:viaservice": `${via.service}.${this.#region}.amazonaws.com` }),
            [via.service === "sns" ? "kms:encryptioncontext:aws:sns:topicarn" : "kms:encryptioncontext:aws:sqs:arn"]: via.resourceArn,
          }),
    };
  }
}

const nameOf = (principal: Principal) => (principal.kind === "service" ? principal.name : principal.arn);
