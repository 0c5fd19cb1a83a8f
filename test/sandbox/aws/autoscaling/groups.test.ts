import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-auto-scaling";
import { Harness, refusal } from "./harness.ts";

describe("Auto Scaling groups", function () {
  this.timeout(60_000);
  let aws: Harness;
  before(async () => (aws = await Harness.start()));
  after(() => aws.close());

  it("launch real instances and bring them into service", async () => {
    await aws.createGroup("grow", { MinSize: 2, MaxSize: 4, Tags: [{ Key: "role", Value: "web", PropagateAtLaunch: true }] });
    console.log(aws.log);
    const group = await aws.group("grow");
    console.log(JSON.stringify(group,null,1));
    console.log(JSON.stringify(await aws.activities("grow"),null,1));
    console.log(JSON.stringify((await aws.ec2Instances())[0],null,1));
    console.log(await refusal(aws.autoscaling.send(new sdk.SetDesiredCapacityCommand({AutoScalingGroupName:"grow",DesiredCapacity:9}))));
  });
});
