import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import * as sdk from "@aws-sdk/client-auto-scaling";
import { TerminateInstancesCommand, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { Harness } from "./harness.ts";
import { Service } from "./killed-service.ts";

describe("a killed Auto Scaling service", function () {
  let aws: Harness;
  let service: Service;
  before(async () => {
    aws = await Harness.start();
    const LaunchTemplateId = await aws.template("g-template");
    const subnets = (await aws.subnets()).slice(0, 2).map(({ id }) => id);
    service = await Service.start(aws.moto.url, join(aws.directory, "killed"));
    await service.client.send(
      new sdk.CreateAutoScalingGroupCommand({
        AutoScalingGroupName: "g",
        MinSize: 0,
        MaxSize: 500,
        LaunchTemplate: { LaunchTemplateId },
        VPCZoneIdentifier: subnets.join(","),
      }),
    );
    const NotificationTypes = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"];
    await service.client.send(
      new sdk.PutNotificationConfigurationCommand({
        AutoScalingGroupName: "g",
        TopicARN: "arn:aws:sns:us-east-1:123456789012:t",
        NotificationTypes,
      }),
    );
  });
  after(async () => {
    await service.kill();
    await aws.close();
  });

  const restart = async () => {
    await service.kill();
    service = await Service.start(aws.moto.url, join(aws.directory, "killed"));
  };
  const real = async () => (await aws.ec2Instances()).map(({ InstanceId }) => InstanceId!).sort();
  /** Instance ids of an event, as often as they were told. */
  const told = (event: string) =>
    readFileSync(join(aws.directory, "killed", "published.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, string>)
      .filter((notice) => notice["Event"] === event)
      .map((notice) => notice["EC2InstanceId"]!);
  const seen = new Set<string>();

  for (const delayMs of [0, 60]) {
    it(`goes on launching and ending where it was, ${delayMs} ms after the call: nothing twice, nothing lost`, async () => {
      await service.size(24);
      await setTimeout(delayMs);
      await restart();
      const ids = await service.reaches(24);
      for (const id of ids) seen.add(id);
      assert.deepEqual(await real(), ids);
      await service.size(6);
      await setTimeout(delayMs);
      await restart();
      const left = await service.reaches(6);
      assert.deepEqual(await real(), left);
      await service.size(0);
      await service.reaches(0);
      // The notices of the last ends go out after the group is empty.
      while (new Set(told("autoscaling:EC2_INSTANCE_TERMINATE")).size < seen.size) await setTimeout(50);
      for (const event of ["LAUNCH", "TERMINATE"]) {
        assert.deepEqual([...new Set(told(`autoscaling:EC2_INSTANCE_${event}`))].sort(), [...seen].sort());
      }
      const { Activities = [] } = await service.client.send(new sdk.DescribeScalingActivitiesCommand({ AutoScalingGroupName: "g" }));
      assert.deepEqual(new Set(Activities.map(({ StatusCode }) => StatusCode)), new Set(["Successful"]));
    });
  }

  it("learns what happened while it was away, and keeps no more than one journal", async () => {
    await service.size(3);
    const [first, second, third] = await service.reaches(3);
    await service.kill();
    await aws.ec2.send(new TerminateInstancesCommand({ InstanceIds: [first!] }));
    await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [second!] }));
    service = await Service.start(aws.moto.url, join(aws.directory, "killed"));
    for (let ids = await service.reaches(3); ids.includes(first!) || ids.includes(second!); ids = await service.reaches(3))
      await setTimeout(100);
    const ids = await service.reaches(3);
    assert.ok(ids.includes(third!));
    assert.deepEqual(await real(), ids);
    const files = readdirSync(join(aws.directory, "killed", "autoscaling"));
    assert.equal(files.filter((name) => name.startsWith("journal-")).length, 1);
  });
});
