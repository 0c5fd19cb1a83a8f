/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html and the pages below it */
import assert from "node:assert/strict";
import { AutoScalingError } from "../../scaling/error.ts";
import type { CreateGroup, StartInstanceRefresh } from "../../scaling/types/commands.ts";
import type { RefreshPreferences } from "../../scaling/types/common.ts";
import type { RefreshView } from "../../scaling/types/views.ts";
import { Host, hours, minutes, seconds, startMs } from "./helpers.ts";

const version = (number: string) => ({ launchTemplate: { launchTemplateId: "lt-1", version: number } });

function hostAt(size: number, group: Partial<CreateGroup> = {}): Host {
  const host = new Host();
  host.template("lt-1", "app", 3);
  host.create({ maxSize: 20, desiredCapacity: size, ...group });
  host.pass(minutes(10));
  return host;
}

const start = (
  host: Host,
  preferences: RefreshPreferences = {},
  more: Partial<StartInstanceRefresh> = { desiredConfiguration: version("2") },
) => host.do((model) => model.startInstanceRefresh({ group: "web", preferences, ...more }));
const refresh = (host: Host): RefreshView => host.model.refreshes("web")[0]!;
const versions = (host: Host) => host.inService().map((instance) => instance.template?.version);
const refused = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof AutoScalingError && error.code === code && message.test(error.message);

/** Smallest number in service and largest number active that any moment has seen. */
function watch(host: Host): { least: number; most: number } {
  const seen = { least: Infinity, most: 0 };
  host.onStep = () => {
    const active = host.instances().filter((instance) => /^(Pending|InService)/.test(instance.lifecycleState));
    seen.least = Math.min(seen.least, host.inService().length);
    seen.most = Math.max(seen.most, active.length);
  };
  return seen;
}

/** Lets time pass second by second until the refresh has ended. */
function finish(host: Host, limitMs = hours(20)): RefreshView {
  for (let passed = 0; refresh(host).endAtMs === undefined && passed < limitMs; passed += 1000) host.pass(seconds(1));
  return refresh(host);
}

