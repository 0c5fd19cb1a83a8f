/** Random commands, failures and restarts; whatever happens, these things hold. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { noticeEvents } from "../../contract/notices.ts";
import { AutoScalingError } from "../../scaling/error.ts";
import { onDemandShare } from "../../scaling/mixed.ts";
import type { ScalingModelApi } from "../../scaling/model-types.ts";
import { Host, hours, minutes, seconds, topicArn } from "./helpers.ts";

/** One thing that happens; what the model refuses is refused. */
type Step = (host: Host) => void;

const attempt = (host: Host, act: (model: ScalingModelApi) => unknown): void => {
  try {
    host.do(act);
  } catch (error) {
    if (!(error instanceof AutoScalingError)) throw error;
  }
};

const pick = (host: Host, index: number): string => {
  const all = host.model.instances();
  return all[index % Math.max(1, all.length)]?.instanceId ?? "i-none";
};

const small = fc.nat(7);
const zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];
const subnet = (zone: string) => ({ subnetId: `subnet-${zone}`, zone: `eu-central-1${zone}` });
const processes = ["Launch", "Terminate", "ReplaceUnhealthy", "HealthCheck", "AZRebalance", "AddToLoadBalancer"];

/** Shown by its label in a counterexample. */
const named = (label: string, step: Step): Step => Object.assign(step, { [fc.toStringMethod]: () => label });
const command = (label: string, act: (model: ScalingModelApi, host: Host) => unknown): Step =>
  named(label, (host) => attempt(host, (model) => act(model, host)));
const weighted = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary });
const group = "web";
const one = (host: Host, index: number) => ({ group, instanceIds: [pick(host, index)] });
const ranges: readonly (readonly [number, number | undefined])[] = [
  [100, 150],
  [50, 100],
  [90, undefined],
  [100, 100],
];
const maintenance = [
  { minHealthyPercentage: 100, maxHealthyPercentage: 120 },
  { minHealthyPercentage: 50, maxHealthyPercentage: 100 },
  { minHealthyPercentage: -1, maxHealthyPercentage: -1 },
];

