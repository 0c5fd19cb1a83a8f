import { fault } from "../scaling/checks/fault.ts";
import type { Fault } from "../scaling/checks/fault.ts";
import { checkedFault, setLine } from "./faults.ts";
import type { SettingFault } from "./faults.ts";
import { projectSchemas } from "./schema.ts";
import type { ProjectSettings } from "./schema.ts";

/**
 * A queue hides a message for six times what its function may take.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const leastVisibilitySeconds = 6 * 60;

/** What CloudWatch Logs takes. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
export const retentionDays = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/** What is wrong between the settings of the consumer and of its queue, each right by itself. */
export function consumerFaults(project: string, values: ReadonlyMap<string, unknown>): SettingFault[] {
  const consumer = projectSchemas.consumer.safeParse(values.get(`${project}:consumer`));
  if (!consumer.success) return [];
  const notices = projectSchemas.notices.safeParse(values.get(`${project}:notices`));
  const visibility = notices.success && consumer.data.kind === "lambda" ? visibilityFaults(notices.data) : [];
  return [
    ...ownFaults(consumer.data).map((one) => checkedFault(`${project}:consumer`, one)),
    ...visibility.map((one) => checkedFault(`${project}:notices`, one)),
    ...namingFaults(project, consumer.data, values.get(`${project}:fleets`)),
  ];
}

/** A function that deletes what is named like the instance finds nothing under another name, and takes that for done. */
function namingFaults(project: string, { kind, naming }: ProjectSettings["consumer"], fleets: unknown): SettingFault[] {
  if (kind !== "lambda" || naming !== "instance-id") return [];
  return Object.entries(record(fleets)).flatMap(([name, raw]) => {
    const fleet = record(raw);
    const prefix = record(fleet["chef"])["nodeNamePrefix"];
    if (fleet["provisioning"] !== "chef-server" || typeof prefix !== "string" || prefix === "") return [];
    return [
      {
        key: `${project}:fleets.${name}.chef.nodeNamePrefix`,
        problem: `is "${prefix}"; allowed: "" with ${project}:consumer.naming instance-id, which looks for a node that is named like its instance; with tag any prefix`,
        mend: setLine(`${project}:consumer.naming`, "tag"),
      },
    ];
  });
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** A worker is told by its own environment what a function is told by these settings. */
function ownFaults({ kind, chef, logRetentionDays }: ProjectSettings["consumer"]): Fault[] {
  if (kind !== "lambda") return [];
  const faults: Fault[] = [];
  if (chef === undefined) faults.push(fault("chef.serverUrl", undefined, "an address like https://chef.example.com/organizations/NAME"));
  else if (chef.serverUrl.startsWith("http:") && !chef.allowHttp) {
    faults.push(fault("chef.serverUrl", chef.serverUrl, "an address with https, or any with chef.allowHttp"));
  }
  if (!retentionDays.includes(logRetentionDays)) {
    faults.push(fault("logRetentionDays", logRetentionDays, `one of ${retentionDays.join(", ")}`));
  }
  return faults;
}

function visibilityFaults({ visibilityTimeoutSeconds: given }: ProjectSettings["notices"]): Fault[] {
  if (given >= leastVisibilitySeconds) return [];
  return [fault("visibilityTimeoutSeconds", given, `${leastVisibilitySeconds} or more with consumer.kind lambda, six times its timeout`)];
}