describe("an instance refresh", () => {
  it("replaces every instance, then makes the desired configuration the group's own", () => {
    const host = hostAt(5);
    const id = start(host);
    assert.deepEqual([refresh(host).status, refresh(host).instancesToUpdate], ["Pending", 5]);
    host.pass(seconds(1));
    assert.equal(refresh(host).status, "InProgress");
    assert.deepEqual(host.group().launchTemplate, version("1").launchTemplate);
    const ended = finish(host);
    assert.deepEqual(
      [ended.instanceRefreshId, ended.status, ended.percentageComplete, ended.instancesToUpdate],
      [id, "Successful", 100, 0],
    );
    assert.deepEqual(versions(host), [2, 2, 2, 2, 2]);
    assert.deepEqual(host.group().launchTemplate, version("2").launchTemplate);
    assert.deepEqual(
      ["Started", "Succeeded", "Failed"].map((name) => host.events(`EC2 Auto Scaling Instance Refresh ${name}`).length),
      [1, 1, 0],
    );
    assert.deepEqual(host.events("EC2 Auto Scaling Instance Refresh Succeeded")[0]!.detail, {
      InstanceRefreshId: id,
      AutoScalingGroupName: "web",
    });
  });

  it("has the documented defaults", () => {
    const host = hostAt(1, { healthCheckGracePeriodSeconds: 42 });
    start(host, {}, {});
    assert.deepEqual(refresh(host).preferences, {
      minHealthyPercentage: 90,
      instanceWarmupSeconds: 42,
      skipMatching: false,
      autoRollback: false,
      scaleInProtectedInstances: "Wait",
      standbyInstances: "Wait",
    });
    const other = hostAt(1, {
      defaultInstanceWarmupSeconds: 7,
      instanceMaintenancePolicy: { minHealthyPercentage: 80, maxHealthyPercentage: 130 },
    });
    start(other, { checkpointPercentages: [50, 100] }, {});
    const { minHealthyPercentage, maxHealthyPercentage, instanceWarmupSeconds, checkpointDelaySeconds } = refresh(other).preferences;
    assert.deepEqual([minHealthyPercentage, maxHealthyPercentage, instanceWarmupSeconds, checkpointDelaySeconds], [80, 130, 7, 3600]);
  });

  it("without a maximum terminates and launches at once, at least one at a time", () => {
    const host = hostAt(4);
    const seen = watch(host);
    start(host);
    finish(host);
    assert.deepEqual(seen, { least: 3, most: 4 });
    const ten = hostAt(10);
    const seenOfTen = watch(ten);
    start(ten, { minHealthyPercentage: 70 });
    finish(ten);
    assert.deepEqual(seenOfTen, { least: 7, most: 10 });
  });

  it("with an explicit maximum never goes below the minimum nor above the maximum", () => {
    for (const [size, min, max, least, most] of [
      [10, 90, 110, 9, 11],
      [10, 100, 150, 10, 15],
      [4, 100, 100, 4, 5], // impossible: one more than desired is launched first
      [4, 90, 110, 4, 5], // likewise: neither ten percent of four is a whole instance
      [1, 100, 200, 1, 2],
      [6, 50, 100, 3, 6],
    ] as const) {
      const host = hostAt(size, { defaultInstanceWarmupSeconds: 20 });
      const seen = watch(host);
      start(host, { minHealthyPercentage: min, maxHealthyPercentage: max });
      assert.equal(finish(host).status, "Successful");
      assert.deepEqual([size, min, max, seen.least, seen.most], [size, min, max, least, most]);
      assert.deepEqual(versions(host), Array<number>(size).fill(2));
    }
  });

  it("waits for the warm-up of new instances before it goes on, and says so", () => {
    const host = hostAt(2);
    start(host, { instanceWarmupSeconds: 60, minHealthyPercentage: 50 });
    host.pass(seconds(11));
    assert.deepEqual(versions(host), [1, 2]);
    const [, second] = host.inService();
    assert.deepEqual(
      [refresh(host).percentageComplete, refresh(host).instancesToUpdate, refresh(host).statusReason],
      [0, 2, `Waiting for instances to warm up before continuing. For example: ${second!.instanceId} is warming up.`],
    );
    host.pass(seconds(6 + 60 - 11));
    assert.deepEqual(versions(host), [1, 2]);
    host.pass(seconds(1));
    assert.deepEqual([refresh(host).percentageComplete, refresh(host).instancesToUpdate], [50, 1]);
    host.pass(seconds(6 + 60));
    assert.equal(refresh(host).status, "Successful");
    assert.equal(refresh(host).endAtMs, startMs + minutes(10) + seconds(1) + 2 * seconds(66));
  });

  it("says why in the activities", () => {
    const host = hostAt(1);
    start(host);
    finish(host);
    const [latest, before] = host.model.activities({});
    assert.match(latest!.cause, /^At 2026-01-01T00:10:01Z an instance was launched in response to an instance refresh\.$/);
    assert.match(
      before!.cause,
      /^At 2026-01-01T00:10:01Z an instance was taken out of service in response to an instance refresh\. {2}At 2026-01-01T00:10:01Z instance i-\w+ was selected for termination\.$/,
    );
  });

  it("of an empty group succeeds at once", () => {
    const host = hostAt(0);
    start(host);
    host.pass(seconds(1));
    assert.deepEqual([refresh(host).status, refresh(host).percentageComplete], ["Successful", 100]);
    assert.deepEqual(host.group().launchTemplate, version("2").launchTemplate);
  });

  it("without a desired configuration replaces what is there by the same", () => {
    const host = hostAt(2);
    const before = host.instances().map((instance) => instance.instanceId);
    start(host, {}, {});
    assert.equal(finish(host).status, "Successful");
    assert.equal(
      host.instances().some((instance) => before.includes(instance.instanceId)),
      false,
    );
    assert.deepEqual(versions(host), [1, 1]);
  });

  it("launches the desired configuration also when the group grows meanwhile", () => {
    const host = hostAt(2);
    start(host, { instanceWarmupSeconds: 600 });
    host.pass(seconds(1));
    host.do((model) => model.setDesiredCapacity({ group: "web", desiredCapacity: 4 }));
    host.pass(seconds(20));
    assert.deepEqual(versions(host), [1, 2, 2, 2]);
    assert.match(host.model.activities({})[0]!.cause, /explicitly set group desired capacity changing the desired capacity from 2 to 4/);
    assert.equal(finish(host).status, "Successful");
    assert.deepEqual(versions(host), [2, 2, 2, 2]);
  });

  it("replaces an instance that fails meanwhile with the new configuration", () => {
    const host = hostAt(3);
    start(host, { instanceWarmupSeconds: 60 });
    host.pass(seconds(1));
    host.ec2Changes(host.inService()[0]!.instanceId, "terminated");
    assert.equal(finish(host).status, "Successful");
    assert.deepEqual(versions(host), [2, 2, 2]);
  });

  it("goes on from where it was after a restart of the host", () => {
    const host = hostAt(3);
    const seen = watch(host);
    start(host, { minHealthyPercentage: 100, maxHealthyPercentage: 110, instanceWarmupSeconds: 30 });
    for (let passed = 0; refresh(host).endAtMs === undefined && passed < 600; passed++) {
      host.pass(seconds(1));
      host.restart();
    }
    assert.equal(refresh(host).status, "Successful");
    assert.deepEqual([versions(host), seen.least], [[2, 2, 2], 3]);
  });

  it("is one at a time, and its group's configuration is locked", () => {
    const host = hostAt(2);
    start(host);
    assert.throws(() => start(host), refused("InstanceRefreshInProgress", /already in progress/));
    host.pass(seconds(1));
    assert.throws(
      () => host.do((model) => model.updateGroup({ name: "web", ...version("3") })),
      refused("ValidationError", /An active instance refresh with a desired configuration exists/),
    );
    host.do((model) => model.updateGroup({ name: "web", maxSize: 30 }));
    finish(host);
    host.do((model) => model.updateGroup({ name: "web", ...version("3") }));
    start(host, {}, {});
    assert.equal(host.model.refreshes("web").length, 2);
  });

  it("refuses what StartInstanceRefresh refuses", () => {
    const host = hostAt(1);
    const refuse = (message: RegExp, preferences: RefreshPreferences, more?: Partial<StartInstanceRefresh>) =>
      assert.throws(() => start(host, preferences, more), refused("ValidationError", message));
    refuse(/minHealthyPercentage is 101.*checkpointDelaySeconds is 5/, { minHealthyPercentage: 101, checkpointDelaySeconds: 5 });
    refuse(/Strategy is ReplaceRootVolume/, {}, { strategy: "ReplaceRootVolume" });
    refuse(/Could not find the specified version 9/, {}, { desiredConfiguration: version("9") });
    refuse(/autoRollback is true/, { autoRollback: true }, {});
    const latest = hostAt(1, version("$Latest"));
    assert.throws(
      () => start(latest, { autoRollback: true }),
      refused("ValidationError", /the group uses the launch template version \$Latest/),
    );
    const parameter = new Host();
    parameter.model.setLaunchTemplate({
      launchTemplateId: "lt-1",
      launchTemplateName: "app",
      defaultVersion: 1,
      latestVersion: 2,
      versions: { 1: { imageId: "resolve:ssm:/ami" }, 2: {} },
    });
    parameter.create();
    assert.throws(() => start(parameter, { autoRollback: true }), refused("ValidationError", /Systems Manager parameter/));
  });
});