const steps: fc.Arbitrary<Step> = fc.oneof(
  weighted(
    6,
    fc.integer({ min: 1, max: 400 }).map((count) => named(`pass ${count} s`, (host) => host.pass(seconds(count)))),
  ),
  weighted(
    4,
    small.map((desiredCapacity) => command(`desired ${desiredCapacity}`, (model) => model.setDesiredCapacity({ group, desiredCapacity }))),
  ),
  weighted(
    2,
    fc
      .tuple(small, small)
      .map(([minSize, span]) =>
        command(`sizes ${minSize} ${minSize + span}`, (model) => model.updateGroup({ name: group, minSize, maxSize: minSize + span })),
      ),
  ),
  weighted(
    3,
    fc
      .tuple(small, fc.boolean())
      .map(([index, decrement]) =>
        command(`terminate ${index} ${decrement}`, (model, host) =>
          model.terminateInstance({ instanceId: pick(host, index), shouldDecrementDesiredCapacity: decrement }),
        ),
      ),
  ),
  weighted(
    3,
    fc.tuple(small, fc.constantFrom("stopped", "shutting-down", "terminated")).map(([index, state]) =>
      named(`EC2 ${index} ${state}`, (host) => {
        const instanceId = pick(host, index);
        if (host.ec2.has(instanceId) && host.ec2.get(instanceId) !== "terminated") host.ec2Changes(instanceId, state);
      }),
    ),
  ),
  weighted(
    2,
    fc
      .tuple(small, fc.constantFrom("Healthy", "Unhealthy"))
      .map(([index, healthStatus]) =>
        command(`health ${index} ${healthStatus}`, (model, host) =>
          model.setInstanceHealth({ instanceId: pick(host, index), healthStatus, shouldRespectGracePeriod: false }),
        ),
      ),
  ),
  weighted(
    2,
    fc.subarray(zones).map((broken) =>
      named(`broken ${broken.join(" ")}`, (host) => {
        host.launchFault = ({ zone }) =>
          broken.includes(zone) ? { code: "InsufficientInstanceCapacity", message: `none in ${zone}` } : undefined;
      }),
    ),
  ),
  weighted(
    1,
    fc
      .subarray(["subnet-a", "subnet-b", "subnet-c"], { minLength: 1 })
      .map((subnetIds) => command(`subnets ${subnetIds.join(" ")}`, (model) => model.updateGroup({ name: group, subnetIds }))),
  ),
  weighted(
    1,
    fc
      .tuple(fc.constantFrom("a", "b", "c"), fc.boolean())
      .map(([zone, there]) =>
        command(`subnet ${zone} ${there ? "there" : "gone"}`, (model) =>
          there ? model.setSubnet(subnet(zone)) : model.removeSubnet(`subnet-${zone}`),
        ),
      ),
  ),
  weighted(
    2,
    fc
      .tuple(small, fc.boolean())
      .map(([index, shouldDecrementDesiredCapacity]) =>
        command(`standby ${index} ${shouldDecrementDesiredCapacity}`, (model, host) =>
          model.enterStandby({ ...one(host, index), shouldDecrementDesiredCapacity }),
        ),
      ),
  ),
  weighted(
    2,
    small.map((index) => command(`in service ${index}`, (model, host) => model.exitStandby(one(host, index)))),
  ),
  weighted(
    1,
    fc
      .tuple(small, fc.boolean())
      .map(([index, shouldDecrementDesiredCapacity]) =>
        command(`detach ${index} ${shouldDecrementDesiredCapacity}`, (model, host) =>
          model.detachInstances({ ...one(host, index), shouldDecrementDesiredCapacity }),
        ),
      ),
  ),
  weighted(
    1,
    fc
      .tuple(small, fc.boolean())
      .map(([index, protectedFromScaleIn]) =>
        command(`protect ${index} ${protectedFromScaleIn}`, (model, host) =>
          model.setInstanceProtection({ ...one(host, index), protectedFromScaleIn }),
        ),
      ),
  ),
  weighted(
    1,
    fc
      .subarray(processes, { minLength: 1 })
      .map((names) => command(`suspend ${names.join(" ")}`, (model) => model.suspendProcesses({ group, processes: names }))),
  ),
  weighted(2, fc.constant(command("resume", (model) => model.resumeProcesses({ group })))),
  weighted(
    2,
    fc.tuple(fc.constantFrom("1", "2", "$Latest"), fc.constantFrom(...ranges), fc.boolean()).map(([version, [min, max], autoRollback]) =>
      command(`refresh ${version} ${min} ${max} ${autoRollback}`, (model) =>
        model.startInstanceRefresh({
          group,
          desiredConfiguration: { launchTemplate: { launchTemplateId: "lt-1", version } },
          preferences: {
            minHealthyPercentage: min,
            ...(max === undefined ? {} : { maxHealthyPercentage: max }),
            autoRollback,
            instanceWarmupSeconds: 20,
            skipMatching: !autoRollback,
          },
        }),
      ),
    ),
  ),
  weighted(
    1,
    fc.constantFrom(0, 50, 100).map((share) => command(`mixed ${share}`, (model) => model.updateGroup({ name: group, ...mixed(share) }))),
  ),
  weighted(
    1,
    fc.constant(
      command("plain", (model) => model.updateGroup({ name: group, launchTemplate: { launchTemplateId: "lt-1", version: "1" } })),
    ),
  ),
  weighted(
    1,
    fc.integer({ min: 2, max: 4 }).map((latest) => named(`latest ${latest}`, (host) => host.template("lt-1", "app", latest))),
  ),
  weighted(1, fc.constant(command("cancel", (model) => model.cancelInstanceRefresh({ group })))),
  weighted(1, fc.constant(command("roll back", (model) => model.rollbackInstanceRefresh({ group })))),
  weighted(
    1,
    fc
      .constantFrom(...maintenance)
      .map((instanceMaintenancePolicy) =>
        command(`maintenance ${instanceMaintenancePolicy.minHealthyPercentage}`, (model) =>
          model.updateGroup({ name: group, instanceMaintenancePolicy }),
        ),
      ),
  ),
  weighted(
    1,
    fc
      .tuple(fc.boolean(), fc.constantFrom("CONTINUE" as const, "ABANDON" as const), fc.integer({ min: 30, max: 300 }))
      .map(([launching, defaultResult, heartbeatTimeoutSeconds]) =>
        command(`hook ${launching} ${defaultResult} ${heartbeatTimeoutSeconds}`, (model) =>
          model.putLifecycleHook({
            group,
            name: launching ? "boot" : "leave",
            transition: launching ? "autoscaling:EC2_INSTANCE_LAUNCHING" : "autoscaling:EC2_INSTANCE_TERMINATING",
            defaultResult,
            heartbeatTimeoutSeconds,
          }),
        ),
      ),
  ),
  weighted(
    3,
    fc.tuple(small, fc.constantFrom("CONTINUE", "ABANDON")).map(([index, result]) =>
      command(`complete ${index} ${result}`, (model) => {
        const waiting = model.lifecycleActions(group);
        const action = waiting[index % Math.max(1, waiting.length)];
        if (action !== undefined) model.completeLifecycleAction({ group, hook: action.hook, token: action.token, result });
      }),
    ),
  ),
  weighted(
    1,
    fc
      .tuple(fc.nat(3), fc.boolean(), fc.constantFrom("Stopped" as const, "Running" as const, "Hibernated" as const))
      .map(([minSize, reuseOnScaleIn, poolState]) =>
        command(`warm pool ${minSize} ${reuseOnScaleIn} ${poolState}`, (model) =>
          model.putWarmPool({ group, minSize, maxGroupPreparedCapacity: -1, reuseOnScaleIn, poolState }),
        ),
      ),
  ),
  weighted(
    1,
    fc.boolean().map((force) => command(`no warm pool ${force}`, (model) => model.deleteWarmPool({ group, force }))),
  ),
);

