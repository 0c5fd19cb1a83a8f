import { flag } from "../core/config.ts";
import { hidden, violation, type Checking } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { comparisonOf } from "../facts/metric.ts";
import type { Resource } from "../model/resource.ts";

/** An alarm on a group as a whole; others, such as those on a queue, have reasons of their own. */
const watchesGroup = (alarm: Resource<"alarm">) =>
  alarm.at("dimensions").hidden || !alarm.at("dimensions").at("AutoScalingGroupName").missing;

/** What the alarm must not do when there is no data; undefined when all is allowed. */
function forbidden(alarm: Resource<"alarm">, allowNotBreaching: boolean): string | undefined {
  const side = comparisonOf(alarm)?.side;
  if (side === "below") return "breaching";
  return side === "above" && !allowNotBreaching ? "notBreaching" : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  breaching: "missing data would remove instances, which gives no more data",
  notBreaching: "an overloaded group that stops reporting would not grow",
};

export const alarmMissingDataSafe = defineRule({
  id: "alarm-missing-data-safe",
  title: "Missing data neither removes instances nor hides an overload.",
  why: "Data goes missing when an agent stops or a group is replaced: the worst moment to take instances away.",
  severity: "medium",
  level: "advisory",
  controls: [],
  remediation: "Set treatMissingData to missing or ignore.",
  url: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html",
  options: { allowNotBreaching: flag("Whether alarms on high values may take missing data as good.", false) },
  resources: {
    *alarm(alarm, { config }): Checking {
      if (!watchesGroup(alarm)) return;
      const [operator, missing, dimensions] = [alarm.at("comparisonOperator"), alarm.at("treatMissingData"), alarm.at("dimensions")];
      const suspect = missing.hidden || ["breaching", "notBreaching"].includes(missing.text() ?? "");
      if (suspect && operator.hidden) yield hidden(operator);
      const bad = forbidden(alarm, config.allowNotBreaching);
      if (bad === undefined) return;
      if (missing.hidden) yield hidden(missing);
      else if (missing.text() === bad)
        yield dimensions.hidden
          ? hidden(dimensions)
          : violation(`${missing.describe()}: ${reasons[bad] ?? ""}; set it to "missing" or "ignore"`);
    },
  },
  repairs: {
    alarm: (alarm, { config }) => {
      const bad = forbidden(alarm, config.allowNotBreaching);
      const applies =
        bad !== undefined && !alarm.at("dimensions").hidden && watchesGroup(alarm) && alarm.at("treatMissingData").text() === bad;
      return applies ? [{ path: ["treatMissingData"], value: "missing" }] : [];
    },
  },
});
