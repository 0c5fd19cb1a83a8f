/** Which policy document governs a topic, a queue or a key: the resource of its own kind first, then the property. */
import { parsePolicy, type PolicyDocument } from "../iam/document.ts";
import type { Deployment } from "../model/deployment.ts";
import type { AnyResource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

export type Governing =
  | { readonly state: "document"; readonly document: PolicyDocument; readonly owner: AnyResource }
  /** There is none, so that AWS's default holds. */
  | { readonly state: "none" }
  | { readonly state: "invalid"; readonly path: string; readonly owner: AnyResource }
  | { readonly state: "unproved"; readonly why: string };

interface Attachment {
  readonly resource: AnyResource;
  /** What the policy is attached to. */
  readonly target: Value;
  readonly policy: Value;
}

export function read(policy: Value, owner: AnyResource): Governing {
  if (policy.firstHidden()) return { state: "unproved", why: `${policy.path} of ${owner.label} is known only after the deployment` };
  if (policy.missing || policy.raw === "") return { state: "none" };
  const document = parsePolicy(policy.raw);
  return document ? { state: "document", document, owner } : { state: "invalid", path: policy.path, owner };
}

function governing(
  deployment: Deployment,
  subject: AnyResource,
  kind: "topic" | "queue" | "key",
  own: Value,
  attachments: readonly Attachment[],
): Governing {
  let open: string | undefined;
  for (const { resource, target, policy } of attachments) {
    const targets = deployment.targets(resource, target, kind);
    if (targets.found.some((one) => one.urn === subject.urn)) return read(policy, resource);
    open ??= targets.unproved;
  }
  return open === undefined ? read(own, subject) : { state: "unproved", why: open };
}

/** The documents of topics, queues and keys, each looked up once. */
export class Documents {
  readonly #deployment: Deployment;
  readonly #found = new Map<string, Governing>();
  readonly #attachments: Readonly<Record<"topic" | "queue" | "key", readonly Attachment[]>>;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
    this.#attachments = {
      topic: deployment.all("topicPolicy").map((one) => ({ resource: one, target: one.at("arn"), policy: one.at("policy") })),
      queue: deployment.all("queuePolicy").map((one) => ({ resource: one, target: one.at("queueUrl"), policy: one.at("policy") })),
      key: deployment.all("keyPolicy").map((one) => ({ resource: one, target: one.at("keyId"), policy: one.at("policy") })),
    };
  }

  of(subject: AnyResource): Governing {
    let found = this.#found.get(subject.urn);
    if (!found) {
      found = this.#lookUp(subject);
      this.#found.set(subject.urn, found);
    }
    return found;
  }

  #lookUp(subject: AnyResource): Governing {
    for (const kind of ["topic", "queue", "key"] as const) {
      const one = subject.as(kind);
      if (one)
        return governing(this.#deployment, subject, kind, (one as { at: (key: "policy") => Value }).at("policy"), this.#attachments[kind]);
    }
    return { state: "none" };
  }
}

export const documentsOf = (deployment: Deployment) => new Documents(deployment);
