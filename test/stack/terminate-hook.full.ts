/** A departing instance in its terminate hook: the consumer hears of it, drains it and lets it go, long before the hook's time is over. */
import assert from "node:assert/strict";
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  DescribeScalingActivitiesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import type { FleetsOutput } from "../../contract/fleets-output.ts";
import { ensureAws, type LocalAws } from "../../sandbox/aws/lifetime.ts";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import { Checkout } from "../helpers/checkout.ts";
import { clientOptions } from "../helpers/inventory.ts";

/** Two hours: nothing but its completion ends the hook within a test. */
const heartbeatSeconds = 7_200;
const settings = [`fleet:fleets.app.terminateHook={"heartbeatSeconds":${heartbeatSeconds}}`, "fleet:consumer.drain=chef-client"].flatMap(
  (one) => ["--set", one],
);

describe("a terminate hook of a stack whose consumer drains", function () {
  this.timeout(600_000);
  let checkout: Checkout;
  let aws: LocalAws;
  let scaling: AutoScalingClient;

  before(async () => {
    checkout = new Checkout();
    aws = await ensureAws({ root: checkout.path, region: "eu-central-1", speed: 1, log: () => undefined });
    scaling = new AutoScalingClient(clientOptions(aws.endpoint, aws.region));
  });
  after(() => checkout.remove());

  async function run(verb: string): Promise<DeployResult> {
    const { stdout, stderr } = await checkout.run("sandbox/cli.ts", [verb, "--stack", "staging", "--json", "--keep", ...settings], {
      timeoutMs: 400_000,
    });
    assert.match(stdout, /^\{/, stderr.slice(-3_000));
    const result = JSON.parse(stdout) as DeployResult;
    assert.ok(result.ok, JSON.stringify(result.diagnostics).slice(-4_000));
    return result;
  }

  it("is completed by the consumer under the role that the hook was given", async () => {
    const { outputs } = await run("up");
    const { name } = (outputs["fleets"] as FleetsOutput)["app"]!.group;
    const { LifecycleHooks: hooks = [] } = await scaling.send(new DescribeLifecycleHooksCommand({ AutoScalingGroupName: name }));
    assert.deepEqual(
      hooks.map(({ LifecycleHookName, NotificationTargetARN, RoleARN }) => [
        LifecycleHookName,
        NotificationTargetARN?.includes(":storefront-staging-"),
        RoleARN?.includes("-hook"),
      ]),
      [["fleet-terminate", true, true]],
    );
    const { AutoScalingGroups: [group] = [] } = await scaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }));
    const InstanceId = group!.Instances![0]!.InstanceId!;
    await scaling.send(new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: false }));
    for (const deadline = performance.now() + 240_000; ;) {
      const { Activities: all = [] } = await scaling.send(new DescribeScalingActivitiesCommand({ AutoScalingGroupName: name }));
      const ended = all.find(({ Description: text = "" }) => text.startsWith("Terminating") && text.includes(InstanceId));
      if (ended?.StatusCode === "Successful") break;
      assert.ok(performance.now() < deadline, `still ${ended?.StatusCode ?? "not leaving"}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  });

  it("holds up no destroy", async () => {
    await run("destroy");
  });
});
