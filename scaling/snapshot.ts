/** State to JSON and back. Maps and sets become tagged lists; everything else is JSON already. */
import type { ModelState } from "./state.ts";

const mapTag = "$map";
const setTag = "$set";

export function encodeState(state: ModelState): unknown {
  return JSON.parse(
    JSON.stringify(state, (_key, value: unknown) => {
      if (value instanceof Map) return { [mapTag]: [...(value as Map<unknown, unknown>)] };
      if (value instanceof Set) return { [setTag]: [...(value as Set<unknown>)] };
      return value;
    }),
  ) as unknown;
}

export function decodeState(encoded: unknown): ModelState {
  return JSON.parse(JSON.stringify(encoded), (_key, value: unknown) => {
    if (typeof value !== "object" || value === null) return value;
    if (mapTag in value) return new Map(value[mapTag] as [unknown, unknown][]);
    if (setTag in value) return new Set(value[setTag] as unknown[]);
    return value;
  }) as ModelState;
}

export function emptyState(nowMs: number): ModelState {
  return {
    nowMs,
    idCount: 0,
    timerCount: 0,
    templates: new Map(),
    subnets: new Map(),
    groups: new Map(),
    pastActivities: [],
    alarms: new Map(),
    effects: [],
    timers: [],
  };
}