describe("skip matching", () => {
  it("leaves alone what has the wanted template, version and type already", () => {
    const host = hostAt(2);
    host.do((model) => model.updateGroup({ name: "web", ...version("2"), desiredCapacity: 4 }));
    host.pass(minutes(1));
    const matching = host.instances().filter((instance) => instance.template?.version === 2);
    start(host, { skipMatching: true });
    host.pass(seconds(1));
    assert.equal(refresh(host).instancesToUpdate, 2);
    assert.equal(finish(host).status, "Successful");
    assert.deepEqual(versions(host), [2, 2, 2, 2]);
    for (const { instanceId } of matching) assert.ok(host.model.instance(instanceId));
    start(host, { skipMatching: true });
    host.pass(seconds(1));
    assert.deepEqual([refresh(host).status, refresh(host).percentageComplete], ["Successful", 100]);
  });

  it("looks $Latest up again as it goes on, and replaces what it has replaced before", () => {
    const host = hostAt(4);
    host.template("lt-1", "app", 2);
    start(host, { skipMatching: true, minHealthyPercentage: 50, instanceWarmupSeconds: 60 }, { desiredConfiguration: version("$Latest") });
    host.pass(seconds(30));
    assert.deepEqual(versions(host).sort(), [1, 1, 2, 2]);
    host.template("lt-1", "app", 3);
    assert.equal(finish(host).status, "Successful");
    assert.deepEqual(versions(host), [3, 3, 3, 3]);
    assert.deepEqual([refresh(host).percentageComplete, refresh(host).instancesToUpdate], [100, 0]);
  });

  it("replaces types that a mixed policy no longer names", () => {
    const policy = (...types: readonly string[]) => ({
      mixedInstancesPolicy: {
        launchTemplate: {
          launchTemplateSpecification: { launchTemplateId: "lt-1", version: "1" },
          overrides: types.map((instanceType) => ({ instanceType })),
        },
      },
    });
    const host = new Host();
    host.create({ desiredCapacity: 1, ...policy("a", "b") });
    host.pass(minutes(1));
    host.do((model) => model.updateGroup({ name: "web", ...policy("b"), desiredCapacity: 2 }));
    host.pass(minutes(1));
    start(host, { skipMatching: true }, { desiredConfiguration: policy("b", "c") });
    host.pass(seconds(1));
    assert.equal(refresh(host).instancesToUpdate, 1);
    finish(host);
    assert.deepEqual(
      host.instances().map((instance) => instance.instanceType),
      ["b", "b"],
    );
  });
});

