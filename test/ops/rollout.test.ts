/** A roll-out through the real SDK against scripted answers of the service; waiting costs no time. */
import assert from "node:assert/strict";
import type { InstanceRefresh } from "@aws-sdk/client-auto-scaling";
import type { RolloutRequest } from "../../contract/state-commands.ts";
import { openSession } from "../../ops/account.ts";
import { exitCodes } from "../../ops/exit-codes.ts";
import { rolloutCalls, startParameters } from "../../ops/rollout/auto-scaling.ts";
import { rollOut } from "../../ops/rollout/rollout.ts";
import { failure } from "./failure.ts";
import { account, QueryError, startQueryDouble, type Answer, type QueryDouble } from "./query-double.ts";

const template = "lt-0123456789abcdef0";
const request: RolloutRequest = {
  group: "web",
  launchTemplateId: template,
  launchTemplateVersion: "2",
  preferences: { minHealthyPercent: 90, maxHealthyPercent: 120, warmupSeconds: 60, alarms: ["web-unhealthy"] },
  minSize: 2,
  region: "eu-central-1",
  accountId: account,
  wait: true,
  timeoutSeconds: 600,
};

const instance = (id: string, version: string, more: object = {}) => ({
  InstanceId: id,
  AvailabilityZone: "eu-central-1a",
  LifecycleState: "InService",
  HealthStatus: "Healthy",
  ProtectedFromScaleIn: false,
  LaunchTemplate: { LaunchTemplateId: template, Version: version },
  ...more,
});

const group = (version: string, instances: unknown[]) => ({
  AutoScalingGroups: [
    { AutoScalingGroupName: "web", LaunchTemplate: { LaunchTemplateId: template, Version: version }, Instances: instances },
  ],
});
const both = (version: string) => [instance("i-1", version), instance("i-2", version)];

const refresh = (id: string, version: string, status: string, more: Partial<InstanceRefresh> = {}) => ({
  InstanceRefreshId: id,
  AutoScalingGroupName: "web",
  Status: status,
  DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: template, Version: version } },
  ...more,
});
const refreshes = (...all: unknown[]) => ({ InstanceRefreshes: all });

