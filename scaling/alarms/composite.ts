/**
 * Rule expressions of composite alarms.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
 */
import type { AlarmState } from "./evaluate.ts";

export class RuleError extends Error {
  override name = "RuleError";
}

export type Rule =
  | { readonly kind: "constant"; readonly value: boolean }
  /** `alarm` is a name or an ARN. */
  | { readonly kind: "state"; readonly state: AlarmState; readonly alarm: string }
  | { readonly kind: "not"; readonly operand: Rule }
  | { readonly kind: "and" | "or"; readonly left: Rule; readonly right: Rule };

/** AWS allows 100 children and 10,240 characters. */
const longestRule = 10_240;
const mostAlarms = 100;

const tokenPattern = /\s*("(?:[^"\\]|\\.)*"|[^\s()"]+|[()])/y;

const stateFunctions: Readonly<Record<string, AlarmState>> = { ALARM: "ALARM", OK: "OK", INSUFFICIENT_DATA: "INSUFFICIENT_DATA" };

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = text.match(new RegExp(tokenPattern.source, "g"))?.map((token) => token.trim()) ?? [];
  }

  parse(): Rule {
    const rule = this.#or();
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new RuleError(`unexpected "${rest}"`);
    return rule;
  }

  #or(): Rule {
    let left = this.#and();
    while (this.#accept("OR")) left = { kind: "or", left, right: this.#and() };
    return left;
  }

  #and(): Rule {
    let left = this.#not();
    while (this.#accept("AND")) left = { kind: "and", left, right: this.#not() };
    return left;
  }

  #not(): Rule {
    if (this.#accept("NOT")) return { kind: "not", operand: this.#not() };
    if (this.#accept("(")) {
      const inner = this.#or();
      this.#expect(")");
      return inner;
    }
    return this.#leaf();
  }

  #leaf(): Rule {
    const token = this.#tokens[this.#at++];
    if (token === "TRUE" || token === "FALSE") return { kind: "constant", value: token === "TRUE" };
    const state = token === undefined ? undefined : stateFunctions[token];
    if (state === undefined) {
      throw new RuleError(
        token === undefined ? "the rule ends too early" : `"${token}" is none of ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE, NOT and "("`,
      );
    }
    this.#expect("(");
    const alarm = this.#tokens[this.#at++];
    if (alarm === undefined || alarm === ")" || alarm === "(") throw new RuleError(`${token ?? ""} needs the name or ARN of an alarm`);
    this.#expect(")");
    return { kind: "state", state, alarm: alarm.startsWith('"') ? alarm.slice(1, -1).replace(/\\(.)/g, "$1") : alarm };
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) throw new RuleError(`"${token}" is missing before "${this.#tokens[this.#at] ?? "the end"}"`);
  }
}

/** Throws RuleError for a rule that AWS would refuse. */
export function parseRule(text: string): Rule {
  if (text.length > longestRule) throw new RuleError(`the rule has ${text.length} characters; ${longestRule} are allowed`);
  const rule = new Parser(text).parse();
  const count = alarmsOf(rule).length;
  if (count > mostAlarms) throw new RuleError(`the rule names ${count} alarms; ${mostAlarms} are allowed`);
  return rule;
}

/** Names or ARNs of the alarms that the rule watches, each once. */
export function alarmsOf(rule: Rule): string[] {
  switch (rule.kind) {
    case "constant":
      return [];
    case "state":
      return [rule.alarm];
    case "not":
      return alarmsOf(rule.operand);
    case "and":
    case "or":
      return [...new Set([...alarmsOf(rule.left), ...alarmsOf(rule.right)])];
  }
}

/** Whether the rule holds, which is the composite alarm's ALARM. An alarm that is not there is in no state. */
export function holds(rule: Rule, stateOf: (alarm: string) => AlarmState | undefined): boolean {
  switch (rule.kind) {
    case "constant":
      return rule.value;
    case "state":
      return stateOf(rule.alarm) === rule.state;
    case "not":
      return !holds(rule.operand, stateOf);
    case "and":
      return holds(rule.left, stateOf) && holds(rule.right, stateOf);
    case "or":
      return holds(rule.left, stateOf) || holds(rule.right, stateOf);
  }
}
