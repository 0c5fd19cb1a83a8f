/** Reads the parameters of a call and collects every fault, to be reported together as the API does. */
import { ServiceError } from "../endpoint/errors.ts";
import type { Input } from "./protocol.ts";

interface TextRule {
  readonly required?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly values?: readonly string[];
  readonly pattern?: RegExp;
}

interface NumberRule {
  readonly required?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
}

export class Parameters {
  readonly #input: Input;
  readonly #path: string;
  readonly #faults: string[];

  constructor(input: Input, path = "", faults: string[] = []) {
    this.#input = input;
    this.#path = path;
    this.#faults = faults;
  }

  has(name: string): boolean {
    return this.#input[name] !== undefined && this.#input[name] !== null;
  }

  text(name: string, rule: TextRule = {}): string | undefined {
    const value = this.#input[name];
    if (value === undefined || value === null || (value === "" && rule.minimum === undefined && rule.values !== undefined)) {
      if (rule.required === true) this.#fault(name, undefined, "Member must not be null");
      return undefined;
    }
    if (typeof value !== "string") {
      this.#fault(name, value, "Member must be a string");
      return undefined;
    }
    if (rule.values !== undefined && !rule.values.includes(value)) {
      this.#fault(name, value, `Member must satisfy enum value set: [${rule.values.join(", ")}]`);
    } else if (value.length < (rule.minimum ?? 0)) {
      this.#fault(name, value, `Member must have length greater than or equal to ${rule.minimum ?? 0}`);
    } else if (value.length > (rule.maximum ?? Infinity)) {
      this.#fault(name, value, `Member must have length less than or equal to ${rule.maximum ?? 0}`);
    } else if (rule.pattern !== undefined && !rule.pattern.test(value)) {
      this.#fault(name, value, `Member must satisfy regular expression pattern: ${rule.pattern.source}`);
    }
    return value;
  }

  number(name: string, rule: NumberRule = {}): number | undefined {
    const value = this.#input[name];
    if (value === undefined || value === null || value === "") {
      if (rule.required === true) this.#fault(name, undefined, "Member must not be null");
      return undefined;
    }
    const number = typeof value === "number" ? value : typeof value === "string" ? Number(value) : NaN;
    if (Number.isNaN(number)) this.#fault(name, value, "Member must be a number");
    else if (number < (rule.minimum ?? -Infinity))
      this.#fault(name, value, `Member must have value greater than or equal to ${rule.minimum ?? 0}`);
    else if (number > (rule.maximum ?? Infinity))
      this.#fault(name, value, `Member must have value less than or equal to ${rule.maximum ?? 0}`);
    return number;
  }

  integer(name: string, rule: NumberRule = {}): number | undefined {
    const number = this.number(name, rule);
    if (number !== undefined && !Number.isNaN(number) && !Number.isInteger(number)) this.#fault(name, number, "Member must be an integer");
    return number;
  }

  boolean(name: string): boolean | undefined {
    const value = this.#input[name];
    if (value === undefined || value === null) return undefined;
    if (value === true || value === "true") return true;
    if (value === false || value === "false") return false;
    this.#fault(name, value, "Member must be a boolean");
    return undefined;
  }

  /** Milliseconds since 1970. Query sends ISO 8601, JSON seconds. */
  time(name: string, rule: { readonly required?: boolean } = {}): number | undefined {
    const value = this.#input[name];
    if (value === undefined || value === null) {
      if (rule.required === true) this.#fault(name, undefined, "Member must not be null");
      return undefined;
    }
    const time =
      value instanceof Date
        ? value.getTime()
        : typeof value === "number"
          ? value * 1000
          : typeof value === "string"
            ? parseTime(value)
            : NaN;
    if (!Number.isNaN(time)) return time;
    this.#fault(name, value, "Member must be a timestamp");
    return undefined;
  }

  texts(name: string, rule: { readonly maximum?: number } = {}): string[] {
    return this.#list(name, rule.maximum).flatMap((one, index) => {
      if (typeof one === "string") return [one];
      this.#fault(`${name}.${index + 1}.member`, one, "Member must be a string");
      return [];
    });
  }

  numbers(name: string, rule: { readonly maximum?: number } = {}): number[] {
    return this.#list(name, rule.maximum).map((one) => (typeof one === "number" ? one : Number(one)));
  }

  records(name: string, rule: { readonly maximum?: number } = {}): Parameters[] {
    return this.#list(name, rule.maximum).map(
      (one, index) => new Parameters(asRecord(one), `${this.#pathOf(name)}.${index + 1}.member.`, this.#faults),
    );
  }

  record(name: string): Parameters | undefined {
    const value = this.#input[name];
    if (value === undefined || value === null) return undefined;
    return new Parameters(asRecord(value), `${this.#pathOf(name)}.`, this.#faults);
  }

  /** A fault that the rules above do not know. */
  refuse(name: string, constraint: string): void {
    this.#fault(name, this.#input[name], constraint);
  }

  /** Throws when there were faults. */
  finish(): void {
    const count = this.#faults.length;
    if (count === 0) return;
    const noun = count === 1 ? "1 validation error" : `${count} validation errors`;
    throw new ServiceError("ValidationError", `${noun} detected: ${this.#faults.join("; ")}`, 400, "ValidationException");
  }

  #list(name: string, maximum = Infinity): unknown[] {
    const value = this.#input[name];
    if (value === undefined || value === null || value === "") return [];
    if (!Array.isArray(value)) {
      this.#fault(name, value, "Member must be a list");
      return [];
    }
    if (value.length > maximum) this.#fault(name, `a list of ${value.length}`, `Member must have length less than or equal to ${maximum}`);
    return value as unknown[];
  }

  #fault(name: string, value: unknown, constraint: string): void {
    const subject = value === undefined ? "Value null" : `Value '${typeof value === "string" ? value : JSON.stringify(value)}'`;
    this.#faults.push(`${subject} at '${this.#pathOf(name)}' failed to satisfy constraint: ${constraint}`);
  }

  #pathOf(name: string): string {
    return `${this.#path}${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  }
}

const asRecord = (value: unknown): Input => (typeof value === "object" && value !== null ? (value as Input) : {});

/** ISO 8601; a time without zone is UTC, as on AWS. */
function parseTime(text: string): number {
  return Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/.test(text) || !text.includes("T") ? text : `${text}Z`);
}

/** Cuts a list into pages; the token is the position, opaque to callers. */
export function paged<Item>(items: readonly Item[], token: string | undefined, size: number): { items: Item[]; token: string | undefined } {
  const start = token === undefined ? 0 : Number(Buffer.from(token, "base64").toString("utf8"));
  if (!Number.isInteger(start) || start < 0 || start > items.length) {
    throw new ServiceError("InvalidNextToken", "The token value is not valid.");
  }
  const end = start + size;
  return { items: items.slice(start, end), token: end < items.length ? Buffer.from(String(end)).toString("base64") : undefined };
}
