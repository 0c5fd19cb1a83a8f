/** What a stack's dashboard shows, as CloudWatch reads it. Pure. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
import type { ScalingMetric, StepScaling, TargetTracking } from "../contract/scaling-policies.ts";

export interface DashboardFleet {
  readonly name: string;
  readonly groupName: string;
  readonly size: { readonly min: number; readonly max: number };
  readonly policies: readonly (
    | ({ readonly kind: "step"; readonly direction: "up" | "down" } & Pick<StepScaling, "metric" | "threshold">)
    | ({ readonly kind: "target" } & Pick<TargetTracking, "name" | "target" | "metric">)
  )[];
  /** ARNs of its alarms. */
  readonly alarmArns: readonly string[];
}

export interface DashboardFacts {
  readonly region: string;
  /** Prefix of the stack, the dimension of the consumer's metrics. */
  readonly prefix: string;
  readonly queueName: string;
  readonly deadLetterQueueName: string;
  /** Seconds at which the age of the oldest notice raises its alarm. */
  readonly maxAgeSeconds: number;
  readonly fleets: readonly DashboardFleet[];
  /** Whether something removes departed nodes. */
  readonly cleansUp: boolean;
  /** Names of the rules that count roll-outs. */
  readonly refreshRules: readonly { readonly label: string; readonly ruleName: string }[];
}

type MetricLine = readonly (string | { readonly label?: string; readonly stat?: string })[];

export interface Widget {
  readonly type: "text" | "metric" | "alarm";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly alarms?: readonly string[];
    readonly region?: string;
    readonly view?: "timeSeries";
    readonly stat?: string;
    readonly period?: number;
    readonly metrics?: readonly MetricLine[];
    readonly yAxis?: { readonly left: { readonly min: number } };
    readonly annotations?: { readonly horizontal: readonly { readonly label: string; readonly value: number }[] };
  };
}

/** CloudWatch's grid. */
const columns = 24;
const header = 1;
const tall = 6;
const periodSeconds = 60;

interface Graph {
  readonly title: string;
  readonly metrics: readonly MetricLine[];
  readonly stat: string;
  readonly lines?: readonly { readonly label: string; readonly value: number }[];
}

export function dashboardWidgets(facts: DashboardFacts): Widget[] {
  const rows: Widget[][] = [...facts.fleets.map((fleet) => fleetRow(facts.region, fleet)), stackRow(facts)];
  let y = 0;
  return rows.flatMap((row) => {
    const placed = row.map((widget) => ({ ...widget, y: widget.y + y }));
    y = Math.max(...placed.map((widget) => widget.y + widget.height));
    return placed;
  });
}

export const dashboardBody = (facts: DashboardFacts): string => JSON.stringify({ widgets: dashboardWidgets(facts) });

/** Several things side by side, as wide as they have room. */
function row(title: string, parts: readonly ((x: number, width: number) => Widget)[]): Widget[] {
  const width = Math.floor(columns / parts.length);
  const text: Widget = { type: "text", x: 0, y: 0, width: columns, height: header, properties: { markdown: `## ${title}` } };
  return [text, ...parts.map((part, index) => part(index * width, width))];
}

const graph =
  (region: string, { title, metrics, stat, lines }: Graph) =>
  (x: number, width: number): Widget => ({
    type: "metric",
    x,
    y: header,
    width,
    height: tall,
    properties: {
      title,
      region,
      view: "timeSeries",
      stat,
      period: periodSeconds,
      metrics,
      yAxis: { left: { min: 0 } },
      ...(lines === undefined ? {} : { annotations: { horizontal: lines } }),
    },
  });

const sizeMetrics = ["GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupTerminatingInstances"];