describe("checkpoints", () => {
  it("stop at each percentage until it has warmed up and the delay is over", () => {
    const host = hostAt(10);
    start(host, {
      checkpointPercentages: [20, 50, 100],
      checkpointDelaySeconds: 900,
      minHealthyPercentage: 80,
      instanceWarmupSeconds: 600,
    });
    const share = () => versions(host).filter((one) => one === 2).length;
    host.pass(minutes(9));
    assert.equal(share(), 2);
    host.pass(minutes(2)); // warm after 10 min 6 s: checkpoint reached
    assert.deepEqual(
      host
        .events("EC2 Auto Scaling Instance Refresh Checkpoint Reached")
        .map((event) => [event.detail["CheckpointPercentage"], event.detail["CheckpointDelay"]]),
      [["20", "900"]],
    );
    assert.equal(refresh(host).percentageComplete, 20);
    assert.match(refresh(host).statusReason!, /^Waiting at a checkpoint until 2026-01-01T00:35:07Z\.$/);
    host.pass(minutes(14));
    assert.equal(share(), 2);
    host.pass(minutes(1)); // 25 min 7 s
    assert.equal(share(), 4);
    host.pass(minutes(12));
    assert.equal(share(), 5); // two, then one more
    host.pass(hours(3));
    assert.deepEqual([refresh(host).status, share()], ["Successful", 10]);
    assert.deepEqual(
      host.events("EC2 Auto Scaling Instance Refresh Checkpoint Reached").map((event) => event.detail["CheckpointPercentage"]),
      ["20", "50", "100"],
    );
  });

  it("are skipped where one replacement passes several", () => {
    const host = hostAt(2);
    start(host, { checkpointPercentages: [10, 40, 100], checkpointDelaySeconds: 60 });
    host.pass(minutes(10));
    assert.deepEqual(
      host.events("EC2 Auto Scaling Instance Refresh Checkpoint Reached").map((event) => event.detail["CheckpointPercentage"]),
      ["40", "100"],
    );
    assert.equal(refresh(host).status, "Successful");
  });

  it("end the refresh at the last when it is below 100", () => {
    const host = hostAt(4);
    start(host, { checkpointPercentages: [50], checkpointDelaySeconds: 60 });
    host.pass(minutes(10));
    assert.deepEqual([refresh(host).status, versions(host).sort()], ["Successful", [1, 1, 2, 2]]);
    assert.deepEqual([refresh(host).percentageComplete, refresh(host).instancesToUpdate], [50, 2]);
    start(host, { checkpointPercentages: [50], checkpointDelaySeconds: 60 }); // again: the earlier instances come first
    host.pass(minutes(10));
    assert.deepEqual([refresh(host).status, versions(host)], ["Successful", [2, 2, 2, 2]]);
  });
});

