/** Which policy document governs a topic, a queue or a key: the resource of its own kind first, then the property. */
import { parsePolicy, type PolicyDocument } from "../iam/document.ts";
import type { Deployment } from "../model/deployment.ts";
import type { AnyResource, Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

export type Governing =
  | { readonly state: "document"; readonly document: PolicyDocument; readonly owner: AnyResource }
  /** There is none, so that AWS's default holds. */
  | { readonly state: "none" }
  | { readonly state: "invalid"; readonly path: string; readonly owner: AnyResource }
  | { readonly state: "unproved"; readonly why: string };

interface Attachments {
  /** By URN of what the policy is attached to. */
  readonly byTarget: ReadonlyMap<string, { readonly owner: AnyResource; readonly policy: Value }>;
  /** A policy of which that cannot be told. */
  readonly unproved: string | undefined;
}

type Governed = "topic" | "queue" | "key";

function read(policy: Value, owner: AnyResource): Governing {
  if (policy.firstHidden()) return { state: "unproved", why: `${policy.path} of ${owner.label} is known only after the deployment` };
  if (policy.missing || policy.raw === "") return { state: "none" };
  const document = parsePolicy(policy.raw);
  return document ? { state: "document", document, owner } : { state: "invalid", path: policy.path, owner };
}

function attachments(
  deployment: Deployment,
  kind: Governed,
  policies: readonly { readonly owner: AnyResource; readonly target: Value; readonly policy: Value }[],
): Attachments {
  const byTarget = new Map<string, { readonly owner: AnyResource; readonly policy: Value }>();
  let open: string | undefined;
  for (const { owner, target, policy } of policies) {
    const { found, unproved } = deployment.targets(owner, target, kind);
    for (const one of found) byTarget.set(one.urn, { owner, policy });
    open ??= unproved;
  }
  return { byTarget, unproved: open };
}

/** The documents of topics, queues and keys, each read once. */
export class Documents {
  readonly #found = new Map<string, Governing>();
  readonly #attachments: Readonly<Record<Governed, Attachments>>;

  constructor(deployment: Deployment) {
    const topics = deployment.all("topicPolicy").map((one) => ({ owner: one, target: one.at("arn"), policy: one.at("policy") }));
    const queues = deployment.all("queuePolicy").map((one) => ({ owner: one, target: one.at("queueUrl"), policy: one.at("policy") }));
    const keys = deployment.all("keyPolicy").map((one) => ({ owner: one, target: one.at("keyId"), policy: one.at("policy") }));
    this.#attachments = {
      topic: attachments(deployment, "topic", topics),
      queue: attachments(deployment, "queue", queues),
      key: attachments(deployment, "key", keys),
    };
  }

  of(subject: Resource<Governed>): Governing {
    let found = this.#found.get(subject.urn);
    if (!found) {
      found = this.#lookUp(subject);
      this.#found.set(subject.urn, found);
    }
    return found;
  }

  #lookUp(subject: Resource<Governed>): Governing {
    const kind = subject.as("topic") ? "topic" : subject.as("queue") ? "queue" : "key";
    const { byTarget, unproved } = this.#attachments[kind];
    const attached = byTarget.get(subject.urn);
    if (attached) return read(attached.policy, attached.owner);
    return unproved === undefined ? read((subject as Resource<"topic">).at("policy"), subject) : { state: "unproved", why: unproved };
  }
}

export const documentsOf = (deployment: Deployment) => new Documents(deployment);
