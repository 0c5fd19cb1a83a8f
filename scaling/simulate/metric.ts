import type { Demand, MetricModel } from "./types.ts";

/** The samples of one metric, as they follow from demand and from what serves. */
export class MetricRun {
  readonly values: Float64Array;
  readonly #model: MetricModel;
  readonly #capacity: number;
  readonly #stepSeconds: number;
  #backlog = 0;

  constructor(model: MetricModel, capacityPerInstance: number, { values, stepSeconds }: Demand) {
    this.#model = model;
    this.#capacity = capacityPerInstance;
    this.#stepSeconds = stepSeconds;
    this.values = new Float64Array(values.length).fill(NaN);
  }

  /** The value over the step that begins now. */
  sample(step: number, demand: number, serving: number): void {
    this.values[step] = this.#value(demand, serving);
  }

  #value(demand: number, serving: number): number {
    switch (this.#model.kind) {
      case "utilization":
        if (serving === 0) return NaN;
        return Math.min(this.#model.max, this.#model.idle + (100 * demand) / (serving * this.#capacity));
      case "total":
        return demand;
      case "per-instance":
        return serving === 0 ? NaN : demand / serving;
      case "backlog":
        return (this.#backlog = Math.max(0, this.#backlog + (demand - serving * this.#capacity) * this.#stepSeconds));
    }
  }
}
