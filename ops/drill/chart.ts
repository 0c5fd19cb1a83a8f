/** The drill as two charts: the metric with its thresholds and the load, and the group's size. */
import type { Chart } from "../simulate/chart.ts";
import type { DrillEvent, MetricPoint, Sample } from "./events.ts";
import type { DrillPlan } from "./plan.ts";

export interface ChartData {
  readonly startMs: number;
  readonly endMs: number;
  readonly samples: readonly Sample[];
  readonly metric: readonly MetricPoint[];
  readonly events: readonly DrillEvent[];
  readonly plan: Pick<DrillPlan, "thresholds" | "size" | "cpuPercent">;
}

/** More points than this no screen shows. */
const mostSteps = 600;
const shortestStepSeconds = 5;

interface Point {
  readonly atMs: number;
  readonly value: number;
}

export function drillCharts(data: ChartData): Chart[] {
  const seconds = Math.max(1, (data.endMs - data.startMs) / 1000);
  const stepSeconds = Math.max(shortestStepSeconds, seconds / mostSteps);
  const count = Math.ceil(seconds / stepSeconds);
  const series = (label: string, tone: "first" | "second" | "third", points: readonly Point[]) => ({
    label,
    tone,
    steps: true,
    values: Array.from({ length: count }, (_, step) => valueAt(points, data.startMs + step * stepSeconds * 1000)),
  });
  const common = { startMs: data.startMs, stepSeconds };
  const of = (value: (sample: Sample) => number) => data.samples.map((sample) => ({ atMs: sample.atMs, value: value(sample) }));
  return [
    {
      ...common,
      title: "CPU utilization, per cent",
      description: "Average CPU utilization of the group's instances, the load of the drill, and the thresholds of the policies.",
      series: [series("CPU utilization", "first", data.metric), series("load", "second", loads(data))],
      lines: data.plan.thresholds.map(({ name, value }) => ({ label: `${name} ${value} %`, value })),
    },
    {
      ...common,
      title: "Instances",
      description: "Desired size of the group, and its instances in service.",
      series: [
        series(
          "in service",
          "first",
          of(({ inService }) => inService),
        ),
        series(
          "desired",
          "second",
          of(({ desired }) => desired),
        ),
      ],
      lines: [
        { label: `minimum ${data.plan.size.min}`, value: data.plan.size.min },
        { label: `maximum ${data.plan.size.max}`, value: data.plan.size.max },
      ],
    },
  ];
}

/** What held at that time: the newest point before it; NaN before the first. */
function valueAt(points: readonly Point[], atMs: number): number {
  let value = NaN;
  for (const point of points) {
    if (point.atMs > atMs) break;
    value = point.value;
  }
  return value;
}

/** The load rises with its first event and ends with its second. */
function loads({ events, plan, startMs }: ChartData): Point[] {
  const [raised, ended] = events.filter(({ kind }) => kind === "load");
  return [
    { atMs: startMs, value: 0 },
    ...(raised === undefined ? [] : [{ atMs: raised.atMs, value: plan.cpuPercent }]),
    ...(ended === undefined ? [] : [{ atMs: ended.atMs, value: 0 }]),
  ];
}
