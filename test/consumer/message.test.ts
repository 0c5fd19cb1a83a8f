import assert from "node:assert/strict";
import fc from "fast-check";
import { readMessage, withNodeName } from "../../consumer/message.ts";
import { anyBody } from "./helpers/bodies.ts";
import { group, hookMessage, notice, ours, wrapped } from "./helpers/messages.ts";

const id = "i-0123456789abcdef0";
const departed = { kind: "departed", instanceId: id, groupName: group, nodeName: undefined };

const event = (type: string, detail: Record<string, unknown>, source = "aws.autoscaling") =>
  JSON.stringify({ version: "0", id: "e-1", "detail-type": type, source, account: ours.accountId, region: "eu-west-1", detail });

describe("consumer/message", () => {
  it("reads a terminate notice wrapped by SNS, raw, and as an EventBridge event", () => {
    assert.deepEqual(readMessage(wrapped(notice(id)), ours), departed);
    assert.deepEqual(readMessage(JSON.stringify(notice(id)), ours), departed);
    assert.deepEqual(
      readMessage(event("EC2 Instance Terminate Successful", { EC2InstanceId: id, AutoScalingGroupName: group }), ours),
      departed,
    );
  });

  it("reads a terminating hook's message in the same three forms", () => {
    const expected = {
      kind: "terminating",
      instanceId: id,
      groupName: group,
      hookName: "drain",
      token: "4e4a5f6b-0000-4000-8000-000000000003",
    };
    assert.deepEqual(readMessage(wrapped(hookMessage(id)), ours), expected);
    assert.deepEqual(readMessage(JSON.stringify(hookMessage(id)), ours), expected);
    assert.deepEqual(readMessage(event("EC2 Instance-terminate Lifecycle Action", hookMessage(id)), ours), expected);
  });

  const rows: readonly (readonly [title: string, body: string, kind: "ignored" | "malformed", reason: string])[] = [
    [
      "a test notification",
      wrapped({ Event: "autoscaling:TEST_NOTIFICATION", AutoScalingGroupName: group, AccountId: ours.accountId }),
      "ignored",
      '"autoscaling:TEST_NOTIFICATION" asks for nothing',
    ],
    [
      "a launch",
      wrapped(notice(id, { Event: "autoscaling:EC2_INSTANCE_LAUNCH" })),
      "ignored",
      '"autoscaling:EC2_INSTANCE_LAUNCH" asks for nothing',
    ],
    [
      "a failed termination",
      wrapped(notice(id, { Event: "autoscaling:EC2_INSTANCE_TERMINATE_ERROR" })),
      "ignored",
      '"autoscaling:EC2_INSTANCE_TERMINATE_ERROR" asks for nothing',
    ],
    ["a return to the warm pool", wrapped(notice(id, { Destination: "WarmPool" })), "ignored", "the instance returns to the warm pool"],
    [
      "a hook's return to the warm pool",
      wrapped(hookMessage(id, { Destination: "WarmPool" })),
      "ignored",
      "the instance returns to the warm pool",
    ],
    ["another account", wrapped(notice(id, { AccountId: "999999999999" })), "ignored", 'account "999999999999" is not ours'],
    [
      "another stack's group",
      wrapped(notice(id, { AutoScalingGroupName: "shop-staging-web-v10-app-group-0a1b2c3" })),
      "ignored",
      'group "shop-staging-web-v10-app-group-0a1b2c3" is not ours',
    ],
    [
      "a launching hook",
      wrapped(hookMessage(id, { LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING" })),
      "ignored",
      '"autoscaling:EC2_INSTANCE_LAUNCHING" asks for nothing',
    ],
    [
      "an event of EC2",
      event("EC2 Instance State-change Notification", { "instance-id": id }, "aws.ec2"),
      "ignored",
      'events of "aws.ec2" ask for nothing',
    ],
    ["text", "hello", "malformed", "the body is not a JSON object"],
    [
      "an SNS message with text inside",
      JSON.stringify({ Type: "Notification", Message: "hello" }),
      "malformed",
      "the SNS message inside is not a JSON object",
    ],
    ["an unknown object", "{}", "malformed", "it is no notice, hook message or event of Auto Scaling"],
    ["a wildcard for an instance", wrapped(notice("*")), "malformed", '"*" is no instance id'],
    ["Lucene syntax for an instance", wrapped(notice('i-1" OR name:*')), "malformed", '"i-1\\" OR name:*" is no instance id'],
    ["a path for an instance", wrapped(notice("../clients/admin")), "malformed", '"../clients/admin" is no instance id'],
    ["no instance", wrapped(notice(id, { EC2InstanceId: undefined })), "malformed", "nothing is no instance id"],
    ["no account", wrapped(notice(id, { AccountId: undefined })), "malformed", "it names no account"],
    [
      "a hook without token",
      wrapped(hookMessage(id, { LifecycleActionToken: undefined })),
      "malformed",
      "nothing is no lifecycle action token",
    ],
    [
      "a token that Auto Scaling would refuse for ever",
      wrapped(hookMessage(id, { LifecycleActionToken: "unknown" })),
      "malformed",
      '"unknown" is no lifecycle action token',
    ],
    [
      "a hook name that Auto Scaling would refuse for ever",
      wrapped(hookMessage(id, { LifecycleHookName: "a hook" })),
      "malformed",
      '"a hook" is no hook name',
    ],
  ];
  for (const [title, body, kind, reason] of rows) {
    it(`calls ${title} ${kind}`, () => assert.deepEqual(readMessage(body, ours), { kind, reason }));
  }

  it("carries a resolved node's name in a message to itself", () => {
    const body = withNodeName({ instanceId: id, groupName: group }, ours, "app-1");
    assert.deepEqual(readMessage(body, ours), { ...departed, nodeName: "app-1" });
  });

  it("survives any body", () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        const request = readMessage(body, ours);
        assert.ok(["departed", "terminating", "ignored", "malformed"].includes(request.kind));
        if (request.kind === "departed" || request.kind === "terminating") assert.match(request.instanceId, /^i-[0-9a-f]{8,17}$/);
      }),
      { numRuns: 20_000 },
    );
  });
});
