/**
 * Draws a dashboard's definition: where each widget stands, what it plots and which lines it has. The curves are made up.
 * `node test/components/dashboard-picture.ts` writes docs/dashboard.svg.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { dashboardWidgets, type DashboardFacts, type Widget } from "../../components/dashboard-body.ts";

const unit = 40;
const gap = 6;
const palette = ["#0b62c4", "#b3450b", "#0b7a4b", "#7a3fb0"];

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A stack with two fleets, as staging could be. */
export const picturedFacts: DashboardFacts = {
  region: "eu-central-1",
  prefix: "storefront-staging-web-v3",
  queueName: "storefront-staging-web-v3-notices-queue-0a1b2c3",
  deadLetterQueueName: "storefront-staging-web-v3-notices-dead-letters-0a1b2c3",
  maxAgeSeconds: 3600,
  cleansUp: true,
  refreshRules: [
    { label: "started", ruleName: "storefront-staging-web-v3-operations-rollouts-started-0a1b2c3" },
    { label: "succeeded", ruleName: "storefront-staging-web-v3-operations-rollouts-succeeded-0a1b2c3" },
    { label: "failed", ruleName: "storefront-staging-web-v3-operations-rollouts-failed-0a1b2c3" },
  ],
  fleets: [
    {
      name: "app",
      groupName: "storefront-staging-web-v3-app-group-0a1b2c3",
      size: { min: 2, max: 6 },
      policies: [
        { kind: "step", direction: "up", threshold: 70, metric: { namespace: "AWS/EC2", name: "CPUUtilization", statistic: "Average" } },
        { kind: "step", direction: "down", threshold: 30, metric: { namespace: "AWS/EC2", name: "CPUUtilization", statistic: "Average" } },
      ],
      alarmArns: [
        "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:storefront-staging-web-v3-app-scaling-up-alarm-0a1b2c3",
        "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:storefront-staging-web-v3-app-scaling-down-alarm-0a1b2c3",
      ],
    },
    {
      name: "worker",
      groupName: "storefront-staging-web-v3-worker-group-0a1b2c3",
      size: { min: 3, max: 12 },
      policies: [{ kind: "target", name: "cpu", target: 50, metric: { predefined: "ASGAverageCPUUtilization" } }],
      alarmArns: [],
    },
  ],
};

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const text = (x: number, y: number, kind: string, words: string) => `<text x="${x}" y="${y}" class="${kind}">${escape(words)}</text>`;

/** A smooth curve of its own for each line, the same every time. */
function curve(index: number, { x, y, width, height }: Box): string {
  const points = Array.from({ length: 41 }, (_, step) => {
    const wave = Math.sin(step / (4 + index) + index * 1.7) * 0.5 + Math.sin(step / 9 + index) * 0.5;
    return `${(x + (width * step) / 40).toFixed(1)},${(y + height * (0.55 - 0.4 * wave)).toFixed(1)}`;
  });
  return `<polyline points="${points.join(" ")}" stroke="${palette[index % palette.length]}"/>`;
}

function content({ properties, type }: Widget, box: Box): string {
  const inner = { x: box.x + 14, y: box.y + 40, width: box.width - 28, height: box.height - 84 };
  if (type === "alarm") {
    const alarms = properties.alarms ?? [];
    return alarms
      .map((arn, index) => {
        const y = inner.y + index * 34;
        return `<rect class="ok" x="${inner.x}" y="${y}" width="${inner.width}" height="28"/>${text(inner.x + 8, y + 19, "small", `OK  ${/(up|down)-alarm/.exec(arn)?.[0] ?? arn.split(":").at(-1)}`)}`;
      })
      .join("");
  }
  const lines = properties.annotations?.horizontal ?? [];
  const most = Math.max(...lines.map(({ value }) => value), 1) * 1.25;
  const rules = lines.map(({ label, value }) => {
    const y = (inner.y + inner.height * (1 - value / most)).toFixed(1);
    return `<line class="rule" x1="${inner.x}" x2="${inner.x + inner.width}" y1="${y}" y2="${y}"/>${text(inner.x + inner.width - 70, Number(y) - 3, "tiny", `${label} ${value}`)}`;
  });
  const names = (properties.metrics ?? []).map((metric, index) => {
    const last = metric.at(-1);
    const named = typeof metric[1] === "string" ? metric[1].replace(/^Group|Instances$|Capacity$/g, "") : "";
    const label = (typeof last === "object" ? last.label : undefined) ?? named;
    const x = inner.x + (index % 3) * (inner.width / 3);
    const y = box.y + box.height - 26 + Math.floor(index / 3) * 14;
    return `<rect x="${x}" y="${y - 8}" width="8" height="8" fill="${palette[index % palette.length]}"/>${text(x + 12, y, "tiny", label)}`;
  });
  return [...rules, ...(properties.metrics ?? []).map((_, index) => curve(index, inner)), ...names].join("");
}

function drawn(widget: Widget): string {
  const box = {
    x: widget.x * unit + gap,
    y: widget.y * unit + gap,
    width: widget.width * unit - 2 * gap,
    height: widget.height * unit - 2 * gap,
  };
  const { markdown, title = "" } = widget.properties;
  if (markdown !== undefined) return text(box.x, box.y + 20, "head", markdown.replace(/^#+ /, ""));
  return `<rect class="card" x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}"/>${text(box.x + 14, box.y + 24, "title", title)}${content(widget, box)}`;
}

export function dashboardPicture(facts: DashboardFacts): string {
  const widgets = dashboardWidgets(facts);
  const height = Math.max(...widgets.map((widget) => widget.y + widget.height)) * unit;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${24 * unit} ${height}" role="img" aria-label="The dashboard of a stack with two fleets; the curves are made up">
<style>
svg { background: #f2f3f3; font-family: system-ui, sans-serif; } .card { fill: #fff; stroke: #d5dbdb; } .ok { fill: #e6f4ea; stroke: #0b7a4b; }
.head { font-size: 18px; font-weight: 600; fill: #16191f; } .title { font-size: 14px; font-weight: 600; fill: #16191f; }
.small { font-size: 13px; fill: #16191f; } .tiny { font-size: 11px; fill: #545b64; } polyline { fill: none; stroke-width: 2; } .rule { stroke: #d13212; stroke-dasharray: 5 4; }
</style>
${widgets.map(drawn).join("\n")}
</svg>
`;
}

export const pictureFile = join(import.meta.dirname, "../../docs/dashboard.svg");
if (process.argv[1] === import.meta.filename) writeFileSync(pictureFile, dashboardPicture(picturedFacts));
