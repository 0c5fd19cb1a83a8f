/** Inline rules of a security group: one entry there holds many sources, and EC2 groups them its own way. */
import type { IpPermission } from "@aws-sdk/client-ec2";
import type { Value } from "../../protocol/values.ts";
import { equal } from "../../protocol/values.ts";

export interface InlineRule {
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly description?: string;
  readonly cidrBlocks?: readonly string[];
  readonly ipv6CidrBlocks?: readonly string[];
  readonly prefixListIds?: readonly string[];
  readonly securityGroups?: readonly string[];
  readonly self?: boolean;
}

const numbers: Readonly<Record<string, string>> = { all: "-1", icmp: "icmp", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6" };
export const protocolName = (protocol: string): string => numbers[protocol.toLowerCase()] ?? protocol.toLowerCase();

/** A rule with a single source each, the form in which rules compare. */
interface Atom {
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly description: string;
  readonly kind: "cidr" | "cidr6" | "prefixList" | "group";
  readonly source: string;
}

export function atoms(rules: readonly InlineRule[], groupId: string): Atom[] {
  return rules.flatMap((rule) => {
    const protocol = protocolName(rule.protocol);
    // With all protocols there are no ports.
    const ports = protocol === "-1" ? { fromPort: 0, toPort: 0 } : { fromPort: rule.fromPort, toPort: rule.toPort };
    const common = { protocol, ...ports, description: rule.description ?? "" };
    const of = (kind: Atom["kind"], sources: readonly string[] | undefined) =>
      (sources ?? []).map((source) => ({ ...common, kind, source }));
    const groups = [...(rule.securityGroups ?? []), ...(rule.self ? [groupId] : [])];
    return [
      ...of("cidr", rule.cidrBlocks),
      ...of("cidr6", rule.ipv6CidrBlocks),
      ...of("prefixList", rule.prefixListIds),
      ...of("group", groups),
    ];
  });
}

export const minus = (some: readonly Atom[], others: readonly Atom[]): Atom[] =>
  some.filter((one) => !others.some((other) => equal({ ...one }, { ...other })));

export function permission({ protocol, fromPort, toPort, description, kind, source }: Atom): IpPermission {
  const Description = description === "" ? {} : { Description: description };
  const ports = protocol === "-1" ? {} : { FromPort: fromPort, ToPort: toPort };
  const sources = {
    cidr: { IpRanges: [{ CidrIp: source, ...Description }] },
    cidr6: { Ipv6Ranges: [{ CidrIpv6: source, ...Description }] },
    prefixList: { PrefixListIds: [{ PrefixListId: source, ...Description }] },
    group: { UserIdGroupPairs: [{ GroupId: source, ...Description }] },
  }[kind];
  return { IpProtocol: protocol, ...ports, ...sources };
}

/** What EC2 has, one rule for each protocol, ports and description, as the provider groups them. */
export function rulesFrom(permissions: readonly IpPermission[], groupId: string): Value[] {
  const found = new Map<string, Record<string, Value>>();
  const add = (one: IpPermission, description: string | undefined, key: string, source: string) => {
    const protocol = one.IpProtocol ?? "-1";
    const ports = { fromPort: one.FromPort ?? 0, toPort: one.ToPort ?? 0 };
    const id = JSON.stringify([protocol, ports, description ?? ""]);
    const rule = found.get(id) ?? { protocol, ...ports, ...(description ? { description } : {}) };
    if (key === "securityGroups" && source === groupId) rule["self"] = true;
    else rule[key] = [...((rule[key] as string[] | undefined) ?? []), source].sort();
    found.set(id, rule);
  };
  for (const one of permissions) {
    for (const { CidrIp, Description } of one.IpRanges ?? []) add(one, Description, "cidrBlocks", CidrIp ?? "");
    for (const { CidrIpv6, Description } of one.Ipv6Ranges ?? []) add(one, Description, "ipv6CidrBlocks", CidrIpv6 ?? "");
    for (const { PrefixListId, Description } of one.PrefixListIds ?? []) add(one, Description, "prefixListIds", PrefixListId ?? "");
    for (const { GroupId, Description } of one.UserIdGroupPairs ?? []) add(one, Description, "securityGroups", GroupId ?? "");
  }
  return [...found.values()];
}

/** Whether two lists of rules allow the same, however they are grouped. */
export function sameRules(one: Value, other: Value): boolean {
  const [left, right] = [one, other].map((rules) => atoms(rules as unknown as InlineRule[], "self"));
  return left !== undefined && right !== undefined && minus(left, right).length === 0 && minus(right, left).length === 0;
}
