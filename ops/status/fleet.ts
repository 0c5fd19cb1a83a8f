/** What `ops status` tells of a fleet: sizes and versions, its roll-out, and whatever an operator should know of before the next change. */
import type { AutoScalingGroup, Instance, InstanceRefresh } from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import type { FleetOutput } from "../../contract/fleets-output.ts";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { noticesStatus, type NoticesStatus } from "../notices/status.ts";
import { retainedOf } from "../release/retained.ts";
import { rolloutCalls } from "../rollout/auto-scaling.ts";
import { isRunning, reasonOf } from "../rollout/decide.ts";
import { instancesLeft } from "../rollout/watch.ts";

export interface FleetStatus extends GroupStatus {
  readonly fleet: string;
  readonly group: string;
  /** Status and percentage of the newest instance refresh, with its reason unless it succeeded; absent when there was none in six weeks. */
  readonly refresh?: string;
  /** The alarms that are on: of the scaling policies, and those that stop a roll-out. The one on the way down is, in an idle group. */
  readonly alarmsOn: readonly string[];
  /** Of the stack: one queue serves all of its fleets. */
  readonly notices: NoticesStatus;
}

interface GroupStatus {
  readonly min: number;
  readonly desired: number;
  readonly max: number;
  readonly inService: number;
  readonly unhealthy: number;
  /** Version of the launch template to the number of instances that run it. */
  readonly versions: Readonly<Record<string, number>>;
  /** Instances whose abandoned hook retained them; they cost, and hold up the group's removal. */
  readonly retained: readonly string[];
  readonly standby: readonly string[];
  /** Processes of the group that somebody suspended. */
  readonly suspended: readonly string[];
}

/** @throws OpsError `usage` when the group does not exist */
export async function fleetStatus(name: string, fleet: FleetOutput, session: AwsSession): Promise<FleetStatus> {
  const calls = rolloutCalls(session);
  const group = await calling(`DescribeAutoScalingGroups of ${fleet.group.name}`, () => calls.group(fleet.group.name));
  if (group === undefined)
    throw new OpsError(exitCodes.usage, `Group ${fleet.group.name} does not exist in ${fleet.region}: run "pulumi refresh".`);
  const [newest] = await calling(`DescribeInstanceRefreshes of ${fleet.group.name}`, () => calls.refreshes(fleet.group.name));
  const retained = await retainedOf(group, session);
  return {
    fleet: name,
    group: fleet.group.name,
    ...groupStatus(group),
    retained: retained.map(({ InstanceId: id = "" }) => id),
    ...(newest === undefined ? {} : { refresh: refreshText(newest) }),
    alarmsOn: await alarmsOn(fleet, session),
    notices: await noticesStatus(fleet, session),
  };
}

const idsIn = (instances: readonly Instance[], state: string) =>
  instances.filter(({ LifecycleState }) => LifecycleState === state).map(({ InstanceId = "" }) => InstanceId);

function groupStatus(group: AutoScalingGroup): Omit<GroupStatus, "retained"> {
  const instances = group.Instances ?? [];
  const versions: Record<string, number> = {};
  for (const instance of instances) {
    const version = instance.LaunchTemplate?.Version ?? "unknown";
    versions[version] = (versions[version] ?? 0) + 1;
  }
  return {
    min: group.MinSize ?? 0,
    desired: group.DesiredCapacity ?? 0,
    max: group.MaxSize ?? 0,
    inService: idsIn(instances, "InService").length,
    unhealthy: instances.filter((instance) => instance.HealthStatus?.toLowerCase() === "unhealthy").length,
    versions,
    standby: idsIn(instances, "Standby"),
    suspended: (group.SuspendedProcesses ?? []).map(({ ProcessName = "" }) => ProcessName),
  };
}

function refreshText(refresh: InstanceRefresh): string {
  const { Status: status = "unknown", PercentageComplete: percent = 0 } = refresh;
  const reason = status === "Successful" ? "" : reasonOf(refresh);
  return `${status} ${percent} %${isRunning(refresh) ? `, ${instancesLeft(refresh)}` : ""}${reason === "" ? "" : ` (${reason})`}`;
}

async function alarmsOn({ scaling, rollout, group }: FleetOutput, { clientArguments }: AwsSession): Promise<string[]> {
  const ofPolicies = scaling.policies.flatMap((policy) => (policy.kind === "step" ? policy.alarmName : []));
  const names = [...new Set([...ofPolicies, ...rollout.healthAlarms])];
  if (names.length === 0) return [];
  const found = await calling(`DescribeAlarms of ${group.name}`, () =>
    new CloudWatchClient(clientArguments).send(
      new DescribeAlarmsCommand({ AlarmNames: names, AlarmTypes: ["MetricAlarm", "CompositeAlarm"] }),
    ),
  );
  return [...(found.MetricAlarms ?? []), ...(found.CompositeAlarms ?? [])]
    .flatMap(({ AlarmName, StateValue }) => (StateValue === "ALARM" && AlarmName !== undefined ? [AlarmName] : []))
    .sort();
}

export function statusLines(status: FleetStatus): string[] {
  const versions = Object.entries(status.versions).map(([version, count]) => `${count} on version ${version}`);
  const parts = [
    `${status.inService} in service (min ${status.min}, desired ${status.desired}, max ${status.max})`,
    ...(status.unhealthy > 0 ? [`${status.unhealthy} unhealthy`] : []),
    ...versions,
    ...(status.refresh === undefined ? [] : [`last roll-out: ${status.refresh}`]),
  ];
  const listed = (what: string, all: readonly string[]) => (all.length === 0 ? [] : [`  ${what}: ${all.join(", ")}`]);
  return [
    `${status.fleet}: ${parts.join(", ")}`,
    ...listed("alarms on", status.alarmsOn),
    ...listed("suspended", status.suspended),
    ...listed("in standby", status.standby),
    ...listed("retained by an abandoned hook, costing until they are released (ops release)", status.retained),
  ];
}
