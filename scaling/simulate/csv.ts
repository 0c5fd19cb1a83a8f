/** A measured load as CSV: a time and a value per line, at even intervals, as CloudWatch and most tools export it. */
import type { LoadFault } from "./load.ts";

export interface MeasuredLoad {
  readonly startMs: number;
  readonly intervalSeconds: number;
  readonly values: readonly number[];
}

interface Row {
  readonly line: number;
  readonly atMs: number;
  readonly value: number;
}

/** A file that is wrong all over is not one of ours; the first faults are enough to see that. */
const mostFaults = 20;

/** @returns undefined when `faults` has more than before. */
export function parseCsv(text: string, faults: LoadFault[]): MeasuredLoad | undefined {
  const found: LoadFault[] = [];
  const rows: Row[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const row = readRow(line, index + 1, rows.length === 0 && index === firstLine(text), found);
    if (row !== undefined) rows.push(row);
  }
  const intervalMs = checkTimes(rows, found);
  faults.push(...found.slice(0, mostFaults));
  if (found.length > mostFaults) faults.push({ at: "the file", message: `${found.length - mostFaults} more faults` });
  const [first] = rows;
  if (found.length > 0 || first === undefined) return undefined;
  return { startMs: first.atMs, intervalSeconds: intervalMs / 1000, values: rows.map(({ value }) => value) };
}

const firstLine = (text: string) => text.split(/\r?\n/).findIndex((line) => line.trim() !== "" && !line.startsWith("#"));

/** A first line without a number in its second column is a heading. */
function readRow(line: string, number: number, mayBeHeading: boolean, faults: LoadFault[]): Row | undefined {
  const cells = line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
  const [time = "", cell = ""] = cells;
  const value = cell === "" ? NaN : Number(cell);
  const atMs = timeOf(time);
  if (mayBeHeading && Number.isNaN(atMs) && Number.isNaN(value)) return undefined;
  const report = (message: string) => faults.push({ at: `line ${number}`, message });
  if (cells.length !== 2) report(`it has ${cells.length} columns; allowed: two, time and value`);
  else if (Number.isNaN(atMs))
    report(`the time is ${JSON.stringify(time)}; allowed: ISO 8601 such as 2026-01-05T10:00:00Z, or seconds since 1970`);
  else if (!Number.isFinite(value)) report(`the value is ${JSON.stringify(cell)}; allowed: a number, 0 or more`);
  else if (value < 0) report(`the value is ${cell}; allowed: a number, 0 or more`);
  else return { line: number, atMs, value };
  return undefined;
}

/** ISO 8601 (without a zone: UTC), seconds or milliseconds since 1970. */
function timeOf(text: string): number {
  if (/^\d{9,11}$/.test(text)) return Number(text) * 1000;
  if (/^\d{12,14}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)) return NaN;
  const iso = text.replace(" ", "T");
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`);
}

/** @returns the interval: the distance that most rows have. */
function checkTimes(rows: readonly Row[], faults: LoadFault[]): number {
  if (rows.length < 2) {
    if (faults.length === 0) faults.push({ at: "the file", message: `it has ${rows.length} values; allowed: two or more` });
    return 0;
  }
  const gaps = rows.slice(1).map(({ atMs }, index) => atMs - (rows[index]?.atMs ?? 0));
  const intervalMs = gaps.toSorted((one, other) => one - other)[Math.floor((gaps.length - 1) / 2)] ?? 0;
  for (const [index, gap] of gaps.entries()) {
    if (gap === intervalMs && gap > 0) continue;
    const row = rows[index + 1];
    const before = rows[index];
    const at = `line ${row?.line ?? 0}`;
    if (gap <= 0) faults.push({ at, message: `its time is not after that of line ${before?.line ?? 0}` });
    else
      faults.push({
        at,
        message: `it follows line ${before?.line ?? 0} after ${gap / 1000} s where the others follow after ${intervalMs / 1000} s; fill the hole`,
      });
  }
  if (intervalMs > 0 && (intervalMs % 60_000) * (60_000 % intervalMs) !== 0)
    faults.push({
      at: "the file",
      message: `its values are ${intervalMs / 1000} s apart; allowed: whole minutes, or what divides a minute`,
    });
  return intervalMs;
}
