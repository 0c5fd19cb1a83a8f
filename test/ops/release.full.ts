/** `ops release` and `ops status` as an operator runs them, against the local AWS: an instance whose hook was abandoned stays, is shown, and is let go. */
import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-auto-scaling";
import { PutMetricAlarmCommand, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import { exitCodes } from "../../ops/exit-codes.ts";
import type { Retained } from "../../ops/release/retained.ts";
import type { FleetStatus } from "../../ops/status/fleet.ts";
import { Harness } from "../sandbox/aws/autoscaling/harness.ts";
import { Project } from "./project.ts";

const hook = { LifecycleHookName: "fleet-terminate", AutoScalingGroupName: "web" };

describe("ops release", function () {
  let aws: Harness;
  let left: string;
  let standing: string;
  const project = new Project();

  before(async () => {
    aws = await Harness.start();
    const group = { MinSize: 0, MaxSize: 4, DesiredCapacity: 2 };
    await aws.createGroup("web", { ...group, InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: "retain" } } });
    await aws.autoscaling.send(
      new sdk.PutLifecycleHookCommand({
        ...hook,
        LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout: 300,
        DefaultResult: "ABANDON",
      }),
    );
    await aws.settled();
    [left, standing] = (await aws.inService("web")) as [string, string];
    const { QueueUrl } = await aws.sqs.send(new CreateQueueCommand({ QueueName: "notices" }));
    const alarm = { Namespace: "Shop", MetricName: "Errors", Statistic: "Sum", Period: 60, EvaluationPeriods: 1, Threshold: 1 } as const;
    for (const AlarmName of ["errors", "quiet"]) {
      await aws.cloudWatch.send(new PutMetricAlarmCommand({ AlarmName, ComparisonOperator: "GreaterThanThreshold", ...alarm }));
      const StateValue = AlarmName === "errors" ? "ALARM" : "OK";
      await aws.cloudWatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: "test" }));
    }
    const fleet = {
      group: { name: "web" },
      launchTemplate: { id: "lt" },
      region: "us-east-1",
      accountId: "123456789012",
      scaling: { policies: [] },
      rollout: { healthAlarms: ["errors", "quiet"] },
      notices: { queueUrl: QueueUrl, queueArn: "arn", deadLetterQueueUrl: QueueUrl },
    };
    project.write("outputs.json", JSON.stringify({ fleets: { app: fleet } }));
  });
  after(async () => {
    await aws.close();
    project.remove();
  });

  const ops = (verb: string, ...args: readonly string[]) => project.ops(aws.url, verb, "--outputs", "outputs.json", ...args);
  const states = async () =>
    ((await aws.group("web")).Instances ?? []).map(({ InstanceId, LifecycleState }) => `${InstanceId} ${LifecycleState}`).sort();

  it("has nothing to list while nothing is retained, and releases nothing that serves", async () => {
    const none = await ops("release");
    assert.deepEqual([none.status, none.stdout], [exitCodes.done, "no instance is retained\n"]);
    const serving = await ops("release", left, "--execute");
    assert.deepEqual(
      [serving.status, serving.stderr],
      [exitCodes.notExactlyOne, `Not retained in a fleet of this stack: ${left}. Retained are: none. Nothing was changed.\n`],
    );
    assert.equal((await aws.inService("web")).length, 2);
  });

  it("is told by the status what is retained, in standby, suspended and on", async () => {
    const terminate = { InstanceId: left, ShouldDecrementDesiredCapacity: true };
    await aws.autoscaling.send(new sdk.TerminateInstanceInAutoScalingGroupCommand(terminate));
    await aws.settled();
    const abandon = { ...hook, InstanceId: left, LifecycleActionResult: "ABANDON" };
    await aws.autoscaling.send(new sdk.CompleteLifecycleActionCommand(abandon));
    const standby = { AutoScalingGroupName: "web", InstanceIds: [standing], ShouldDecrementDesiredCapacity: true };
    await aws.autoscaling.send(new sdk.EnterStandbyCommand(standby));
    await aws.autoscaling.send(new sdk.SuspendProcessesCommand({ AutoScalingGroupName: "web", ScalingProcesses: ["AZRebalance"] }));
    await aws.settled();
    assert.deepEqual(await states(), [`${left} Terminating:Retained`, `${standing} Standby`].sort());
    const { status, stdout, stderr } = await ops("status");
    assert.equal(status, exitCodes.done, stderr);
    assert.equal(
      stdout,
      [
        "app: 0 in service (min 0, desired 0, max 4), 2 on version 1",
        "  alarms on: errors",
        "  suspended: AZRebalance",
        `  in standby: ${standing}`,
        `  retained by an abandoned hook, costing until they are released (ops release): ${left}`,
        "notices: 0 waiting, 0 in work, 0 delayed, no dead letters; consumed by nobody\n",
      ].join("\n"),
    );
    const [told] = JSON.parse((await ops("status", "--json")).stdout) as FleetStatus[];
    assert.deepEqual([told?.retained, told?.standby, told?.suspended, told?.alarmsOn], [[left], [standing], ["AZRebalance"], ["errors"]]);
  });

  it("lists, and terminates only what is named and only when told to", async () => {
    const listed = await ops("release", left, "--json");
    const { retained } = JSON.parse(listed.stdout) as { retained: Retained[] };
    assert.deepEqual(
      retained.map(({ instance, fleet, state }) => [instance, fleet, state]),
      [[left, "app", "Terminating:Retained"]],
    );
    const unnamed = await ops("release", "--execute");
    assert.equal(unnamed.status, exitCodes.usage);
    assert.match(unnamed.stderr, /^--execute terminates only what is named/);
    assert.equal((await ops("release", left, "--fleet", "other")).status, exitCodes.usage);
    assert.deepEqual(await states(), [`${left} Terminating:Retained`, `${standing} Standby`].sort());
    const released = await ops("release", left, "--execute");
    assert.deepEqual([released.status, released.stdout, released.stderr], [0, "", `${left} of fleet app is being terminated\n`]);
    await aws.settled();
    await aws.advance(60, 10);
    assert.deepEqual(await states(), [`${standing} Standby`]);
    assert.equal((await aws.group("web")).DesiredCapacity, 0);
  });
});
