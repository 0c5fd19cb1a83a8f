/**
 * What a roll-out costs beside the bare instance refresh: `rollout --v1`, as `pulumi up` runs it, and StartInstanceRefresh awaited through
 * the SDK, one after the other on groups of the same kind in one local AWS, in real time.
 *
 *   npm run bench -- rollout [--rounds N] [--warmup SECONDS]
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import * as sdk from "@aws-sdk/client-auto-scaling";
import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeSubnetsCommand,
  EC2Client,
  RegisterImageCommand,
} from "@aws-sdk/client-ec2";
import type { RolloutRequest } from "../contract/state-commands.ts";
import { rolloutVariable } from "../contract/state-commands.ts";
import { startTestAws } from "../test/sandbox/aws/local-aws.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" }, warmup: { type: "string", default: "10" } } });
const rounds = Number(values.rounds);
const warmupSeconds = Number(values.warmup);
const size = 2;
const pollMs = 100;
const root = join(import.meta.dirname, "..");

const aws = await startTestAws({ speed: 1 });
const autoscaling = new sdk.AutoScalingClient(aws.client);
const ec2 = new EC2Client(aws.client);

async function until(reached: () => Promise<boolean>): Promise<void> {
  while (!(await reached())) await setTimeout(pollMs);
}

async function inService(name: string): Promise<number> {
  const { AutoScalingGroups } = await autoscaling.send(new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }));
  return AutoScalingGroups?.[0]?.Instances?.filter(({ LifecycleState }) => LifecycleState === "InService").length ?? 0;
}

async function group(name: string, ImageId: string | undefined, VPCZoneIdentifier: string): Promise<string> {
  const data = (InstanceType: "t3.micro" | "t3.small") => ({ LaunchTemplateData: { ImageId, InstanceType } });
  const { LaunchTemplate } = await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: name, ...data("t3.micro") }));
  const LaunchTemplateId = LaunchTemplate?.LaunchTemplateId ?? "";
  await ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId, ...data("t3.small") }));
  await autoscaling.send(
    new sdk.CreateAutoScalingGroupCommand({
      AutoScalingGroupName: name,
      MinSize: size,
      MaxSize: 2 * size,
      VPCZoneIdentifier,
      LaunchTemplate: { LaunchTemplateId, Version: "1" },
    }),
  );
  await until(async () => (await inService(name)) === size);
  return LaunchTemplateId;
}

const percentages = { minHealthyPercent: 100, maxHealthyPercent: 150 };

async function bare(name: string, LaunchTemplateId: string): Promise<void> {
  const { InstanceRefreshId = "" } = await autoscaling.send(
    new sdk.StartInstanceRefreshCommand({
      AutoScalingGroupName: name,
      DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId, Version: "2" } },
      Preferences: {
        MinHealthyPercentage: percentages.minHealthyPercent,
        MaxHealthyPercentage: percentages.maxHealthyPercent,
        InstanceWarmup: warmupSeconds,
        SkipMatching: true,
      },
    }),
  );
  const which = { AutoScalingGroupName: name, InstanceRefreshIds: [InstanceRefreshId] };
  await until(async () => {
    const { InstanceRefreshes } = await autoscaling.send(new sdk.DescribeInstanceRefreshesCommand(which));
    return InstanceRefreshes?.[0]?.Status === "Successful";
  });
}

async function ours(name: string, launchTemplateId: string): Promise<void> {
  const request: RolloutRequest = {
    accountId: aws.accountId,
    region: aws.region,
    group: name,
    launchTemplateId,
    launchTemplateVersion: "2",
    preferences: { ...percentages, warmupSeconds, alarms: [] },
    minSize: size,
    wait: true,
    timeoutSeconds: 600,
  };
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ACCESS_KEY_ID: aws.client.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.client.credentials.secretAccessKey,
    [rolloutVariable]: JSON.stringify(request),
  };
  await promisify(execFile)(process.execPath, ["ops/state-command.js", "rollout", "--v1"], { cwd: root, env });
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
const median = (times: number[]): number => times.sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? NaN;

try {
  const { ImageId } = await ec2.send(new RegisterImageCommand({ Name: "bench", RootDeviceName: "/dev/xvda" }));
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  const subnets = Subnets.slice(0, 2).flatMap(({ SubnetId }) => SubnetId ?? []);
  const times: { bare: number[]; ours: number[] } = { bare: [], ours: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [way, roll] of Object.entries({ bare, ours }) as ["bare" | "ours", typeof bare][]) {
      const name = `${way}-${round}`;
      const template = await group(name, ImageId, subnets.join(","));
      times[way].push(await seconds(() => roll(name, template)));
    }
  }
  const [alone, rolledOut] = [median(times.bare), median(times.ours)];
  console.log(`bare instance refresh of ${size}, median of ${rounds}: ${alone.toFixed(2)} s`);
  console.log(`roll-out of ${size}, median of ${rounds}: ${rolledOut.toFixed(2)} s`);
  console.log(`overhead of the roll-out: ${(rolledOut - alone).toFixed(2)} s`);
} finally {
  for (const client of [autoscaling, ec2]) client.destroy();
  await aws.stop();
}
