/**
 * What a metric math expression gives over the periods of a query.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
import { MathError, parseExpression } from "./parse.ts";
import type { Expression, FunctionName, Operator } from "./parse.ts";

/** One value for each period, oldest first; undefined where there is none. */
export type Series = readonly (number | undefined)[];

type Value = number | Series | readonly Series[];

export interface MathInput {
  /** Metrics by id; all have one value for each period. */
  readonly metrics: ReadonlyMap<string, Series>;
  readonly expressions: ReadonlyMap<string, string>;
  readonly periodSeconds: number;
  readonly length: number;
}

const isSeries = (value: Value): value is Series => Array.isArray(value) && !Array.isArray(value[0]);
const isMany = (value: Value): value is readonly Series[] => Array.isArray(value) && Array.isArray(value[0]);

const operations: Readonly<Record<Operator, (left: number, right: number) => number>> = {
  OR: (left, right) => Number(left !== 0 || right !== 0),
  "||": (left, right) => Number(left !== 0 || right !== 0),
  AND: (left, right) => Number(left !== 0 && right !== 0),
  "&&": (left, right) => Number(left !== 0 && right !== 0),
  "==": (left, right) => Number(left === right),
  "!=": (left, right) => Number(left !== right),
  "<=": (left, right) => Number(left <= right),
  ">=": (left, right) => Number(left >= right),
  "<": (left, right) => Number(left < right),
  ">": (left, right) => Number(left > right),
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "^": (left, right) => left ** right,
};

/** A division by zero gives no data point. */
const finite = (value: number) => (Number.isFinite(value) ? value : undefined);

const reducers: Readonly<Partial<Record<FunctionName, (values: readonly number[]) => number>>> = {
  SUM: (values) => values.reduce((sum, value) => sum + value, 0),
  AVG: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
};

const mappers: Readonly<Partial<Record<FunctionName, (value: number) => number>>> = { ABS: Math.abs, CEIL: Math.ceil, FLOOR: Math.floor };

const present = (values: Series): number[] => values.filter((value) => value !== undefined);

class Evaluator {
  readonly #input: MathInput;
  readonly #running = new Set<string>();
  readonly #done = new Map<string, Value>();

  constructor(input: MathInput) {
    this.#input = input;
  }

  byId(id: string): Value {
    const metric = this.#input.metrics.get(id) ?? this.#done.get(id);
    if (metric !== undefined) return metric;
    const text = this.#input.expressions.get(id);
    if (text === undefined) throw new MathError(`There is no metric or expression with the id "${id}"`);
    if (this.#running.has(id)) throw new MathError(`The expression "${id}" depends on itself`);
    this.#running.add(id);
    const value = this.evaluate(parseExpression(text));
    this.#running.delete(id);
    this.#done.set(id, value);
    return value;
  }

  evaluate(expression: Expression): Value {
    switch (expression.kind) {
      case "number":
        return expression.value;
      case "text":
        throw new MathError(`A text ("${expression.value}") has no place there`);
      case "id":
        return this.byId(expression.id);
      case "list":
        return expression.items.map((item) => this.#single(this.evaluate(item)));
      case "negate":
        return each(this.evaluate(expression.operand), (value) => -value);
      case "operation":
        return this.#combine(this.evaluate(expression.left), this.evaluate(expression.right), operations[expression.operator]);
      case "call":
        return this.#call(expression.name, expression.parameters);
    }
  }

  #call(name: FunctionName, parameters: readonly Expression[]): Value {
    if (name === "METRICS") return this.#metrics(parameters);
    if (name === "IF") return this.#choose(parameters);
    const [first, second] = parameters;
    if (first === undefined) throw new MathError(`${name} takes a metric`);
    const value = this.evaluate(first);
    const reduce = reducers[name];
    if (reduce !== undefined) return reduceWith(reduce, value);
    const map = mappers[name];
    if (map !== undefined) return each(value, map);
    const { periodSeconds } = this.#input;
    if (name === "PERIOD") return periodSeconds;
    if (typeof value === "number") throw new MathError(`${name} takes a metric, not a number`);
    if (name === "FILL") return over(value, (series) => this.#fill(series, second));
    return over(value, (series) => differences(series, name === "RATE" ? periodSeconds : undefined));
  }

  #metrics([filter]: readonly Expression[]): readonly Series[] {
    if (filter !== undefined && filter.kind !== "text") throw new MathError("METRICS takes a text, or nothing");
    const found = [...this.#input.metrics].filter(([id]) => filter === undefined || id.includes(filter.value));
    if (found.length === 0) throw new MathError("METRICS() finds no metric");
    return found.map(([, series]) => series);
  }

  #choose([condition, then, otherwise]: readonly Expression[]): Value {
    if (condition === undefined || then === undefined) throw new MathError("IF takes a condition and one or two values");
    const test = this.#single(this.evaluate(condition));
    const yes = this.#single(this.evaluate(then));
    const no = otherwise === undefined ? undefined : this.#single(this.evaluate(otherwise));
    return test.map((value, at) => (value === undefined ? undefined : value === 0 ? no?.[at] : yes[at]));
  }

  #fill(series: Series, how: Expression | undefined): Series {
    if (how?.kind === "number" || how?.kind === "negate") {
      const value = this.evaluate(how);
      if (typeof value === "number") return series.map((one) => one ?? value);
    }
    if (how?.kind === "id" && how.id === "REPEAT") {
      let last: number | undefined;
      return series.map((one) => (last = one ?? last));
    }
    if (how !== undefined && how.kind !== "text" && !(how.kind === "id" && how.id === "LINEAR")) {
      const other = this.#single(this.evaluate(how));
      return series.map((one, at) => one ?? other[at]);
    }
    throw new MathError("FILL takes a number, a metric or REPEAT here");
  }

