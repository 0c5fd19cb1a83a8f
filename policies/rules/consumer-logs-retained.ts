import { integer } from "../core/config.ts";
import { hidden, unproved, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";

/** The log group of a function: the one that it names, else the one of its own name. */
function logGroupOf(deployment: Deployment, lambda: Resource<"lambda">): Resource<"logGroup"> | Finding | undefined {
  const named = lambda.at("loggingConfig").at("logGroup");
  if (!named.missing) {
    const { found, unproved: why } = deployment.targets(lambda, named, "logGroup");
    return found[0] ?? (why === undefined ? undefined : unproved(why, lambda));
  }
  const name = lambda.at("name");
  const groups = deployment.all("logGroup");
  const own = name.known ? groups.find((group) => group.at("name").text() === `/aws/lambda/${name.text() ?? ""}`) : undefined;
  if (own) return own;
  // A name that is not known yet may be made from the function's.
  const open = groups.find((group) => group.at("name").hidden);
  const related = groups.find((group) => (group.facts.propertyDependencies?.["name"] ?? []).includes(lambda.urn));
  return related ?? (name.hidden ? hidden(name, lambda) : open ? hidden(open.at("name"), lambda) : undefined);
}

export const consumerLogsRetained = defineRule({
  id: "consumer-logs-retained",
  title: "A function's log group is part of the stack and keeps its logs for a set time.",
  why: "A log group that Lambda makes by itself keeps everything for ever and stays behind when the stack goes.",
  severity: "low",
  level: "advisory",
  controls: ["checkov:CKV_AWS_66", "checkov:CKV_AWS_338", "checkov:CKV_AWS_158", "control-tower:CT.CLOUDWATCH.PR.2", "trivy:AWS-0017"],
  remediation: "Add a log group /aws/lambda/<function> with retentionInDays.",
  url: "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
  options: { days: integer("Days that remediation sets where none are given.", 30, { minimum: 1 }) },
  needs: "lambda",
  *stack(deployment) {
    for (const lambda of deployment.all("lambda")) {
      const group = logGroupOf(deployment, lambda);
      if (group === undefined)
        yield violation(`no log group of this stack is named after ${lambda.label}; add one with retentionInDays`, lambda);
      else if ("kind" in group) yield group;
      else {
        const days = group.at("retentionInDays");
        if (days.hidden) yield hidden(days, lambda);
        else if ((days.number() ?? 0) <= 0)
          yield violation(`${days.describe()} in ${group.label}; give the days that logs are kept`, lambda);
      }
    }
  },
  repairs: {
    logGroup: (group, { config }) => {
      const days = group.at("retentionInDays");
      return days.hidden || (days.number() ?? 0) > 0 ? [] : [{ path: ["retentionInDays"], value: config.days }];
    },
  },
});
