/**
 * Five-field cron expressions in a time zone, as scheduled actions use them:
 * minute, hour, day of month, month, day of week. https://docs.aws.amazon.com/autoscaling/ec2/userguide/scheduled-scaling.html
 */

/** Allowed values of each field; the day fields also say whether they were given (`*` is not). */
export interface Cron {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly daysOfWeek: ReadonlySet<number>;
  readonly anyDayOfMonth: boolean;
  readonly anyDayOfWeek: boolean;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const fields: readonly Field[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12, names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"] },
  { name: "day of week", min: 0, max: 7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] },
];

/** @throws SyntaxError that names the field and what it takes. */
export function parseCron(expression: string): Cron {
  const parts = expression.trim().split(/\s+/);
  if (parts.length !== fields.length) {
    throw new SyntaxError(
      `cron expression "${expression}" has ${parts.length} fields; it needs ${fields.length}: ${fields.map((one) => one.name).join(", ")}`,
    );
  }
  const [minutes, hours, daysOfMonth, months, weekdays] = fields.map((field, index) => parseField(parts[index] ?? "", field));
  const none = new Set<number>();
  const daysOfWeek = new Set([...(weekdays ?? none)].map((day) => day % 7)); // 7 is Sunday too
  const cron = {
    minutes: minutes ?? none,
    hours: hours ?? none,
    daysOfMonth: daysOfMonth ?? none,
    months: months ?? none,
    daysOfWeek,
    anyDayOfMonth: parts[2] === "*",
    anyDayOfWeek: parts[4] === "*",
  };
  if (!canEverMatch(cron)) throw new SyntaxError(`cron expression "${expression}" names a day that none of its months has`);
  return cron;
}

function parseField(text: string, field: Field): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(?:(\*)|([A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?)(?:\/(\d+))?$/.exec(part);
    if (match === null) throw invalid(text, field);
    const [, star, first, last, stepText] = match;
    const from = star === undefined ? valueOf(first ?? "", text, field) : field.min;
    const lastOfStep = stepText === undefined ? from : field.max;
    const to = star !== undefined ? field.max : last === undefined ? lastOfStep : valueOf(last, text, field);
    const step = stepText === undefined ? 1 : Number(stepText);
    if (step < 1 || from > to) throw invalid(text, field);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return values;
}

function valueOf(word: string, text: string, field: Field): number {
  const named = field.names?.indexOf(word.toUpperCase()) ?? -1;
  const value = named >= 0 ? named + field.min : /^\d+$/.test(word) ? Number(word) : NaN;
  if (!(value >= field.min && value <= field.max)) throw invalid(text, field);
  return value;
}

const invalid = (text: string, field: Field) =>
  new SyntaxError(
    `cron field ${field.name} is "${text}"; allowed: ${field.min}-${field.max}, lists, ranges, steps${field.names ? ", names" : ""} and *`,
  );

const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function canEverMatch(cron: Cron): boolean {
  if (!cron.anyDayOfWeek) return true; // cron takes a day that fits either field
  return [...cron.months].some((month) => [...cron.daysOfMonth].some((day) => day <= (longestMonths[month - 1] ?? 0)));
}

interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(timeZone, format);
  }
  return format;
}

/** Whether the IANA time zone is known. */
export function isTimeZone(timeZone: string): boolean {
  if (!/^[A-Za-z]/.test(timeZone)) return false; // Intl takes offsets such as +01:00 too
  try {
    formatOf(timeZone);
    return true;
  } catch {
    return false; // RangeError: not in the time zone database
  }
}

/** Local time minus UTC at `atMs`, in milliseconds. */
function offsetMs(atMs: number, timeZone: string): number {
  if (timeZone === "UTC") return 0;
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(atMs)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000;
}

/** UTC of a local time; absent when clocks skip it. Of a time that occurs twice the first counts. */
function utcOf(local: LocalTime, timeZone: string): number | undefined {
  const asUtc = Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute);
  const day = 86_400_000;
  const offsets = new Set([offsetMs(asUtc - day, timeZone), offsetMs(asUtc + day, timeZone)]);
  const found = [...offsets].map((offset) => asUtc - offset).filter((utc) => utc + offsetMs(utc, timeZone) === asUtc);
  return found.length === 0 ? undefined : Math.min(...found);
}

/** First time after `afterMs` that fits, or nothing within eight years (29 February may be that far). */
export function nextCronTime(cron: Cron, afterMs: number, timeZone = "UTC"): number | undefined {
  const start = new Date(afterMs + offsetMs(afterMs, timeZone));
  for (let dayIndex = 0; dayIndex < 8 * 366 + 1; dayIndex++) {
    const date = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate() + dayIndex));
    if (!fitsDay(cron, date)) continue;
    const found = firstOfDay(cron, date, afterMs, timeZone);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstOfDay(cron: Cron, date: Date, afterMs: number, timeZone: string): number | undefined {
  const ascending = (values: ReadonlySet<number>) => [...values].sort((one, other) => one - other);
  for (const hour of ascending(cron.hours)) {
    for (const minute of ascending(cron.minutes)) {
      const local = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), hour, minute };
      const utc = utcOf(local, timeZone);
      if (utc !== undefined && utc > afterMs) return utc;
    }
  }
  return undefined;
}

/** When both day fields are given, either is enough, as in every cron. */
function fitsDay(cron: Cron, date: Date): boolean {
  if (!cron.months.has(date.getUTCMonth() + 1)) return false;
  const byMonth = cron.daysOfMonth.has(date.getUTCDate());
  const byWeek = cron.daysOfWeek.has(date.getUTCDay());
  if (cron.anyDayOfMonth) return cron.anyDayOfWeek || byWeek;
  return cron.anyDayOfWeek ? byMonth : byMonth || byWeek;
}
