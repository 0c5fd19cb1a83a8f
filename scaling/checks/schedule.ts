import { isTimeZone, parseCron } from "../cron.ts";
import { checkWhole, fault } from "./fault.ts";
import type { Fault } from "./fault.ts";

export interface ScheduleArguments {
  readonly startAtMs?: number | undefined;
  readonly endAtMs?: number | undefined;
  readonly recurrence?: string | undefined;
  readonly timeZone?: string | undefined;
  readonly minSize?: number | undefined;
  readonly maxSize?: number | undefined;
  readonly desiredCapacity?: number | undefined;
}

/**
 * @param nowMs when given, a start or end in the past is a fault too.
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html
 */
export function checkSchedule(action: ScheduleArguments, nowMs?: number): Fault[] {
  const { startAtMs, endAtMs, minSize, maxSize, desiredCapacity } = action;
  const past = (path: string, atMs: number | undefined) =>
    atMs !== undefined && nowMs !== undefined && atMs <= nowMs ? [fault(path, new Date(atMs).toISOString(), "a time in the future")] : [];
  const noSize = minSize === undefined && maxSize === undefined && desiredCapacity === undefined;
  const ends = startAtMs !== undefined && endAtMs !== undefined && endAtMs <= startAtMs;
  return [
    ...(noSize ? [fault("desiredCapacity", undefined, "at least one of minSize, maxSize, desiredCapacity")] : []),
    ...checkWhole("minSize", minSize, 0),
    ...checkWhole("maxSize", maxSize, 0),
    ...checkWhole("desiredCapacity", desiredCapacity, 0),
    ...checkOrder(action),
    ...checkRecurrence(action),
    ...past("startAt", startAtMs),
    ...past("endAt", endAtMs),
    ...(ends ? [fault("endAt", new Date(endAtMs).toISOString(), `later than startAt (${new Date(startAtMs).toISOString()})`)] : []),
  ];
}

/** What is given must fit together; what is not given is only known when the action runs. */
function checkOrder({ minSize, maxSize, desiredCapacity }: ScheduleArguments): Fault[] {
  const faults: Fault[] = [];
  if (minSize !== undefined && maxSize !== undefined && minSize > maxSize)
    faults.push(fault("minSize", minSize, `at most maxSize (${maxSize})`));
  if (desiredCapacity === undefined) return faults;
  if (minSize !== undefined && desiredCapacity < minSize)
    faults.push(fault("desiredCapacity", desiredCapacity, `at least minSize (${minSize})`));
  if (maxSize !== undefined && desiredCapacity > maxSize)
    faults.push(fault("desiredCapacity", desiredCapacity, `at most maxSize (${maxSize})`));
  return faults;
}

function checkRecurrence({ startAtMs, recurrence, timeZone }: ScheduleArguments): Fault[] {
  const faults: Fault[] = [];
  if (recurrence === undefined) {
    if (startAtMs === undefined) faults.push(fault("recurrence", recurrence, "a cron expression, or a start time instead"));
    if (timeZone !== undefined) faults.push(fault("timeZone", timeZone, "absent without a recurrence"));
    return faults;
  }
  try {
    parseCron(recurrence);
  } catch (error) {
    faults.push(fault("recurrence", recurrence, "minute hour day-of-month month day-of-week", (error as SyntaxError).message));
  }
  if (timeZone !== undefined && !isTimeZone(timeZone))
    faults.push(fault("timeZone", timeZone, "a name of the IANA time zone database, for example Europe/Berlin"));
  return faults;
}
