/** Deletion protection and zonal shift, as Pulumi sets and takes them off, against scripted answers of the service. */
import assert from "node:assert/strict";
import { guardCommand, guardVariable, unguardCommand, type GuardRequest } from "../../contract/state-commands.ts";
import { openSession } from "../../ops/account.ts";
import { exitCodes } from "../../ops/exit-codes.ts";
import { guard, guardCalls, unguard } from "../../ops/guard/guard.ts";
import { parseGuardRequest } from "../../ops/guard/request.ts";
import { failure } from "./failure.ts";
import { account, QueryError, startQueryDouble, type Answer, type QueryDouble } from "./query-double.ts";

const request: GuardRequest = {
  group: "web",
  deletionProtection: "prevent-all-deletion",
  zonalShift: "IgnoreUnhealthy",
  region: "eu-central-1",
  accountId: account,
};
const standing = { DescribeAutoScalingGroups: () => ({ AutoScalingGroups: [{ AutoScalingGroupName: "web" }] }) };
const updating = { ...standing, UpdateAutoScalingGroup: () => ({}) };

describe("ops guard", () => {
  let double: QueryDouble | undefined;
  let lines: string[] = [];
  const environment = { ...process.env };
  beforeEach(() => (lines = []));
  afterEach(async () => {
    await double?.close();
    process.env = { ...environment };
  });

  async function run(work: typeof guard, answers: Readonly<Record<string, Answer>>, asked: GuardRequest = request): Promise<void> {
    double = await startQueryDouble(answers);
    Object.assign(process.env, { AWS_ENDPOINT_URL: double.endpoint, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
    delete process.env["AWS_PROFILE"];
    await work(asked, guardCalls(await openSession(asked)), (line) => lines.push(line));
  }

  function updates(): Readonly<Record<string, string>>[] {
    return double!.calls
      .filter(({ action }) => action === "UpdateAutoScalingGroup")
      .map(({ params }) => Object.fromEntries(Object.entries(params).filter(([key]) => !["Action", "Version"].includes(key))));
  }
  const off = {
    AutoScalingGroupName: "web",
    DeletionProtection: "none",
    "AvailabilityZoneImpairmentPolicy.ZonalShiftEnabled": "false",
  };

  it("sets both, and sets what is no longer asked for back", async () => {
    await run(guard, updating);
    assert.deepEqual(updates(), [
      {
        AutoScalingGroupName: "web",
        DeletionProtection: "prevent-all-deletion",
        "AvailabilityZoneImpairmentPolicy.ZonalShiftEnabled": "true",
        "AvailabilityZoneImpairmentPolicy.ImpairedZoneHealthCheckBehavior": "IgnoreUnhealthy",
      },
    ]);
    assert.deepEqual(lines, ["group web: deletion protection prevent-all-deletion, zonal shift on, IgnoreUnhealthy in the impaired zone"]);
    await double!.close();
    await run(guard, updating, { ...request, zonalShift: undefined });
    assert.deepEqual(updates(), [{ ...off, DeletionProtection: "prevent-all-deletion" }]);
  });

  it("takes both off, and leaves alone a group that is gone or going", async () => {
    await run(unguard, updating);
    assert.deepEqual(updates(), [off]);
    for (const found of [[], [{ AutoScalingGroupName: "web", Status: "Delete in progress" }]]) {
      await double!.close();
      await run(unguard, { DescribeAutoScalingGroups: () => ({ AutoScalingGroups: found }) });
      assert.equal(lines.at(-1), "group web is gone already");
    }
  });

  const failed = async (work: Promise<void>) => {
    const { exitCode, message } = await failure(work);
    return [exitCode, message] as const;
  };

  it("says which group there is none of, and what AWS refuses", async () => {
    const none = await failed(run(guard, { DescribeAutoScalingGroups: () => ({ AutoScalingGroups: [] }) }));
    assert.deepEqual(none, [
      exitCodes.usage,
      `Group web does not exist in eu-central-1, account ${account}: run "pulumi refresh", or check the stack and its region.`,
    ]);
    await double!.close();
    const denied = await failed(
      run(guard, { ...standing, UpdateAutoScalingGroup: () => new QueryError("AccessDenied", "not authorized", 403) }),
    );
    assert.deepEqual(denied, [
      exitCodes.denied,
      "UpdateAutoScalingGroup of web failed: AccessDenied: not authorized. Check AWS_PROFILE or the role, and that its policy allows this call.",
    ]);
  });

  it("is two lines in the state whose request names every fault at once", () => {
    assert.deepEqual([guardCommand, unguardCommand], ["node ops/state-command.js guard --v1", "node ops/state-command.js unguard --v1"]);
    assert.deepEqual(parseGuardRequest(JSON.stringify(request)), request);
    assert.throws(() => parseGuardRequest(JSON.stringify({ ...request, group: "", deletionProtection: "yes", zonalShift: true })), {
      message:
        `${guardVariable} is wrong; nothing was changed:\n` +
        '- group is ""; allowed: the name of an Auto Scaling group\n' +
        '- deletionProtection is "yes"; allowed: prevent-force-deletion or prevent-all-deletion\n' +
        "- zonalShift is true; allowed: IgnoreUnhealthy or ReplaceUnhealthy",
    });
  });
});
