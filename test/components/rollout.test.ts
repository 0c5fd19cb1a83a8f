import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Rollout } from "../../components/rollout.ts";
import type { RolloutRequest } from "../../contract/state-commands.ts";
import { rolloutArgs } from "./helpers/args.ts";
import { accountId, region, settled, startMocks, valueOf } from "./helpers/mocks.ts";

const request: RolloutRequest = {
  group: "storefront-staging-web-v3-app-group-0a1b2c3",
  launchTemplateId: "lt-0123456789abcdef0",
  launchTemplateVersion: "7",
  preferences: { minHealthyPercent: 100, maxHealthyPercent: 110, warmupSeconds: 120, alarms: ["errors"] },
  minSize: 2,
  region,
  accountId,
  wait: true,
  timeoutSeconds: 3600,
};

const environment = (inputs: Readonly<Record<string, unknown>>) =>
  JSON.parse((inputs["environment"] as Record<string, string>)["FLEET_ROLLOUT"]!) as RolloutRequest;

describe("components/rollout", () => {
  it("runs one constant line, told everything in its environment, and does nothing when it goes", async () => {
    const recorder = await startMocks();
    const rollout = new Rollout("app-rollout", rolloutArgs);
    await settled();
    const { name, inputs } = recorder.one("command:local:Command");
    assert.equal(name, "app-rollout-command");
    const { environment: given, ...lines } = inputs;
    assert.deepEqual(lines, {
      create: "node ops/state-command.js rollout --v1",
      update: "node ops/state-command.js rollout --v1",
    });
    assert.deepEqual(environment({ environment: given }), request);
    assert.equal(await valueOf(rollout.launchTemplateVersion), "7");
  });

  it("passes on role and mixed types where there are some", async () => {
    const recorder = await startMocks();
    const mixedInstances = {
      types: ["t3.small"],
      onDemandBaseCapacity: 1,
      onDemandPercentageAboveBase: 50,
      spotAllocationStrategy: "lowest-price",
    } as const;
    new Rollout("app-rollout", { ...rolloutArgs, mixedInstances, roleArn: "arn:role" });
    await settled();
    assert.deepEqual(environment(recorder.one("command:local:Command").inputs), { ...request, mixedInstances, roleArn: "arn:role" });
  });

  it("refuses what an instance refresh would refuse", async () => {
    const recorder = await startMocks();
    const args = {
      ...rolloutArgs,
      minHealthyPercent: 50,
      maxHealthyPercent: 200,
      healthAlarms: Array.from({ length: 11 }, (_, index) => `alarm-${index}`),
      timeoutSeconds: 5,
    };
    assert.throws(
      () => new Rollout("app-rollout", args),
      (error) => {
        assert.ok(pulumi.ResourceError.isInstance(error));
        assert.deepEqual(
          error.message.split("\n").map((line) => line.split(" is ")[0]),
          ["Roll-out app-rollout cannot be built:", "- maxHealthyPercent", "- healthAlarms", "- timeoutSeconds"],
        );
        return true;
      },
    );
    await settled();
    assert.deepEqual(recorder.ofType("command:local:Command"), []);
  });
});
