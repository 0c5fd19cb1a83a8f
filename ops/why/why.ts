/** Why an instance is gone, or is not in service: its group's activities, and what its boot said of its failure. */
import { AutoScalingClient, paginateDescribeScalingActivities, type Activity } from "@aws-sdk/client-auto-scaling";
import { CloudWatchLogsClient, paginateFilterLogEvents, ResourceNotFoundException } from "@aws-sdk/client-cloudwatch-logs";
import { bootLogGroup } from "../../contract/boot.ts";
import type { FleetOutput, FleetsOutput } from "../../contract/fleets-output.ts";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";

export interface Why {
  readonly instance: string;
  readonly fleet: string;
  /** Oldest first. */
  readonly activities: readonly { readonly time: string; readonly description: string; readonly status: string; readonly cause: string }[];
  /** Last lines of the log of a boot that failed, the failing step first; empty when none failed. */
  readonly boot: readonly string[];
}

/** Activities are kept for six weeks; an instance has two or three of them. */
export async function why(fleets: FleetsOutput, instance: string, open: (fleet: FleetOutput) => Promise<AwsSession>): Promise<Why> {
  for (const [name, fleet] of Object.entries(fleets)) {
    const session = await open(fleet);
    const [activities, boot] = await Promise.all([activitiesOf(session, fleet, instance), bootLines(session, fleet, instance)]);
    if (activities.length > 0 || boot.length > 0) return { instance, fleet: name, activities: activities.map(told), boot };
  }
  throw new OpsError(
    exitCodes.notExactlyOne,
    `No fleet of this stack (${Object.keys(fleets).join(", ")}) has known ${instance} in the last six weeks: check the id and the stack.`,
  );
}

/** `Launching a new EC2 instance: i-…`; the id stands at the end or before a reason. */
const names = ({ Description: text = "" }: Activity, instance: string) => new RegExp(`\\b${instance}\\b`).test(text);

function activitiesOf({ clientArguments }: AwsSession, { group }: FleetOutput, instance: string): Promise<Activity[]> {
  return calling(`DescribeScalingActivities of ${group.name}`, async () => {
    const found: Activity[] = [];
    const pages = paginateDescribeScalingActivities(
      { client: new AutoScalingClient(clientArguments) },
      { AutoScalingGroupName: group.name, IncludeDeletedGroups: true },
    );
    for await (const page of pages) found.push(...(page.Activities ?? []).filter((one) => names(one, instance)));
    return found.toSorted((one, other) => (one.StartTime?.getTime() ?? 0) - (other.StartTime?.getTime() ?? 0));
  });
}

function told({ StartTime, Description = "", StatusCode, StatusMessage, Cause = "" }: Activity): Why["activities"][number] {
  const code = StatusCode ?? "unknown";
  const status = StatusMessage === undefined || StatusMessage === "" ? code : `${code}: ${StatusMessage}`;
  return { time: StartTime?.toISOString() ?? "", description: Description, status, cause: Cause };
}

/** A fleet without boot script has no log group, and an instance that booted no stream. */
function bootLines({ clientArguments }: AwsSession, { prefix }: FleetOutput, instance: string): Promise<string[]> {
  const logGroupName = bootLogGroup(prefix);
  return calling(`FilterLogEvents of ${logGroupName}`, async () => {
    const lines: string[] = [];
    try {
      const client = new CloudWatchLogsClient(clientArguments);
      for await (const page of paginateFilterLogEvents({ client }, { logGroupName, logStreamNamePrefix: instance }))
        lines.push(...(page.events ?? []).map(({ message = "" }) => message));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
    return lines;
  });
}

export function whyText({ instance, fleet, activities, boot }: Why): string {
  return [
    `${instance} of fleet ${fleet}`,
    ...activities.flatMap(({ time, description, status, cause }) => [`${time}  ${description} (${status})`, `  ${cause}`]),
    ...(boot.length === 0 ? ["its boot told of no failure"] : ["", ...boot]),
  ].join("\n");
}
