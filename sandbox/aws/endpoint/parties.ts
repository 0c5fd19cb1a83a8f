/** Who answers for which service. Each service belongs to exactly one party; the reasons were tried, see the conformance tests. */

export type Party = "ours" | "moto" | "ministack";

export interface Assignment {
  readonly party: Party;
  readonly reason: string;
}

/** By signing name. What is not here is refused by name: a half-working service would look like a working one. */
export const assignments: Readonly<Record<string, Assignment>> = {
  autoscaling: { party: "ours", reason: "neither emulator sends a notice, acts on an alarm or holds an instance in a hook" },
  monitoring: { party: "ours", reason: "alarms must be evaluated on the sandbox's clock, by AWS's rules for missing data" },
  ec2: {
    party: "moto",
    reason: "instances keep profile, metadata options, volumes and tags; ministack ignores templates and block devices",
  },
  elasticloadbalancing: { party: "moto", reason: "targets are moto's instances" },
  iam: { party: "moto", reason: "moto's EC2 looks up instance profiles in its own IAM" },
  sts: { party: "moto", reason: "sessions belong to the roles of moto's IAM" },
  ssm: { party: "moto", reason: "documents and commands work; ministack has neither" },
  kms: { party: "ministack", reason: "keys by ARN, policies replaced, pending deletion refuses use; moto crashes or ignores these" },
  secretsmanager: { party: "ministack", reason: "both right; messages and tags as on AWS, and next to its KMS" },
  sqs: { party: "ministack", reason: "2,000 messages a second at any depth; moto falls to 14 at 2,000 waiting" },
  sns: { party: "ministack", reason: "next to its queues; Publish is ours, which enforces policies" },
  lambda: { party: "ministack", reason: "runs Node functions without a container engine" },
  events: { party: "ministack", reason: "rules reach functions and queues; moto's crash on a function" },
  logs: { party: "ministack", reason: "functions write their logs there" },
};