  #combine(left: Value, right: Value, operate: (left: number, right: number) => number): Value {
    if (typeof left === "number" && typeof right === "number") return operate(left, right);
    if (isMany(left)) return left.map((series) => this.#single(this.#combine(series, right, operate)));
    if (isMany(right)) return right.map((series) => this.#single(this.#combine(left, series, operate)));
    const [lefts, rights] = [this.#single(left), this.#single(right)];
    return lefts.map((value, at) => {
      const other = rights[at];
      return value === undefined || other === undefined ? undefined : finite(operate(value, other));
    });
  }

  /** One series; a number is that number in every period. */
  #single(value: Value): Series {
    if (typeof value === "number") return Array.from({ length: this.#input.length }, () => finite(value));
    if (isSeries(value)) return value;
    const [only, ...more] = value;
    if (only === undefined || more.length > 0) throw new MathError("One metric is needed there, not several");
    return only;
  }

  series(id: string): Series {
    return this.#single(this.byId(id));
  }
}

function each(value: Value, map: (value: number) => number): Value {
  if (typeof value === "number") return map(value);
  return over(value, (series) => series.map((one) => (one === undefined ? undefined : finite(map(one)))));
}

const over = (value: Series | readonly Series[], map: (series: Series) => Series): Value => (isMany(value) ? value.map(map) : map(value));

/** Over one series: a number for all periods. Over several: one series, of what each period has. */
function reduceWith(reduce: (values: readonly number[]) => number, value: Value): Value {
  if (typeof value === "number") return value;
  if (!isMany(value)) {
    const values = present(value);
    return values.length === 0 ? value : reduce(values);
  }
  const [first = []] = value;
  return first.map((_, at) => {
    const values = present(value.map((series) => series[at]));
    return values.length === 0 ? undefined : reduce(values);
  });
}

/** From the data point before, over the units of time between them. */
function differences(series: Series, unitsPerPeriod: number | undefined): Series {
  let last: { readonly at: number; readonly value: number } | undefined;
  return series.map((value, at) => {
    if (value === undefined) return undefined;
    const before = last;
    last = { at, value };
    if (before === undefined) return undefined;
    return (value - before.value) / (unitsPerPeriod === undefined ? 1 : (at - before.at) * unitsPerPeriod);
  });
}

/** The series of the metric or expression `id`. Throws MathError for what cannot be evaluated. */
export const evaluateMath = (input: MathInput, id: string): Series => new Evaluator(input).series(id);

/** What is wrong with a set of expressions before any data are there; empty when nothing is. */
export function mathFaults(metricIds: readonly string[], expressions: ReadonlyMap<string, string>): string[] {
  const input: MathInput = { metrics: new Map(metricIds.map((id) => [id, [1, 1]])), expressions, periodSeconds: 60, length: 2 };
  return [...expressions.keys()].flatMap((id) => {
    try {
      evaluateMath(input, id);
      return [];
    } catch (error) {
      if (error instanceof MathError) return [error.message];
      throw error;
    }
  });
}
