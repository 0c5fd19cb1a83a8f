/** The drill as a page of its own: no script, nothing from elsewhere, light and dark, wide and narrow. */
import { drillChart, escapeText } from "./chart.ts";
import { verdictText, type DrillResult } from "./drill.ts";
import { clockText, type MetricPoint } from "./events.ts";

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #57606a; --line: #d0d7de; --good: #116329; --bad: #a40e26; --blue: #0550ae; --amber: #7d4e00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --paper: #0d1117; --soft: #9198a1; --line: #30363d; --good: #56d364; --bad: #ff7b72; --blue: #79c0ff; --amber: #e3b341; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
p.facts { color: var(--soft); overflow-wrap: anywhere; }
ul.verdicts { list-style: none; padding: 0; }
ul.verdicts li { padding: .5rem .75rem; margin: .4rem 0; border: 1px solid var(--line); border-left: .4rem solid; border-radius: .3rem; }
.met { border-left-color: var(--good) !important; } .missed { border-left-color: var(--bad) !important; }
.met b { color: var(--good); } .missed b { color: var(--bad); }
figure { margin: 0; overflow-x: auto; } svg { display: block; width: 100%; min-width: 34rem; height: auto; }
figure:focus-visible, .table:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
polyline { fill: none; stroke-width: 2; } .grid { stroke: var(--line); stroke-width: 1; }
.metric { stroke: var(--blue); } .threshold { stroke: var(--amber); stroke-width: 1; stroke-dasharray: 6 4; }
.serving { stroke: var(--good); } .desired { stroke: var(--soft); stroke-dasharray: 4 3; } .load { stroke: var(--bad); stroke-dasharray: 2 3; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
td:first-child { font-variant-numeric: tabular-nums; white-space: nowrap; }
`;

function verdictItems({ verdicts, aborted }: DrillResult): string {
  const items = verdicts.map(
    (one) => `<li class="${one.met ? "met" : "missed"}"><b>${one.met ? "met" : "missed"}</b> ${escapeText(verdictText(one))}</li>`,
  );
  const early = aborted === undefined ? [] : [`<li class="missed"><b>ended early</b> ${escapeText(aborted)}</li>`];
  return [...items, ...early].join("\n");
}

/** @param metric of the time of the drill; empty when CloudWatch had none */
export function drillReport(result: DrillResult, metric: readonly MetricPoint[]): string {
  const { plan, startMs, endMs, events, log } = result;
  const rows = [...events]
    .sort((one, other) => one.atMs - other.atMs)
    .map(({ atMs, kind, text }) => `<tr><td>${clockText(atMs - startMs)}</td><td>${kind}</td><td>${escapeText(text)}</td></tr>`);
  const chart = drillChart({ startMs, endMs, samples: log.samples, metric, events, plan });
  const title = `Drill of ${plan.fleet}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeText(title)}</h1>
<p class="facts">Group ${escapeText(plan.group)} in ${escapeText(plan.region)}, ${new Date(startMs).toISOString()} to ${new Date(endMs).toISOString()},
size ${plan.size.min} to ${plan.size.max}, ${plan.cpuPercent} % CPU.</p>
<h2 id="expectations">Expectations</h2>
<ul class="verdicts" aria-labelledby="expectations">
${verdictItems(result)}
</ul>
<h2 id="course">Course</h2>
<figure tabindex="0" aria-labelledby="course">
${chart}
</figure>
<h2 id="timeline">Timeline</h2>
<div class="table" tabindex="0" role="region" aria-labelledby="timeline">
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