/** Share of on-demand instances above a base of one. */
const mixed = (onDemandPercentageAboveBaseCapacity: number) => ({
  mixedInstancesPolicy: {
    launchTemplate: {
      launchTemplateSpecification: { launchTemplateId: "lt-1", version: "1" },
      overrides: [{ instanceType: "m5.large" }, { instanceType: "m6i.large" }],
    },
    instancesDistribution: { onDemandBaseCapacity: 1, onDemandPercentageAboveBaseCapacity },
  },
});

function newHost(): Host {
  const host = new Host();
  host.template("lt-1", "app", 2);
  host.create({ minSize: 0, maxSize: 7, desiredCapacity: 3, targetGroupArns: ["arn:tg"], terminateHookAbandon: "terminate" });
  host.do((model) =>
    model.putNotificationConfiguration({
      group: "web",
      topicArn,
      events: Object.values(noticeEvents).filter((event) => event !== noticeEvents.test),
    }),
  );
  return host;
}

/** Everything works again, and enough time passes for every wait to end. */
function calmDown(host: Host): void {
  host.launchFault = () => undefined;
  for (const zone of ["a", "b", "c"]) host.do((model) => model.setSubnet(subnet(zone)));
  attempt(host, (model) => model.resumeProcesses({ group: "web" }));
  attempt(host, (model) => model.deleteWarmPool({ group: "web", force: true }));
  attempt(host, (model) => model.cancelInstanceRefresh({ group: "web", waitForTransitioningInstances: false }));
  for (const name of ["boot", "leave"]) attempt(host, (model) => model.putLifecycleHook({ group: "web", name, defaultResult: "CONTINUE" }));
  for (const { instanceId } of host.model.instances())
    attempt(host, (model) => model.setInstanceProtection({ group: "web", instanceIds: [instanceId], protectedFromScaleIn: false }));
  host.pass(hours(3));
}

/** FLEET_PROPERTY_RUNS asks for more, to search rather than to guard. */
const runs = Number(process.env["FLEET_PROPERTY_RUNS"] ?? 200);

const run = (host: Host, all: readonly Step[]) => all.forEach((step) => step(host));
const sequences = fc.array(steps, { minLength: 5, maxLength: 40 });

