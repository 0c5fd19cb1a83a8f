import { lookUpAccount } from "./components/account.ts";
import { allOrEveryFault } from "./components/every-fault.ts";
import { BakedImage } from "./components/baked-image.ts";
import { FleetDashboard } from "./components/fleet-dashboard.ts";
import { fleetOutput } from "./components/fleet-output.ts";
import { Fleet } from "./components/fleet.ts";
import { ManagedNodeLayer } from "./components/managed-node-layer.ts";
import { lookUpNetwork } from "./components/network.ts";
import { NodeCleanup } from "./components/node-cleanup.ts";
import { NoticePath } from "./components/notice-path.ts";
import { Rollout } from "./components/rollout.ts";
import { ScalingAlarms } from "./components/scaling-alarms.ts";
import { SnapshotVolume } from "./components/snapshot-volume.ts";
import { fleetTags, stackTags } from "./components/tags.ts";
import { readSettings } from "./config.ts";

const { naming, prefix, region, protect, roleArn, ...settings } = readSettings();
const account = lookUpAccount(region);
const notices = new NoticePath(`${prefix}-notices`, { naming, account, alerts: settings.alerts, ...settings.notices }, { protect });
const cleanup =
  settings.consumer && new NodeCleanup(`${prefix}-cleanup`, { naming, account, notices, roleArn, ...settings.consumer }, { protect });
const verified = settings.fleets.map(async (fleet) => {
  const { bake, ...expected } = fleet.image;
  const image = new BakedImage(`${fleet.prefix}-image`, {
    ...expected,
    bake: bake && { ...bake, region, accountId: account.accountId, roleArn },
    product: naming.product,
  });
  const volumes = fleet.volumes
    .filter(({ snapshotId, snapshotTags }) => (snapshotId ?? snapshotTags) !== undefined)
    .map((volume) => new SnapshotVolume(`${fleet.prefix}-volume-${volume.deviceName.slice("/dev/".length)}`, volume).snapshotId);
  const [facts] = await allOrEveryFault([image.facts, ...volumes]);
  return { ...fleet, image: facts };
});
const [network, ...ready] = await allOrEveryFault([lookUpNetwork(settings.network), ...verified]);

const groups = ready.map(({ name, prefix, traffic, scaling, rollout, ...fleet }) => {
  const args = {
    ...fleet,
    account,
    roleArn,
    network: { ...network, ...traffic },
    notices: { topicArn: notices.topicArn },
    serviceLinkedRoleArn: notices.serviceLinkedRoleArn,
    alertTopicArn: notices.alertTopicArn,
    instancePolicy: [],
  };
  const layer =
    fleet.managedNode && new ManagedNodeLayer(`${prefix}-layer`, { prefix, identity: fleet.identity, ...fleet.managedNode }, { protect });
  const before = [...notices.before, ...(cleanup?.before ?? []), ...(layer?.before ?? [])];
  const group = new Fleet(prefix, args, { protect, before });
  const alarms = new ScalingAlarms(
    `${prefix}-scaling`,
    {
      ...scaling,
      groupName: group.groupName,
      size: fleet.size,
      warmupSeconds: fleet.bootSeconds,
      alertTopicArn: notices.alertTopicArn,
      tags: fleetTags(fleet.identity),
    },
    { protect },
  );
  return { name, prefix, args, rollout, group, alarms };
});

const dashboard =
  settings.dashboard &&
  new FleetDashboard(
    `${prefix}-operations`,
    {
      prefix,
      region,
      accountId: account.accountId,
      partition: account.partition,
      fleets: groups.map(({ name, args, group, alarms }) => ({
        name,
        groupName: group.groupName,
        size: args.size,
        scaling: alarms.scaling,
      })),
      notices: { queueArn: notices.queueArn, deadLetterQueueArn: notices.deadLetterQueueArn },
      maxAgeSeconds: settings.notices.maxAgeSeconds,
      cleansUp: settings.consumer !== undefined,
      tags: stackTags(naming),
    },
    { protect },
  );

/** Last, so that one that fails or is refused keeps nothing else from being applied. */
const dependsOn = [
  ...groups.flatMap(({ group, alarms }) => [group, alarms]),
  ...(cleanup ? [cleanup] : []),
  ...(dashboard ? [dashboard] : []),
];

/** What operators and the operations command line know of the stack. */
export const fleets = Object.fromEntries(
  groups.map(({ name, prefix, args, rollout, group, alarms }) => {
    const run = new Rollout(
      `${prefix}-rollout`,
      {
        ...rollout,
        healthAlarms: [...rollout.healthAlarms, ...alarms.rolloutAlarms],
        groupName: group.groupName,
        launchTemplateId: group.launchTemplateId,
        launchTemplateVersion: group.launchTemplateVersion,
        mixedInstances: args.mixedInstances,
        region,
        accountId: account.accountId,
        roleArn,
        warmupSeconds: args.bootSeconds,
        minSize: args.size.min,
      },
      { protect, dependsOn },
    );
    return [name, fleetOutput(prefix, args, rollout, { fleet: group, scaling: alarms, rollout: run, notices, cleanup })];
  }),
);
