/**
 * Metric math: a documented small part of it, as a tree. What is not here is refused by name.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */

export class MathError extends Error {
  override name = "MathError";
}

export const operators = ["OR", "AND", "||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "^"] as const;
export type Operator = (typeof operators)[number];

export const functionNames = [
  "ABS",
  "AVG",
  "CEIL",
  "DIFF",
  "FILL",
  "FLOOR",
  "IF",
  "MAX",
  "METRICS",
  "MIN",
  "PERIOD",
  "RATE",
  "SUM",
] as const;
export type FunctionName = (typeof functionNames)[number];

export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "id"; readonly id: string }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "negate"; readonly operand: Expression }
  | { readonly kind: "operation"; readonly operator: Operator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "call"; readonly name: FunctionName; readonly parameters: readonly Expression[] };

/** Weakest first; each level binds from left to right, except the power. */
const precedence: readonly (readonly Operator[])[] = [
  ["OR", "||"],
  ["AND", "&&"],
  ["==", "!=", "<=", ">=", "<", ">"],
  ["+", "-"],
  ["*", "/"],
  ["^"],
];

const tokenPattern = /\s*(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|"[^"]*"|'[^']*'|[A-Za-z_][A-Za-z0-9_]*|\|\||&&|==|!=|<=|>=|[-+*/^<>(),[\]])/y;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  tokenPattern.lastIndex = 0;
  const end = text.trimEnd().length;
  while (tokenPattern.lastIndex < end) {
    const at = tokenPattern.lastIndex;
    const token = tokenPattern.exec(text)?.[1];
    if (token === undefined) throw new MathError(`Unexpected character at position ${at + 1} of the expression "${text}"`);
    tokens.push(token);
  }
  return tokens;
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  parse(): Expression {
    const whole = this.#level(0);
    if (this.#at < this.#tokens.length) throw this.#unexpected();
    return whole;
  }

  #level(level: number): Expression {
    const own = precedence[level];
    if (own === undefined) return this.#unary();
    let left = this.#level(level + 1);
    for (;;) {
      const operator = own.find((one) => one === this.#tokens[this.#at]);
      if (operator === undefined) return left;
      this.#at++;
      left = { kind: "operation", operator, left, right: this.#level(operator === "^" ? level : level + 1) };
    }
  }

  #unary(): Expression {
    const token = this.#take();
    if (token === "-") return { kind: "negate", operand: this.#level(precedence.length - 1) };
    if (token === "(") return this.#closed(this.#level(0), ")");
    if (token === "[") return { kind: "list", items: this.#items("]") };
    if (/^\d/.test(token)) return { kind: "number", value: Number(token) };
    if (/^["']/.test(token)) return { kind: "text", value: token.slice(1, -1) };
    if (!/^[A-Za-z_]/.test(token)) throw this.#unexpected(token);
    if (this.#tokens[this.#at] === "(") return this.#call(token);
    return { kind: "id", id: token };
  }

  #call(token: string): Expression {
    this.#at++;
    const name = functionNames.find((known) => known === token);
    if (name === undefined) {
      throw new MathError(`The function ${token} is not part of the metric math that is supported here: ${functionNames.join(", ")}`);
    }
    return { kind: "call", name, parameters: this.#items(")") };
  }

  #items(close: string): Expression[] {
    const items: Expression[] = [];
    if (this.#tokens[this.#at] === close) {
      this.#at++;
      return items;
    }
    for (;;) {
      items.push(this.#level(0));
      const token = this.#take();
      if (token === close) return items;
      if (token !== ",") throw this.#unexpected(token);
    }
  }

  #closed(inner: Expression, close: string): Expression {
    const token = this.#take();
    if (token !== close) throw this.#unexpected(token);
    return inner;
  }

  #take(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new MathError(`The expression "${this.#text}" ends too early`);
    this.#at++;
    return token;
  }

  #unexpected(token = this.#tokens[this.#at] ?? ""): MathError {
    return new MathError(`Unexpected "${token}" in the expression "${this.#text}"`);
  }
}

/** Throws MathError for what it does not understand. */
export const parseExpression = (text: string): Expression => new Parser(text).parse();