describe("ops rollout", () => {
  let double: QueryDouble | undefined;
  let lines: string[] = [];
  let slept = 0;
  const environment = { ...process.env };

  beforeEach(() => {
    lines = [];
    slept = 0;
  });
  afterEach(async () => {
    await double?.close();
    process.env = { ...environment };
  });

  async function run(answers: Readonly<Record<string, Answer>>, more: Partial<RolloutRequest> = {}, retry = false) {
    double = await startQueryDouble({ DescribeScalingActivities: () => ({ Activities: [] }), ...answers });
    Object.assign(process.env, { AWS_ENDPOINT_URL: double.endpoint, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
    delete process.env["AWS_PROFILE"];
    const session = await openSession({ ...request, ...more });
    const waiting = {
      now: () => 1_700_000_000_000 + slept,
      sleep: (milliseconds: number) => {
        slept += milliseconds;
        return Promise.resolve();
      },
    };
    return rollOut({ ...request, ...more }, { calls: rolloutCalls(session), waiting, say: (line) => lines.push(line), retry });
  }

  it("starts a refresh with the desired configuration, awaits it with progress, and finds the instances in service", async () => {
    const result = await run({
      DescribeAutoScalingGroups: (_params, turn) => (turn === 1 ? group("1", both("1")) : group("2", both("2"))),
      DescribeInstanceRefreshes: (params, turn) =>
        params["InstanceRefreshIds.member.1"] === undefined
          ? refreshes()
          : turn < 4
            ? refreshes(
                refresh("r-1", "2", "InProgress", {
                  PercentageComplete: 50,
                  InstancesToUpdate: 1,
                  StatusReason: "Waiting for instances to warm up",
                }),
              )
            : refreshes(refresh("r-1", "2", "Successful", { PercentageComplete: 100, InstancesToUpdate: 0 })),
      StartInstanceRefresh: () => ({ InstanceRefreshId: "r-1" }),
    });
    assert.deepEqual(result, {
      outcome: "rolledOut",
      group: "web",
      launchTemplateId: template,
      launchTemplateVersion: "2",
      refreshId: "r-1",
    });
    const started = double!.calls.find((call) => call.action === "StartInstanceRefresh")!.params;
    assert.deepEqual(Object.fromEntries(Object.entries(started).filter(([key]) => !["Action", "Version"].includes(key))), {
      AutoScalingGroupName: "web",
      Strategy: "Rolling",
      "DesiredConfiguration.LaunchTemplate.LaunchTemplateId": template,
      "DesiredConfiguration.LaunchTemplate.Version": "2",
      "Preferences.MinHealthyPercentage": "90",
      "Preferences.MaxHealthyPercentage": "120",
      "Preferences.InstanceWarmup": "60",
      "Preferences.AutoRollback": "true",
      "Preferences.SkipMatching": "true",
      "Preferences.ScaleInProtectedInstances": "Refresh",
      "Preferences.StandbyInstances": "Ignore",
      "Preferences.AlarmSpecification.Alarms.member.1": "web-unhealthy",
    });
    assert.deepEqual(lines, [
      `instance refresh r-1 of group web to version 2 of ${template} started`,
      "InProgress, 50 %, 1 instance left: Waiting for instances to warm up",
      "Successful, 100 %, 0 instances left",
      `group web runs version 2 of ${template} after 2 s`,
    ]);
  });

  it("fails with the status reason and the failed activity when the refresh was rolled back", async () => {
    const error = await failure(
      run({
        DescribeAutoScalingGroups: () => group("1", both("1")),
        DescribeInstanceRefreshes: (params) =>
          params["InstanceRefreshIds.member.1"] === undefined
            ? refreshes()
            : refreshes(
                refresh("r-1", "2", "RollbackSuccessful", {
                  StatusReason: "3 instances failed.",
                  RollbackDetails: { RollbackReason: "alarm web-unhealthy" },
                }),
              ),
        StartInstanceRefresh: () => ({ InstanceRefreshId: "r-1" }),
        DescribeScalingActivities: () => ({
          Activities: [{ StatusCode: "Failed", Description: "Launching a new EC2 instance", StatusMessage: "image gone", Cause: "c" }],
        }),
      }),
    );
    assert.equal(error.exitCode, exitCodes.failed);
    assert.equal(
      error.message,
      `The roll-out of version 2 of ${template} to group web failed and was rolled back: the group serves what it served before. ` +
        "Reason: 3 instances failed; alarm web-unhealthy (refresh r-1). Its last failed activity: Launching a new EC2 instance: image gone. " +
        "The next run does not try this version again by itself: deploy one without the fault, or try it once more with " +
        '"FLEET_ROLLOUT_RETRY=1 pulumi up" or "npm run ops -- rollout --stack … --to 2 --retry".',
    );
  });

  for (const [status, said] of [
    ["Failed", /to group web failed\. Reason: none given/],
    ["Cancelled", /was cancelled: instances of both versions may be running/],
    ["RollbackFailed", /failed, and so did its roll-back/],
  ] as const) {
    it(`fails when the refresh ends as ${status}`, async () => {
      const error = await failure(
        run({
          DescribeAutoScalingGroups: () => group("1", both("1")),
          DescribeInstanceRefreshes: (params) =>
            params["InstanceRefreshIds.member.1"] === undefined ? refreshes() : refreshes(refresh("r-1", "2", status)),
          StartInstanceRefresh: () => ({ InstanceRefreshId: "r-1" }),
        }),
      );
      assert.equal(error.exitCode, exitCodes.failed);
      assert.match(error.message, said);
    });
  }

  it("waits on create until the minimum is in service, and starts no refresh when every instance runs the version", async () => {
    const result = await run({
      DescribeAutoScalingGroups: (_params, turn) =>
        group("2", turn < 4 ? [instance("i-1", "2"), instance("i-2", "2", { LifecycleState: "Pending" })] : both("2")),
      DescribeInstanceRefreshes: () => refreshes(),
    });
    assert.equal(result.outcome, "unchanged");
    assert.equal(double!.actions().includes("StartInstanceRefresh"), false);
    assert.deepEqual(lines, ["1 of 2 instances in service.", `group web runs version 2 of ${template} already`]);
  });

  it("counts an unhealthy instance as not in service, and says at the deadline why launches failed", async () => {
    const error = await failure(
      run(
        {
          DescribeAutoScalingGroups: () => group("2", [instance("i-1", "2"), instance("i-2", "2", { HealthStatus: "Unhealthy" })]),
          DescribeInstanceRefreshes: () => refreshes(),
          DescribeScalingActivities: () => ({
            Activities: [{ StatusCode: "Failed", Description: "Launching", StatusMessage: "no capacity" }],
          }),
        },
        { timeoutSeconds: 30 },
      ),
    );
    assert.equal(error.exitCode, exitCodes.failed);
    assert.equal(
      error.message,
      "Group web has 1 of 2 instances in service after 30 s. Its last failed activity: Launching: no capacity. Correct the cause and run the same command again.",
    );
    assert.equal(slept, 30_000);
    assert.deepEqual(lines, ["1 of 2 instances in service. Its last failed activity: Launching: no capacity."]);
  });

  it("acts when the group holds the version but an instance does not run it", async () => {
    await run({
      DescribeAutoScalingGroups: (_params, turn) => group("2", turn === 1 ? [instance("i-1", "2"), instance("i-2", "1")] : both("2")),
      DescribeInstanceRefreshes: (params) =>
        params["InstanceRefreshIds.member.1"] === undefined ? refreshes() : refreshes(refresh("r-1", "2", "Successful")),
      StartInstanceRefresh: () => ({ InstanceRefreshId: "r-1" }),
    });
    assert.ok(double!.actions().includes("StartInstanceRefresh"));
  });

  it("attaches to a running refresh of the same version", async () => {
    const result = await run({
      DescribeAutoScalingGroups: (_params, turn) => (turn === 1 ? group("1", both("1")) : group("2", both("2"))),
      DescribeInstanceRefreshes: (_params, turn) => refreshes(refresh("r-7", "2", turn < 3 ? "InProgress" : "Successful")),
    });
    assert.deepEqual([result.outcome, result.refreshId], ["rolledOut", "r-7"]);
    assert.equal(double!.actions().includes("StartInstanceRefresh"), false);
  });

  it("attaches when another run was quicker between look and start", async () => {
    const result = await run({
      DescribeAutoScalingGroups: () => group("1", both("1")),
      DescribeInstanceRefreshes: (_params, turn) =>
        turn === 1 ? refreshes() : refreshes(refresh("r-8", "2", turn < 4 ? "InProgress" : "Successful")),
      StartInstanceRefresh: () => new QueryError("InstanceRefreshInProgress", "An Instance Refresh is already in progress"),
    });
    assert.equal(result.refreshId, "r-8");
  });

  it("refuses to begin beside a running refresh of another version", async () => {
    const error = await failure(
      run({
        DescribeAutoScalingGroups: () => group("1", both("1")),
        DescribeInstanceRefreshes: () => refreshes(refresh("r-5", "9", "InProgress", { PercentageComplete: 40 })),
      }),
    );
    assert.equal(error.exitCode, exitCodes.refused);
    assert.match(
      error.message,
      /instance refresh r-5 under way \(InProgress, 40 %\) to version 9 of lt-0123456789abcdef0; a group takes one at a time/,
    );
    assert.equal(double!.actions().includes("StartInstanceRefresh"), false);
  });

  for (const status of ["Failed", "RollbackSuccessful", "RollbackFailed", "Cancelled"]) {
    it(`refuses at once a version whose roll-out ended as ${status}, and says how to try again`, async () => {
      const error = await failure(
        run({
          DescribeAutoScalingGroups: () => group("1", both("1")),
          DescribeInstanceRefreshes: () =>
            refreshes(
              refresh("r-6", "3", "Successful"),
              // AWS says why it went back apart from how that ended.
              refresh("r-5", "2", status, { RollbackDetails: { RollbackReason: "boot failed." } }),
            ),
        }),
      );
      assert.equal(error.exitCode, exitCodes.refused);
      assert.match(
        error.message,
        new RegExp(`ended as ${status} \\(boot failed; refresh r-5\\).*FLEET_ROLLOUT_RETRY=1 pulumi up" or .* --to 2 --retry"\\.$`),
      );
      assert.deepEqual(double!.actions(), ["GetCallerIdentity", "DescribeAutoScalingGroups", "DescribeInstanceRefreshes"]);
    });
  }

  it("tries a failed version again when asked, and goes back to an earlier one unasked", async () => {
    const answers = (version: string): Readonly<Record<string, Answer>> => ({
      DescribeAutoScalingGroups: (_params, turn) => (turn === 1 ? group("2", both("2")) : group(version, both(version))),
      DescribeInstanceRefreshes: (params) =>
        params["InstanceRefreshIds.member.1"] === undefined
          ? refreshes(refresh("r-3", "3", "Failed"), refresh("r-2", "2", "Successful"), refresh("r-1", "1", "Successful"))
          : refreshes(refresh("r-9", version, "Successful")),
      StartInstanceRefresh: () => ({ InstanceRefreshId: "r-9" }),
    });
    assert.equal((await run(answers("3"), { launchTemplateVersion: "3" }, true)).refreshId, "r-9");
    await double!.close();
    assert.equal((await run(answers("1"), { launchTemplateVersion: "1" })).refreshId, "r-9");
  });

  it("reads all pages of refreshes before it decides", async () => {
    const error = await failure(
      run({
        DescribeAutoScalingGroups: () => group("1", both("1")),
        DescribeInstanceRefreshes: (params) =>
          params["NextToken"] === undefined
            ? { ...refreshes(refresh("r-2", "3", "Successful")), NextToken: "more" }
            : refreshes(refresh("r-1", "2", "Failed")),
      }),
    );
    assert.equal(error.exitCode, exitCodes.refused);
  });

  it("ends the wait, not the refresh, when the credentials expire after the third poll", async () => {
    let polls = 0;
    const error = await failure(
      run({
        DescribeAutoScalingGroups: () => group("1", both("1")),
        DescribeInstanceRefreshes: (params) => {
          if (params["InstanceRefreshIds.member.1"] === undefined) return refreshes();
          polls++;
          if (polls > 3) return new QueryError("ExpiredToken", "The security token included in the request is expired", 403);
          return refreshes(refresh("r-1", "2", "InProgress", { PercentageComplete: polls * 10 }));
        },
        StartInstanceRefresh: () => ({ InstanceRefreshId: "r-1" }),
      }),
    );
    assert.equal(error.exitCode, exitCodes.waitEnded);
    assert.equal(
      error.message,
      "The credentials expired during the wait (ExpiredToken: The security token included in the request is expired); " +
        "instance refresh r-1 goes on. Get new ones and run the same command again: it waits on.",
    );
    assert.equal(polls, 4);
    assert.equal(
      double!.actions().some((action) => /Cancel|Rollback/.test(action)),
      false,
    );
  });

  it("waits through throttling that outlasts the SDK's own tries", async function () {
    let throttled = 0;
    // What the SDK's pauses are drawn with: its tries follow each other at once.
    const { random } = Math;
    Math.random = () => 0;
    const result = await run({
      DescribeAutoScalingGroups: (_params, turn) => (turn === 1 ? group("1", both("1")) : group("2", both("2"))),
      DescribeInstanceRefreshes: (params) => {
        if (params["InstanceRefreshIds.member.1"] === undefined) return refreshes();
        // Five tries of the SDK are one poll.
        if (throttled++ < 5) return new QueryError("Throttling", "Rate exceeded");
        return refreshes(refresh("r-1", "2", "Successful"));
      },
      StartInstanceRefresh: () => ({ InstanceRefreshId: "r-1" }),
    }).finally(() => (Math.random = random));
    assert.equal(throttled, 6);
    assert.equal(result.outcome, "rolledOut");
    assert.equal(lines.filter((line) => line === "AWS does not answer (Throttling); the wait goes on").length, 1);
  });

  it("leaves the refresh alone when its own time is up", async () => {
    const error = await failure(
      run(
        {
          DescribeAutoScalingGroups: () => group("1", both("1")),
          DescribeInstanceRefreshes: (params) =>
            params["InstanceRefreshIds.member.1"] === undefined
              ? refreshes()
              : refreshes(refresh("r-1", "2", "InProgress", { PercentageComplete: 10 })),
          StartInstanceRefresh: () => ({ InstanceRefreshId: "r-1" }),
        },
        { timeoutSeconds: 120 },
      ),
    );
    assert.equal(error.exitCode, exitCodes.waitEnded);
    assert.match(error.message, /r-1 of group web was not done within 120 s \(InProgress, 10 %, 0 instances left\)\. It goes on/);
    assert.equal(slept, 120_000);
  });

  it("starts and returns when it is not to wait", async () => {
    const result = await run(
      {
        DescribeAutoScalingGroups: () => group("1", both("1")),
        DescribeInstanceRefreshes: () => refreshes(),
        StartInstanceRefresh: () => ({ InstanceRefreshId: "r-1" }),
      },
      { wait: false },
    );
    assert.equal(result.outcome, "started");
    assert.equal(slept, 0);
  });

  it("refuses to act in another account, before anything else is asked", async () => {
    const error = await failure(run({}, { accountId: "999999999999" }));
    assert.equal(error.exitCode, exitCodes.denied);
    assert.match(error.message, /belong to account 111122223333, the stack to 999999999999/);
    assert.deepEqual(double!.actions(), ["GetCallerIdentity"]);
  });

  it("acts with the credentials of the given role", async () => {
    const role = `arn:aws:iam::${account}:role/deploy`;
    await run(
      {
        AssumeRole: () => ({
          Credentials: {
            AccessKeyId: "ASIAROLE",
            SecretAccessKey: "s",
            SessionToken: "token",
            Expiration: new Date(Date.now() + 3_600_000),
          },
        }),
        DescribeAutoScalingGroups: () => group("2", both("2")),
        DescribeInstanceRefreshes: () => refreshes(),
      },
      { roleArn: role },
    );
    const assumed = double!.calls.find((call) => call.action === "AssumeRole")!.params;
    assert.deepEqual([assumed["RoleArn"], assumed["RoleSessionName"]], [role, "fleet-ops"]);
  });

  it("says that a group does not exist, or is being deleted", async () => {
    const absent = await failure(run({ DescribeAutoScalingGroups: () => ({ AutoScalingGroups: [] }) }));
    assert.equal(absent.exitCode, exitCodes.usage);
    assert.match(absent.message, /^Group web does not exist in eu-central-1, account 111122223333/);
    await double!.close();
    const going = await failure(
      run({ DescribeAutoScalingGroups: () => ({ AutoScalingGroups: [{ AutoScalingGroupName: "web", Status: "Delete in progress" }] }) }),
    );
    assert.match(going.message, /^Group web is being deleted/);
  });

  it("says what AWS refused", async () => {
    const error = await failure(
      run({
        DescribeAutoScalingGroups: () => group("1", both("1")),
        DescribeInstanceRefreshes: () => refreshes(),
        StartInstanceRefresh: () => new QueryError("ValidationError", "version 2 does not exist"),
      }),
    );
    assert.equal(error.exitCode, exitCodes.aws);
    assert.equal(
      error.message,
      "StartInstanceRefresh of group web failed: ValidationError: version 2 does not exist. Correct what AWS names and run the same command again.",
    );
  });

  it("leaves instances in standby and says so", async () => {
    await run({
      DescribeAutoScalingGroups: () => group("2", [...both("2"), instance("i-3", "2", { LifecycleState: "Standby" })]),
      DescribeInstanceRefreshes: () => refreshes(),
    });
    assert.equal(lines[0], "in standby, left as they are: i-3");
  });

  it("sends a group with several types to the same policy with the new version", () => {
    const mixed = {
      types: ["m7g.large", "m6g.large"],
      onDemandBaseCapacity: 1,
      onDemandPercentageAboveBase: 50,
      spotAllocationStrategy: "price-capacity-optimized",
    };
    assert.deepEqual(startParameters({ ...request, mixedInstances: mixed }).DesiredConfiguration, {
      MixedInstancesPolicy: {
        LaunchTemplate: {
          LaunchTemplateSpecification: { LaunchTemplateId: template, Version: "2" },
          Overrides: [{ InstanceType: "m7g.large" }, { InstanceType: "m6g.large" }],
        },
        InstancesDistribution: {
          OnDemandBaseCapacity: 1,
          OnDemandPercentageAboveBaseCapacity: 50,
          SpotAllocationStrategy: "price-capacity-optimized",
        },
      },
    });
  });

  it("finds nothing to do for a group that has the mixed policy already, and acts when a type was added", async () => {
    const mixed = {
      types: ["m7g.large"],
      onDemandBaseCapacity: 1,
      onDemandPercentageAboveBase: 50,
      spotAllocationStrategy: "price-capacity-optimized",
    };
    const answers = {
      DescribeAutoScalingGroups: () => ({
        AutoScalingGroups: [
          {
            AutoScalingGroupName: "web",
            MixedInstancesPolicy: startParameters({ ...request, mixedInstances: mixed }).DesiredConfiguration.MixedInstancesPolicy,
            Instances: both("2").map((one) => ({ ...one, InstanceType: "m7g.large" })),
          },
        ],
      }),
      DescribeInstanceRefreshes: () => refreshes(),
      StartInstanceRefresh: () => ({ InstanceRefreshId: "r-1" }),
    };
    assert.equal((await run(answers, { mixedInstances: mixed })).outcome, "unchanged");
    await double!.close();
    const wider = { ...mixed, types: ["m7g.large", "m6g.large"] };
    assert.equal((await run(answers, { mixedInstances: wider, wait: false })).outcome, "started");
  });
});
