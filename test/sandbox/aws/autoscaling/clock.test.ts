/** The same scenario on a stepped clock, the real one and one that runs faster gives the same activities. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import * as sdk from "@aws-sdk/client-auto-scaling";
import { TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { RealClock } from "../../../../scaling/clock.ts";
import { Harness } from "./harness.ts";

describe("the clock of the Auto Scaling service", function () {
  /** Waits in seconds of the scenario's own clock. Nothing depends on how long a call takes: a cooldown is waited out, or has no end in sight. */
  async function scenario(aws: Harness, wait: (seconds: number) => Promise<void>): Promise<string[]> {
    const settle = async (size: number) => {
      while ((await aws.inService("g")).length !== size) await wait(0.2);
      await aws.settled();
    };
    await aws.createGroup("g", { DesiredCapacity: 2, DefaultInstanceWarmup: 0 });
    await settle(2);
    const [first] = await aws.inService("g");
    const policy = { AutoScalingGroupName: "g", AdjustmentType: "ChangeInCapacity", ScalingAdjustment: 2 };
    await aws.autoscaling.send(new sdk.PutScalingPolicyCommand({ ...policy, PolicyName: "up", Cooldown: 2 }));
    await aws.autoscaling.send(new sdk.PutScalingPolicyCommand({ ...policy, PolicyName: "up, then rest", Cooldown: 36_000 }));
    const execute = (PolicyName: string) =>
      aws.autoscaling.send(new sdk.ExecutePolicyCommand({ AutoScalingGroupName: "g", PolicyName, HonorCooldown: true }));
    await execute("up");
    await settle(4);
    await wait(3);
    await execute("up, then rest");
    await settle(6);
    await assert.rejects(execute("up"), { name: "ScalingActivityInProgressFault" });
    await aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [first!] }));
    for (let left = 5; left < 6; left = (await aws.inService("g")).filter((id) => id !== first).length) await wait(1);
    await aws.autoscaling.send(new sdk.SetDesiredCapacityCommand({ AutoScalingGroupName: "g", DesiredCapacity: 1 }));
    await settle(1);
    const names = new Map<string, string>();
    const rename = (text: string) =>
      text
        .replace(/i-[0-9a-f]{17}/g, (id) => names.get(id) ?? (names.set(id, `instance ${names.size}`), names.get(id)!))
        .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, "T");
    const activities = (await aws.activities("g")).reverse();
    return activities
      .map(({ Description, Cause, StatusCode, Progress }) => rename(`${Description!} | ${Cause!} | ${StatusCode!} ${Progress!}`))
      .sort();
  }

  const run = async (clock: RealClock | undefined, wait: (aws: Harness, seconds: number) => Promise<void>) => {
    const aws = await Harness.start(clock);
    try {
      return await scenario(aws, (seconds) => wait(aws, seconds));
    } finally {
      await aws.close();
    }
  };

  it("changes nothing about what happens", async () => {
    const [stepped, real, fast] = await Promise.all([
      run(undefined, (aws, seconds) => aws.advance(Math.ceil(seconds))),
      run(new RealClock(), (_aws, seconds) => setTimeout(seconds * 1000)),
      run(new RealClock(5), (_aws, seconds) => setTimeout((seconds * 1000) / 5)),
    ]);
    assert.equal(stepped.length, 6 + 1 + 1 + 5);
    assert.deepEqual(real, stepped);
    assert.deepEqual(fast, stepped);
  });
});
