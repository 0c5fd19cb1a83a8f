import type { Value } from "../model/value.ts";

/** What a check says about one resource, or about the stack when `urn` is absent. */
export interface Finding {
  /** `unproved`: the check could not be made, and says what is missing. */
  readonly kind: "violation" | "unproved";
  readonly message: string;
  readonly urn?: string;
  /** What it shares with others, which are told together with it: this, and then the messages. */
  readonly subject?: string;
  /** The resources that it is about, when they are several. */
  readonly urns?: readonly string[];
}

export type Findings = Iterable<Finding>;
/** What a check that yields its findings one by one returns; it is told nothing in between. */
export type Checking = Generator<Finding, void, undefined>;

interface Place {
  readonly urn: string;
}

export function violation(message: string, place?: Place): Finding {
  return { kind: "violation", message, ...(place && { urn: place.urn }) };
}

export function unproved(message: string, place?: Place): Finding {
  return { kind: "unproved", message, ...(place && { urn: place.urn }) };
}

/** Says that a value cannot be read, and why. */
export function hidden(value: Value, place?: Place): Finding {
  const why = value.state === "secret" ? "is encrypted" : "is known only after the deployment";
  return unproved(`${value.path} ${why}`, place);
}

/**
 * One expectation of one property: unproved when it cannot be read, a violation when `holds` says no.
 * `demand` completes "httpTokens is "optional"; …" and says what is allowed and what to do.
 */
export function expect<T>(value: Value<T>, holds: (value: Value<T>) => boolean, demand: string, place?: Place): Finding[] {
  if (value.hidden) return [hidden(value, place)];
  return holds(value) ? [] : [violation(`${value.describe()}; ${demand}`, place)];
}

/** Those with the same subject as one, with every message and, where they are several, the resources of each. */
export function together<F extends Finding>(findings: readonly F[], label: (urn: string) => string): F[] {
  const bySubject = Map.groupBy(findings, (one) => one.subject ?? one);
  return [...bySubject].flatMap(([subject, same]) => {
    const [first] = same;
    if (typeof subject !== "string" || !first) return same;
    const urns = [...new Set(same.flatMap(({ urn }) => urn ?? []))];
    const several = new Set(same.map(({ urn }) => urn)).size > 1;
    const places = [...Map.groupBy(same, ({ message }) => message)].map(([message, alike]) => {
      return { message, place: alike.map(({ urn }) => (urn === undefined ? "the stack" : label(urn))).join(", ") };
    });
    const messages = [...Map.groupBy(places, ({ place }) => place)].map(([place, alike]) => {
      return `${alike.map(({ message }) => message).join(", ")}${several ? ` (${place})` : ""}`;
    });
    const { urn, ...rest } = first;
    const where = several ? urns.length > 1 && { urns } : urn !== undefined && { urn };
    return [{ ...rest, message: `${subject}: ${messages.join("; ")}`, ...where } as F];
  });
}
