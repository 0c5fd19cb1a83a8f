/** What was seen so far: each event once, in the order in which it was seen, and told at once. */
import { activityEvents, eventKey, eventLine, type DrillEvent, type Sample } from "./events.ts";
import type { AlarmLook, DrillPorts } from "./ports.ts";

export class DrillLog {
  readonly events: DrillEvent[] = [];
  readonly samples: Sample[] = [];
  readonly startMs: number;
  readonly #ports: DrillPorts;
  readonly #seen = new Set<string>();
  readonly #alarms = new Map<string, string>();
  #nowMs: number;

  constructor(startMs: number, ports: DrillPorts) {
    this.startMs = startMs;
    this.#ports = ports;
    this.#nowMs = startMs;
  }

  /** AWS's time when it was last asked for. */
  get lastMs(): number {
    return this.#nowMs;
  }

  async now(): Promise<number> {
    this.#nowMs = await this.#ports.now();
    return this.#nowMs;
  }

  /** Ids of the instances that went during the drill. */
  get departed(): readonly string[] {
    return this.events.flatMap(({ kind, instanceId }) => (kind === "terminated" && instanceId !== undefined ? [instanceId] : []));
  }

  /** @param event without a time: now */
  add({ atMs = this.#nowMs, ...event }: Omit<DrillEvent, "atMs"> & { readonly atMs?: number }): void {
    const whole = { atMs, ...event };
    const key = eventKey(whole);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.events.push(whole);
    this.#ports.tell(eventLine(whole, this.startMs));
  }

  /** One look at the group, its activities and its alarms. */
  async look(): Promise<void> {
    const [group, activities, alarms, atMs] = await Promise.all([
      this.#ports.group(),
      this.#ports.activities(),
      this.#ports.alarms(),
      this.now(),
    ]);
    for (const alarm of alarms) this.#alarm(alarm);
    const events = activities.flatMap(activityEvents).filter((event) => event.atMs >= this.startMs);
    for (const event of events.sort((one, other) => one.atMs - other.atMs)) this.add(event);
    const inService = (group?.Instances ?? []).filter((one) => one.LifecycleState === "InService").length;
    this.samples.push({ atMs, desired: group?.DesiredCapacity ?? 0, inService });
  }

  #alarm({ name, state, reason, changedMs }: AlarmLook): void {
    const before = this.#alarms.get(name);
    this.#alarms.set(name, state);
    if (before === state || (before === undefined && changedMs < this.startMs)) return;
    this.add({ kind: "alarm", text: `${name} is ${state}: ${reason}`, atMs: Math.max(changedMs, this.startMs) });
  }
}