describe("protected and standby instances", () => {
  const protect = (host: Host, protectedFromScaleIn: boolean) => {
    const instanceIds = [host.instances()[0]!.instanceId];
    host.do((model) => model.setInstanceProtection({ group: "web", instanceIds, protectedFromScaleIn }));
  };
  const standby = (host: Host) => {
    const instanceIds = [host.instances()[0]!.instanceId];
    host.do((model) => model.enterStandby({ group: "web", instanceIds, shouldDecrementDesiredCapacity: true }));
    return instanceIds;
  };

  it("are waited for by default for an hour, and then the refresh fails", () => {
    const host = hostAt(2);
    protect(host, true);
    start(host);
    host.pass(minutes(2));
    assert.deepEqual(
      [refresh(host).status, refresh(host).statusReason, versions(host)],
      ["InProgress", "Waiting for scale-in protection to be removed from instances.", [1, 2]],
    );
    host.pass(minutes(57));
    assert.equal(refresh(host).status, "InProgress");
    host.pass(minutes(3));
    assert.deepEqual([refresh(host).status, host.group().launchTemplate], ["Failed", version("1").launchTemplate]);
    assert.equal(host.events("EC2 Auto Scaling Instance Refresh Failed").length, 1);
  });

  it("are replaced when they become free in time", () => {
    const host = hostAt(2);
    protect(host, true);
    start(host);
    host.pass(minutes(30));
    protect(host, false);
    assert.equal(finish(host).status, "Successful");
    const inStandby = hostAt(2);
    const instanceIds = standby(inStandby);
    start(inStandby);
    inStandby.pass(minutes(2));
    assert.equal(refresh(inStandby).statusReason, "Waiting for instances in Standby to be returned to service.");
    inStandby.do((model) => model.exitStandby({ group: "web", instanceIds }));
    assert.equal(finish(inStandby).status, "Successful");
    assert.deepEqual(versions(inStandby), [2, 2]);
  });

  it("are left alone with Ignore", () => {
    const host = hostAt(3);
    protect(host, true);
    const [, second] = host.instances();
    host.do((model) => model.enterStandby({ group: "web", instanceIds: [second!.instanceId], shouldDecrementDesiredCapacity: true }));
    start(host, { scaleInProtectedInstances: "Ignore", standbyInstances: "Ignore" });
    assert.equal(finish(host).status, "Successful");
    assert.deepEqual(
      host.instances().map((instance) => [instance.lifecycleState, instance.template?.version]),
      [
        ["InService", 1],
        ["Standby", 1],
        ["InService", 2],
      ],
    );
  });

  it("are replaced with Refresh, and terminated with Terminate", () => {
    const host = hostAt(3);
    protect(host, true);
    const [, second] = host.instances();
    host.do((model) => model.enterStandby({ group: "web", instanceIds: [second!.instanceId], shouldDecrementDesiredCapacity: true }));
    start(host, { scaleInProtectedInstances: "Refresh", standbyInstances: "Terminate" });
    assert.equal(finish(host).status, "Successful");
    assert.deepEqual(
      host.instances().map((instance) => [instance.lifecycleState, instance.template?.version]),
      [
        ["InService", 2],
        ["InService", 2],
      ],
    );
  });
});