function fleetRow(region: string, fleet: DashboardFleet): Widget[] {
  const { name, groupName, size, alarmArns } = fleet;
  const sizes: Graph = {
    title: "Instances",
    stat: "Average",
    metrics: sizeMetrics.map((metric) => ["AWS/AutoScaling", metric, "AutoScalingGroupName", groupName]),
    lines: [
      { label: "minimum", value: size.min },
      { label: "maximum", value: size.max },
    ],
  };
  const alarms = (x: number, width: number): Widget => ({
    type: "alarm",
    x,
    y: header,
    width,
    height: tall,
    properties: { title: "Alarms", alarms: alarmArns },
  });
  return row(`Fleet ${name}`, [
    graph(region, sizes),
    ...measured(fleet).map((one) => graph(region, one)),
    ...(alarmArns.length === 0 ? [] : [alarms]),
  ]);
}

/** Each metric that the group scales on, once, with the values at which something happens. */
function measured({ policies, groupName }: DashboardFleet): Graph[] {
  const graphs = new Map<string, Graph & { readonly lines: { readonly label: string; readonly value: number }[] }>();
  for (const policy of policies) {
    const metric = metricOf(policy);
    if (metric === undefined) continue;
    const { namespace, name, statistic, dimensions = { AutoScalingGroupName: groupName } } = metric;
    const key = JSON.stringify([namespace, name, statistic, dimensions]);
    const known = graphs.get(key) ?? {
      title: `${name} (${statistic})`,
      stat: statistic,
      metrics: [[namespace, name, ...Object.entries(dimensions).flat()]],
      lines: [],
    };
    known.lines.push(
      policy.kind === "step" ? { label: policy.direction, value: policy.threshold } : { label: policy.name, value: policy.target },
    );
    graphs.set(key, known);
  }
  return [...graphs.values()];
}

/** What the names of predefined metrics stand for; the one of a load balancer is its own business, and so is a formula. */
const predefined: Readonly<Record<string, ScalingMetric>> = {
  ASGAverageCPUUtilization: { namespace: "AWS/EC2", name: "CPUUtilization", statistic: "Average" },
  ASGAverageNetworkIn: { namespace: "AWS/EC2", name: "NetworkIn", statistic: "Average" },
  ASGAverageNetworkOut: { namespace: "AWS/EC2", name: "NetworkOut", statistic: "Average" },
};

function metricOf(policy: DashboardFleet["policies"][number]): ScalingMetric | undefined {
  if (policy.kind === "step") return policy.metric;
  if ("custom" in policy.metric) return policy.metric.custom;
  return "predefined" in policy.metric ? predefined[policy.metric.predefined] : undefined;
}

/** What all fleets share. */
function stackRow({ region, prefix, queueName, deadLetterQueueName, maxAgeSeconds, cleansUp, refreshRules }: DashboardFacts): Widget[] {
  const queue = (metric: string, name: string, label: string): MetricLine => ["AWS/SQS", metric, "QueueName", name, { label }];
  const age: Graph = {
    title: "Age of the oldest notice (s)",
    stat: "Maximum",
    metrics: [queue("ApproximateAgeOfOldestMessage", queueName, "age")],
    lines: [{ label: "alarm", value: maxAgeSeconds }],
  };
  const waiting: Graph = {
    title: "Notices and dead letters",
    stat: "Maximum",
    metrics: [
      queue("ApproximateNumberOfMessagesVisible", queueName, "notices"),
      queue("ApproximateNumberOfMessagesVisible", deadLetterQueueName, "dead letters"),
    ],
  };
  const refreshes: Graph = {
    title: "Roll-outs",
    stat: "Sum",
    metrics: refreshRules.map(({ label, ruleName }) => ["AWS/Events", "MatchedEvents", "RuleName", ruleName, { label }]),
  };
  const removals: Graph = {
    title: "Removals from Chef",
    stat: "Sum",
    metrics: ["Removed", "Retried", "GivenUp"].map((metric) => ["Fleet/NodeCleanup", metric, "Stack", prefix, { label: metric }]),
  };
  const graphs = [refreshes, age, waiting, ...(cleansUp ? [removals] : [])];
  return row(
    "Roll-outs and notices",
    graphs.map((one) => graph(region, one)),
  );
}