describe("whatever happens", () => {
  it("sizes stay within the limits, the capacity is reached, zones are balanced and no wait is left", () => {
    fc.assert(
      fc.property(sequences, (all) => {
        const host = newHost();
        host.onStep = () => {
          const { minSize, maxSize, desiredCapacity } = host.group();
          assert.ok(minSize <= desiredCapacity && desiredCapacity <= maxSize, `${minSize} <= ${desiredCapacity} <= ${maxSize}`);
        };
        run(host, all);
        calmDown(host);
        const web = host.group();
        const inService = host.inService();
        assert.equal(inService.length, web.desiredCapacity);
        assert.deepEqual(
          web.instances.filter((one) => !["InService", "Standby"].includes(one.lifecycleState)),
          [],
        );
        assert.deepEqual(
          inService.filter((one) => one.healthStatus !== "Healthy" || host.ec2.get(one.instanceId) !== "running"),
          [],
        );
        assert.deepEqual([host.model.lifecycleActions("web"), web.warmPoolInstances], [[], []]);
        const sizes = web.availabilityZones.map((zone) => inService.filter((one) => one.zone === zone).length);
        assert.equal(
          sizes.reduce((sum, one) => sum + one, 0),
          inService.length,
        );
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `balance ${sizes.join(" ")}`);
        const distribution = web.mixedInstancesPolicy?.instancesDistribution;
        if (distribution !== undefined) {
          const onDemand = inService.filter((one) => one.market === "on-demand").length;
          assert.equal(onDemand, onDemandShare(distribution, inService.length));
        }
        assert.deepEqual(
          host.model.activities({}).filter((one) => one.endAtMs === undefined),
          [],
        );
      }),
      { numRuns: runs },
    );
  });

  it("each instance that goes is terminated once, with exactly one notice; none is lost", () => {
    fc.assert(
      fc.property(sequences, (all) => {
        const host = newHost();
        const byOthers = new Set<string>();
        const change = host.ec2Changes.bind(host);
        host.ec2Changes = (instanceId, state) => {
          if (state === "terminated") byOthers.add(instanceId);
          change(instanceId, state);
        };
        run(host, all);
        calmDown(host);
        const detached = new Set(host.ofKind("tagInstances").flatMap((effect) => effect.instanceIds));
        const notices = new Map<string, number>();
        for (const { EC2InstanceId: id } of host.noticesOf(noticeEvents.terminate)) notices.set(id, (notices.get(id) ?? 0) + 1);
        for (const [instanceId, state] of host.ec2) {
          const known = host.model.instance(instanceId) !== undefined;
          const calls = host.terminateCalls.get(instanceId) ?? 0;
          assert.ok(calls <= 1, `${instanceId} was terminated ${calls} times`);
          if (known || detached.has(instanceId)) {
            assert.equal(notices.get(instanceId) ?? 0, 0, `${instanceId} is still there`);
          } else {
            assert.equal(state, "terminated", `${instanceId} is ${state} and belongs to nobody`);
            assert.equal(notices.get(instanceId), 1, `${instanceId} had ${notices.get(instanceId) ?? 0} notices`);
          }
        }
        const launches = host.noticesOf(noticeEvents.launch).map((notice) => `${notice.EC2InstanceId} ${notice.ActivityId}`);
        assert.equal(new Set(launches).size, launches.length);
      }),
      { numRuns: runs },
    );
  });

  it("a model restored from a snapshot has the same future", () => {
    fc.assert(
      fc.property(sequences, fc.nat(), (all, at) => {
        const steady = newHost();
        const other = newHost();
        all.forEach((step, index) => {
          step(steady);
          step(other);
          if (index === at % all.length) other.restart();
        });
        calmDown(steady);
        calmDown(other);
        assert.deepEqual(other.effects, steady.effects);
        assert.deepEqual(other.model.snapshot(), steady.model.snapshot());
      }),
      { numRuns: runs / 2 },
    );
  });

  it("a refresh with an explicit maximum keeps the minimum ready, every virtual second, whatever else fails", () => {
    const preferences = fc.tuple(
      fc.integer({ min: 50, max: 100 }),
      fc.integer({ min: 100, max: 150 }),
      fc.integer({ min: 0, max: 90 }),
      fc.integer({ min: 1, max: 12 }),
    );
    fc.assert(
      fc.property(preferences, fc.array(fc.subarray(zones), { maxLength: 5 }), ([min, max, warmup, size], failures) => {
        const host = new Host();
        host.template("lt-1", "app", 2);
        host.create({ maxSize: 20, desiredCapacity: size, defaultInstanceWarmupSeconds: warmup });
        host.pass(minutes(10));
        host.do((model) =>
          model.startInstanceRefresh({
            group: "web",
            desiredConfiguration: { launchTemplate: { launchTemplateId: "lt-1", version: "2" } },
            preferences: { minHealthyPercentage: min, maxHealthyPercentage: max },
          }),
        );
        const least = Math.ceil((size * min) / 100);
        const most = Math.max(size + (least === size ? 1 : 0), Math.floor((size * max) / 100));
        for (let second = 0; host.model.refreshes("web")[0]!.endAtMs === undefined; second++) {
          assert.ok(second < 40_000, "the refresh does not end");
          const broken = failures[Math.floor(second / 60)] ?? [];
          host.launchFault = ({ zone }) => (broken.includes(zone) ? { code: "InsufficientInstanceCapacity", message: "none" } : undefined);
          host.pass(seconds(1));
          const now = host.clock.now();
          const ready = host.inService().filter((one) => one.template?.version === 1 || one.inServiceAtMs! + seconds(warmup) <= now).length;
          const active = host.instances().filter((one) => /^(Pending|InService)/.test(one.lifecycleState)).length;
          assert.ok(ready >= least, `${ready} ready, ${least} needed, after ${second} s`);
          assert.ok(active <= most, `${active} active, ${most} allowed, after ${second} s`);
        }
        assert.equal(host.model.refreshes("web")[0]!.status, "Successful");
        assert.deepEqual(
          host.inService().map((one) => one.template?.version),
          Array<number>(size).fill(2),
        );
      }),
      { numRuns: runs / 2 },
    );
  });
});