describe("cancelling a refresh", () => {
  it("stops further replacements and lets those on the way end", () => {
    const host = hostAt(4);
    const id = start(host);
    host.pass(seconds(2));
    assert.equal(
      host.do((model) => model.cancelInstanceRefresh({ group: "web" })),
      id,
    );
    assert.equal(refresh(host).status, "Cancelling");
    host.pass(minutes(1));
    assert.deepEqual(
      [refresh(host).status, versions(host), host.group().launchTemplate],
      ["Cancelled", [1, 1, 1, 2], version("1").launchTemplate],
    );
    assert.equal(host.events("EC2 Auto Scaling Instance Refresh Cancelled").length, 1);
  });

  it("is at once when it need not wait, or has not begun", () => {
    const host = hostAt(4);
    start(host);
    host.pass(seconds(2));
    host.do((model) => model.cancelInstanceRefresh({ group: "web", waitForTransitioningInstances: false }));
    assert.equal(refresh(host).status, "Cancelled");
    start(host);
    host.do((model) => model.cancelInstanceRefresh({ group: "web" }));
    assert.equal(refresh(host).status, "Cancelled");
    host.pass(minutes(1));
    assert.equal(host.inService().length, 4);
  });

  it("needs one", () => {
    const host = hostAt(1);
    assert.throws(
      () => host.do((model) => model.cancelInstanceRefresh({ group: "web" })),
      refused("ActiveInstanceRefreshNotFound", /No in progress or pending Instance Refresh found/),
    );
    assert.throws(
      () => host.do((model) => model.rollbackInstanceRefresh({ group: "web" })),
      refused("ActiveInstanceRefreshNotFound", /No in progress/),
    );
  });
});

describe("a roll-back", () => {
  it("puts back what served before, without going below the minimum", () => {
    const host = hostAt(4, { defaultInstanceWarmupSeconds: 10 });
    const seen = watch(host);
    start(host, { minHealthyPercentage: 100, maxHealthyPercentage: 125 });
    host.pass(seconds(40));
    assert.ok(versions(host).includes(2) && versions(host).includes(1));
    const before = refresh(host);
    host.do((model) => model.rollbackInstanceRefresh({ group: "web" }));
    assert.deepEqual(refresh(host).rollback, {
      reason: "A user request rolled back the instance refresh.",
      startAtMs: host.clock.now(),
      percentageComplete: before.percentageComplete,
      instancesToUpdate: before.instancesToUpdate,
    });
    assert.equal(refresh(host).status, "RollbackInProgress");
    const ended = finish(host);
    assert.deepEqual([ended.status, ended.percentageComplete], ["RollbackSuccessful", 0]);
    assert.deepEqual([versions(host), seen.least, host.group().launchTemplate], [[1, 1, 1, 1], 4, version("1").launchTemplate]);
    assert.deepEqual(
      ["Rollback Started", "Rollback Succeeded"].map((name) => host.events(`EC2 Auto Scaling Instance Refresh ${name}`).length),
      [1, 1],
    );
  });

  it("comes by itself when new instances do not get healthy for an hour", () => {
    const host = hostAt(3);
    host.launchFault = ({ template }) => (template.version === 2 ? { code: "InvalidAMIID.NotFound", message: "no such image" } : undefined);
    const seen = watch(host);
    start(host, { autoRollback: true, minHealthyPercentage: 100, maxHealthyPercentage: 134 });
    host.pass(minutes(59));
    assert.equal(refresh(host).status, "InProgress");
    host.pass(minutes(2));
    assert.match(refresh(host).rollback!.reason, /^New instances did not pass their health checks or could not be launched for an hour\.$/);
    assert.equal(finish(host).status, "RollbackSuccessful");
    assert.deepEqual([versions(host), seen.least], [[1, 1, 1], 3]);
  });

  it("comes by itself when instances abandon their launch, and without it the refresh fails", () => {
    for (const autoRollback of [true, false]) {
      const host = hostAt(2);
      host.do((model) =>
        model.putLifecycleHook({
          group: "web",
          name: "boot",
          transition: "autoscaling:EC2_INSTANCE_LAUNCHING",
          heartbeatTimeoutSeconds: 300,
        }),
      );
      start(host, { autoRollback });
      host.onStep = () => {
        for (const { hook, token, instanceId } of host.model.lifecycleActions("web")) {
          const good = host.model.instance(instanceId)?.template?.version === 1;
          host.model.completeLifecycleAction({ group: "web", hook, token, result: good ? "CONTINUE" : "ABANDON" });
        }
      };
      host.pass(hours(2));
      assert.equal(refresh(host).status, autoRollback ? "RollbackSuccessful" : "Failed");
      assert.deepEqual(host.group().launchTemplate, version("1").launchTemplate);
      if (autoRollback) assert.deepEqual(versions(host), [1, 1]);
    }
  });

  it("comes by itself on an alarm, also while it bakes", () => {
    const host = hostAt(2);
    start(host, { autoRollback: true, alarms: ["errors", "latency"], bakeTimeSeconds: 600 });
    host.pass(minutes(2));
    assert.deepEqual([refresh(host).status, versions(host), refresh(host).percentageComplete], ["Baking", [2, 2], 100]);
    host.do((model) => model.alarmStateChanged({ alarmName: "other", state: "ALARM" }));
    assert.equal(refresh(host).status, "Baking");
    host.do((model) => model.alarmStateChanged({ alarmName: "latency", state: "ALARM" }));
    assert.deepEqual(
      [refresh(host).status, refresh(host).rollback!.reason],
      ["RollbackInProgress", "The CloudWatch alarm latency is in ALARM state."],
    );
    assert.equal(finish(host).status, "RollbackSuccessful");
    assert.deepEqual(versions(host), [1, 1]);
  });

  it("is refused when there is nothing to go back to", () => {
    const host = hostAt(1);
    start(host, {}, {});
    host.pass(seconds(1));
    assert.throws(
      () => host.do((model) => model.rollbackInstanceRefresh({ group: "web" })),
      refused("IrreversibleInstanceRefresh", /needs an instance refresh with a desired configuration/),
    );
    host.do((model) => model.cancelInstanceRefresh({ group: "web" }));
    assert.throws(
      () => host.do((model) => model.rollbackInstanceRefresh({ group: "web" })),
      refused("IrreversibleInstanceRefresh", /is Cancelling and cannot be rolled back/),
    );
  });

  it("fails when what served before cannot be launched any more", () => {
    const host = hostAt(2);
    start(host, { instanceWarmupSeconds: 30 });
    host.pass(seconds(20));
    host.launchFault = () => ({ code: "InsufficientInstanceCapacity", message: "none" });
    host.do((model) => model.rollbackInstanceRefresh({ group: "web" }));
    host.pass(hours(2));
    assert.equal(refresh(host).status, "RollbackFailed");
    assert.equal(host.events("EC2 Auto Scaling Instance Refresh Rollback Failed").length, 1);
  });
});

