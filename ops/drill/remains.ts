/** Whether the departed left something: notices that nobody works on, dead letters, nodes in Chef. */
import type { DrillLog } from "./log.ts";
import type { DrillPorts, Remains } from "./ports.ts";
import type { Verdict } from "./verdict.ts";

/** As many names as the answer has at most: behind them there may be more. */
const shownNodes = 20;

interface Limit {
  readonly fromMs: number;
  readonly withinSeconds: number;
  /** Dead letters that were there before the drill. */
  readonly deadBefore: number;
}

export async function awaitNothingLeft(
  remains: () => Promise<Remains>,
  ports: Pick<DrillPorts, "sleep">,
  log: DrillLog,
  { fromMs, withinSeconds, deadBefore }: Limit,
): Promise<Verdict> {
  let shown = "";
  for (;;) {
    const found = await remains();
    const left = leftOver(found, deadBefore, log.departed);
    const atMs = await log.now();
    const tookSeconds = Math.max(0, Math.round((atMs - fromMs) / 1000));
    if (left === undefined) {
      const more = found.nodes.length >= shownNodes ? "; Chef has too many nodes to list, `npm run ops -- reconcile` looks at all" : "";
      log.add({ kind: "chef", text: `nothing is left of ${log.departed.join(", ")}${more}`, atMs });
      return { name: "nothing left", withinSeconds, tookSeconds, met: tookSeconds <= withinSeconds };
    }
    if (left !== shown) log.add({ kind: "queue", text: (shown = left), atMs });
    if (tookSeconds > withinSeconds) return { name: "nothing left", withinSeconds, met: false, detail: left };
    await ports.sleep();
  }
}

function leftOver({ messages, deadLetters, nodes }: Remains, deadBefore: number, departed: readonly string[]): string | undefined {
  const still = departed.filter((id) => nodes.includes(id));
  const parts = [
    ...(messages > 0 ? [`${messages} notices in the queue`] : []),
    ...(deadLetters > deadBefore ? [`${deadLetters - deadBefore} new dead letters`] : []),
    ...(still.length > 0 ? [`in Chef: ${still.join(", ")}`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join("; ");
}
