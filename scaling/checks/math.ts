import type { MetricMath } from "../../contract/scaling-policies.ts";
import { fault } from "./fault.ts";
import type { Fault } from "./fault.ts";

/** Quota of one target tracking policy: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-target-tracking-metric-math.html */
const mostMetrics = 10;

/**
 * What is surely wrong with metric math. Its functions are not looked at: CloudWatch has more of them than any list here
 * would, all in capitals. Names of metrics begin with a small letter, and so do the words that must be one.
 */
export function checkMath({ expression, metrics }: MetricMath): Fault[] {
  const ids = Object.keys(metrics);
  const words = new Set(expression.replace(/"[^"]*"|'[^']*'/g, "").match(/(?<![\w.])[a-z]\w*/g));
  const count = (sign: string) => expression.split(sign).length - 1;
  return [
    ...(ids.length === 0 || ids.length > mostMetrics
      ? [fault("metrics", metrics, `1 to ${mostMetrics} metrics`, `there are ${ids.length}`)]
      : []),
    ...ids.flatMap((id) =>
      /^[a-z]\w{0,254}$/.test(id) ? [] : [fault(`metrics.${id}`, id, "a name of letters, digits and _ that begins with a small letter")],
    ),
    ...ids.flatMap((id) => (words.has(id) ? [] : [fault(`metrics.${id}`, metrics[id], "a metric that the expression uses")])),
    ...[...words].flatMap((word) =>
      ids.includes(word) ? [] : [fault("expression", expression, `only the metrics ${ids.join(", ")}`, `${word} is none of them`)],
    ),
    ...(count("(") === count(")") ? [] : [fault("expression", expression, "as many closing parentheses as opening ones")]),
  ];
}