describe("an alarm or bake time", () => {
  it("that is on already fails the refresh before anything is replaced", () => {
    const host = hostAt(2);
    host.do((model) => model.alarmStateChanged({ alarmName: "errors", state: "ALARM" }));
    start(host, { alarms: ["errors"] });
    host.pass(minutes(1));
    assert.deepEqual(
      [refresh(host).status, refresh(host).statusReason, versions(host)],
      ["Failed", "The CloudWatch alarm errors is in ALARM state.", [1, 1]],
    );
  });

  it("passes, and the refresh succeeds", () => {
    const host = hostAt(1);
    start(host, { bakeTimeSeconds: 600 });
    host.pass(minutes(5));
    assert.deepEqual([refresh(host).status, host.group().launchTemplate], ["Baking", version("1").launchTemplate]);
    host.pass(minutes(6));
    assert.deepEqual([refresh(host).status, host.group().launchTemplate], ["Successful", version("2").launchTemplate]);
  });
});

describe("suspended processes", () => {
  it("pause a refresh without ending it", () => {
    for (const process of ["InstanceRefresh", "Launch", "Terminate"]) {
      const host = hostAt(2);
      host.do((model) => model.suspendProcesses({ group: "web", processes: [process] }));
      start(host);
      host.pass(hours(3));
      assert.deepEqual([process, refresh(host).status, versions(host)], [process, "InProgress", [1, 1]]);
      host.do((model) => model.resumeProcesses({ group: "web", processes: [process] }));
      assert.equal(finish(host).status, "Successful");
    }
  });
});
