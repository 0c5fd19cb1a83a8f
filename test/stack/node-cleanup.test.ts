/** The real program with its consumer as a function: what a departed instance leaves in Chef goes, also what a destroy leaves. */
import assert from "node:assert/strict";
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import type { FleetOutput, FleetsOutput } from "../../contract/fleets-output.ts";
import { ensureAws, type LocalAws } from "../../sandbox/aws/lifetime.ts";
import type { DeployResult } from "../../sandbox/engine/api.ts";
import { ChefEyes } from "../../sandbox/start/chef.ts";
import { Checkout } from "../helpers/checkout.ts";
import { clientOptions } from "../helpers/inventory.ts";

const consumer = {
  kind: "lambda",
  chef: {
    serverUrl: "https://chef.example.com/organizations/storefront",
    user: "fleet-cleanup",
    key: "ssm:/storefront/staging/chef/fleet-cleanup",
  },
};
const settings = ["--set", `fleet:consumer=${JSON.stringify(consumer)}`, "--set", "fleet:fleets.app.size.min=3"];

describe("node clean-up of a stack", function () {
  let checkout: Checkout;
  let aws: LocalAws;
  let chef: ChefEyes;
  let app: FleetOutput;

  before(async () => {
    checkout = new Checkout();
    aws = await ensureAws({ root: checkout.path, region: "eu-central-1", speed: 60, log: () => undefined });
    chef = await ChefEyes.open(aws, "storefront");
  });

  after(() => checkout.remove());

  const deploy = async (verb: string): Promise<DeployResult> => {
    const { stdout, stderr } = await checkout.sandbox(verb, "--stack", "staging", "--json", "--keep", ...settings);
    const result = JSON.parse(stdout) as DeployResult;
    assert.ok(result.ok, JSON.stringify(result.diagnostics) + stderr);
    return result;
  };

  /** The three instances of the group, as soon as all are in service. */
  const inService = async (group: string): Promise<string[]> => {
    const client = new AutoScalingClient(clientOptions(aws.endpoint, aws.region));
    for (let tries = 0; tries < 300; tries++) {
      const { AutoScalingGroups: [found] = [] } = await client.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
      );
      const ids = found?.Instances?.filter((one) => one.LifecycleState === "InService").map(({ InstanceId: id = "" }) => id) ?? [];
      if (ids.length === 3) return ids.sort();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return assert.fail(`${group} does not have three instances in service`);
  };

  it("removes node and client of an instance that was terminated, and no others", async () => {
    app = ((await deploy("up")).outputs["fleets"] as FleetsOutput)["app"]!;
    const ids = await inService(app.group.name);
    await Promise.all(ids.map((id) => chef.register(id, app.prefix)));
    assert.deepEqual(await chef.look(), { nodes: ids, clients: ids });
    const [victim = "", ...others] = ids;
    const scaling = new AutoScalingClient(clientOptions(aws.endpoint, aws.region));
    await scaling.send(new TerminateInstanceInAutoScalingGroupCommand({ InstanceId: victim, ShouldDecrementDesiredCapacity: false }));
    let left = await chef.look();
    for (let tries = 0; tries < 300 && (left.nodes.includes(victim) || left.clients.includes(victim)); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      left = await chef.look();
    }
    assert.deepEqual(left, { nodes: others, clients: others });
  });

  it("leaves zero nodes and clients when the stack is destroyed", async () => {
    const ids = await inService(app.group.name);
    await Promise.all(ids.map((id) => chef.register(id, app.prefix))); // the replacement; the others are known
    assert.deepEqual(await chef.look(), { nodes: ids, clients: ids });
    const { steps } = await deploy("destroy");
    assert.ok(steps.some(({ op, urn }) => op === "delete" && urn.endsWith("-cleanup-drain-gate")));
    assert.deepEqual(await chef.look(), { nodes: [], clients: [] });
  });
});
