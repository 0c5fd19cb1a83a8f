/** The drill as a page of its own: no script, nothing from elsewhere, light and dark, wide and narrow. Pure. */
import { chartStyle, escapeMarkup } from "../simulate/chart.ts";
import { chartSection, pageStyle } from "../simulate/page.ts";
import { drillCharts } from "./chart.ts";
import type { DrillResult } from "./drill.ts";
import { clockText, type MetricPoint } from "./events.ts";
import { verdictText } from "./verdict.ts";

const style = `
:root { --good: #116329; --bad: #a40e26; }
@media (prefers-color-scheme: dark) { :root { --good: #56d364; --bad: #ff7b72; } }
p { overflow-wrap: anywhere; } td, li { overflow-wrap: anywhere; } td:first-child { white-space: nowrap; }
.verdicts { list-style: none; padding: 0; }
.verdicts li { padding: .4rem .75rem; margin: .4rem 0; border: 1px solid var(--faint); border-left: .4rem solid; }
.verdicts .met { border-left-color: var(--good); } .verdicts .missed { border-left-color: var(--bad); }
.met b { color: var(--good); } .missed b { color: var(--bad); }
`;

function verdictItems({ verdicts, aborted }: DrillResult): string {
  const items = verdicts.map(
    (one) => `<li class="${one.met ? "met" : "missed"}"><b>${one.met ? "met" : "missed"}</b> ${escapeMarkup(verdictText(one))}</li>`,
  );
  const early = aborted === undefined ? [] : [`<li class="missed"><b>ended early</b> ${escapeMarkup(aborted)}</li>`];
  return [...items, ...early].join("\n");
}

/** @param metric of the time of the drill; empty when CloudWatch had none */
export function drillReport(result: DrillResult, metric: readonly MetricPoint[]): string {
  const { plan, startMs, endMs, events, log } = result;
  const rows = [...events]
    .sort((one, other) => one.atMs - other.atMs)
    .map(({ atMs, kind, text }) => `<tr><td>${clockText(atMs - startMs)}</td><td>${kind}</td><td>${escapeMarkup(text)}</td></tr>`);
  const charts = drillCharts({ startMs, endMs, samples: log.samples, metric, events, plan });
  const title = escapeMarkup(`Drill of ${plan.fleet}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${pageStyle}${chartStyle}${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>Group ${escapeMarkup(plan.group)} in ${escapeMarkup(plan.region)}, ${new Date(startMs).toISOString()} to ${new Date(endMs).toISOString()}, size ${plan.size.min} to ${plan.size.max}, load ${plan.cpuPercent} % CPU.</p>
<h2 id="expectations">Expectations</h2>
<ul class="verdicts" aria-labelledby="expectations">
${verdictItems(result)}
</ul>
${charts.map((chart, index) => chartSection(chart, `chart-${index}`)).join("\n")}
<h2 id="timeline">Timeline</h2>
<div class="wide" tabindex="0" role="region" aria-labelledby="timeline">
<table>
<thead><tr><th scope="col">Time</th><th scope="col">What</th><th scope="col">Seen</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</div>
</main>
</body>
</html>
`;
}
