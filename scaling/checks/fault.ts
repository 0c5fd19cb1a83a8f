/** One thing that is wrong with an argument. Checks return all they find, in the order of the arguments. */
export interface Fault {
  /** Property at fault, for example `steps[1].scalingAdjustment`. */
  readonly path: string;
  /** What was given. */
  readonly value: unknown;
  /** What would be accepted, a phrase: `a whole number from 0 to 100`. */
  readonly allowed: string;
  /** The whole sentence for a reader: path, value, what is allowed, and why where that helps. */
  readonly message: string;
}

/** @param why a clause that follows the sentence, for example `the group could never …`. */
export function fault(path: string, value: unknown, allowed: string, why?: string): Fault {
  return { path, value, allowed, message: `${path} is ${shown(value)}; allowed: ${allowed}${why === undefined ? "" : ` (${why})`}` };
}

function shown(value: unknown): string {
  if (value === undefined) return "absent";
  return typeof value === "number" ? String(value) : JSON.stringify(value); // JSON has no NaN and no Infinity
}

/** The same faults seen from the object that holds the checked one: `scaling.up` + `threshold` = `scaling.up.threshold`. */
export function within(prefix: string, faults: readonly Fault[]): Fault[] {
  return faults.map((one) => {
    const path = one.path === "" ? prefix : one.path.startsWith("[") ? prefix + one.path : `${prefix}.${one.path}`;
    return { ...one, path, message: path + one.message.slice(one.path.length) };
  });
}

/** An optional whole number within a range. */
export function checkWhole(path: string, value: number | undefined, min: number, max = Infinity): Fault[] {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return [];
  return [fault(path, value, max === Infinity ? `a whole number, ${min} or more` : `a whole number from ${min} to ${max}`)];
}

/** An optional finite number. */
export function checkFinite(path: string, value: number | undefined): Fault[] {
  return value === undefined || Number.isFinite(value) ? [] : [fault(path, value, "a finite number")];
}

/** An optional word out of a list. */
export function checkOneOf(path: string, value: string | undefined, allowed: readonly string[]): Fault[] {
  return value === undefined || allowed.includes(value) ? [] : [fault(path, value, allowed.join(", "))];
}
