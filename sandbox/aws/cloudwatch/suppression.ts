/**
 * Holds back the actions of a composite alarm while its suppressor is in ALARM, and for the wait and extension periods around that.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-suppression.html
 */
import type { AlarmState } from "../../../scaling/alarms/evaluate.ts";
import type { Clock } from "../../../scaling/clock.ts";
import type { AlarmStatus } from "./alarm.ts";

export interface SuppressionPorts {
  readonly clock: Clock;
  /** Undefined for a suppressor that does not exist, which never suppresses. */
  readonly suppressorState: () => AlarmState | undefined;
  /** State of the composite alarm now. */
  readonly ownState: () => AlarmState;
  /** Performs the actions of that state. */
  readonly act: (state: AlarmState) => void;
  readonly waitSeconds: number;
  readonly extensionSeconds: number;
}

export class Suppression {
  readonly #ports: SuppressionPorts;
  #by: AlarmStatus["suppressedBy"];
  #cancel: () => void = () => undefined;
  /** The state whose actions were performed last: after a suppression only a different one acts. */
  #acted: AlarmState;

  constructor(ports: SuppressionPorts) {
    this.#ports = ports;
    this.#acted = ports.ownState();
    if (ports.suppressorState() === "ALARM") this.#by = "Alarm";
  }

  get by(): AlarmStatus["suppressedBy"] {
    return this.#by;
  }

  /** The composite alarm changed its state. */
  ownChange(): void {
    const { ownState, waitSeconds } = this.#ports;
    if (this.#by === "Alarm" || this.#by === "ExtensionPeriod") return;
    if (ownState() === "ALARM" && waitSeconds > 0) this.#hold("WaitPeriod", waitSeconds);
    else this.#release();
  }

  /** The suppressor changed its state. */
  suppressorChange(): void {
    if (this.#ports.suppressorState() === "ALARM") {
      this.#cancel();
      this.#by = "Alarm";
    } else if (this.#by === "Alarm") {
      if (this.#ports.extensionSeconds > 0) this.#hold("ExtensionPeriod", this.#ports.extensionSeconds);
      else this.#release();
    }
  }

  close(): void {
    this.#cancel();
  }

  #hold(by: AlarmStatus["suppressedBy"], seconds: number): void {
    this.#cancel();
    this.#by = by;
    this.#cancel = this.#ports.clock.schedule(this.#ports.clock.now() + seconds * 1000, () => this.#release());
  }

  #release(): void {
    this.#cancel();
    this.#by = undefined;
    const state = this.#ports.ownState();
    if (state === this.#acted) return;
    this.#acted = state;
    this.#ports.act(state);
  }
}
