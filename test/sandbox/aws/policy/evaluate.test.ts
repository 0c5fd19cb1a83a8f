/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html */
import assert from "node:assert/strict";
import fc from "fast-check";
import { conditionHolds, PolicyError, wildcard } from "../../../../sandbox/aws/policy/conditions.ts";
import { evaluatePolicy } from "../../../../sandbox/aws/policy/evaluate.ts";
import type { PolicyRequest, Principal } from "../../../../sandbox/aws/policy/evaluate.ts";

const queue = "arn:aws:sqs:eu-west-1:123456789012:q";
const topic = "arn:aws:sns:eu-west-1:123456789012:t";
const sns: Principal = { kind: "service", name: "sns.amazonaws.com" };
const role: Principal = { kind: "identity", arn: "arn:aws:iam::123456789012:role/r", accountId: "123456789012" };

const request = (more: Partial<PolicyRequest> = {}): PolicyRequest => ({
  ...{ principal: sns, action: "sqs:SendMessage", resource: queue },
  ...{ context: { "aws:sourcearn": topic, "aws:securetransport": "true" }, ...more },
});

const effect = (statements: unknown, more: Partial<PolicyRequest> = {}) =>
  evaluatePolicy(JSON.stringify({ Statement: statements }), request(more)).effect;

const allow = { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage", Resource: queue };

describe("policies", () => {
  it("allow what a statement names, and nothing by themselves", () => {
    assert.equal(effect([allow]), "Allow");
    assert.equal(effect(allow), "Allow"); // one statement needs no list
    assert.equal(effect([]), "none");
    assert.equal(effect([{ ...allow, Action: "sqs:ReceiveMessage" }]), "none");
    assert.equal(effect([{ ...allow, Resource: `${queue}2` }]), "none");
  });

  it("know actions without case, with wildcards, and by exclusion", () => {
    for (const Action of ["*", "sqs:*", "SQS:sendmessage", "sqs:Send*", ["sqs:X", "sqs:?endMessage"]])
      assert.equal(effect([{ ...allow, Action }]), "Allow");
    const without = { Effect: "Allow", Principal: "*", Resource: "*" };
    assert.equal(effect([{ ...without, NotAction: "sqs:Delete*" }]), "Allow");
    assert.equal(effect([{ ...without, NotAction: "sqs:Send*" }]), "none");
  });

  it("know resources with wildcards and by exclusion", () => {
    assert.equal(effect([{ ...allow, Resource: "arn:aws:sqs:*:123456789012:*" }]), "Allow");
    const { Resource, ...rest } = allow;
    assert.equal(effect([{ ...rest, NotResource: Resource }]), "none");
    assert.equal(effect([{ ...rest, NotResource: "arn:aws:sqs:*:*:other" }]), "Allow");
  });

  it("know principals: everybody, services, identities, their account, and all but some", () => {
    const of = (Principal: unknown, principal: Principal) => {
      const decision = evaluatePolicy(JSON.stringify({ Statement: [{ ...allow, Principal }] }), request({ principal }));
      return decision.effect === "Allow" ? (decision.direct ? "direct" : "account") : decision.effect;
    };
    assert.deepEqual(
      [of("*", sns), of({ AWS: "*" }, sns), of({ Service: ["ec2.amazonaws.com", "sns.amazonaws.com"] }, sns)],
      ["direct", "direct", "direct"],
    );
    assert.deepEqual([of({ Service: "ec2.amazonaws.com" }, sns), of({ AWS: "123456789012" }, sns)], ["none", "none"]);
    assert.deepEqual(
      [of({ AWS: role.arn }, role), of({ AWS: "123456789012" }, role), of({ AWS: "arn:aws:iam::123456789012:root" }, role)],
      ["direct", "account", "account"],
    );
    assert.deepEqual([of({ AWS: "arn:aws:iam::999999999999:root" }, role), of({ Service: "sns.amazonaws.com" }, role)], ["none", "none"]);
    const deny = { Effect: "Deny", NotPrincipal: { AWS: role.arn }, Action: "*", Resource: "*" };
    assert.equal(effect([deny, { ...allow, Principal: "*" }], { principal: role }), "Allow");
    assert.equal(effect([deny, allow]), "Deny");
  });

  it("let denial win, wherever it stands", () => {
    const deny = { Sid: "no", Effect: "Deny", Principal: "*", Action: "sqs:*", Resource: "*" };
    for (const statements of [
      [deny, allow],
      [allow, deny],
    ]) {
      const decision = evaluatePolicy(JSON.stringify({ Statement: statements }), request());
      assert.deepEqual([decision.effect, decision.statement], ["Deny", "no"]);
    }
  });

  it("need every condition of a statement, and any value of a condition", () => {
    const Condition = { ArnLike: { "aws:SourceArn": ["arn:aws:sns:*:*:x", "arn:aws:sns:*:*:t"] }, Bool: { "aws:SecureTransport": "true" } };
    assert.equal(effect([{ ...allow, Condition }]), "Allow");
    assert.equal(effect([{ ...allow, Condition: { ...Condition, StringEquals: { "aws:SourceAccount": "1" } } }]), "none");
  });

  it("without principals are about whoever has them", () => {
    const { Principal: _unused, ...identity } = allow;
    assert.equal(effect([identity], { principal: role }), "Allow");
    assert.notEqual(_unused, undefined);
  });

  it("that are none are refused", () => {
    for (const [document, message] of [
      ["{", /not valid JSON/],
      ["{}", /has no Statement/],
    ] as const) {
      assert.throws(
        () => evaluatePolicy(document, request()),
        (error) => error instanceof PolicyError && message.test(error.message),
      );
    }
    assert.throws(
      () => effect([{ ...allow, Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } }]),
      /The condition operator IpAddress is not supported here; supported are StringEquals/,
    );
  });

  it("never allow more by a further denial, nor less by a further grant", () => {
    const statement = fc.record({
      Effect: fc.constantFrom("Allow", "Deny"),
      Principal: fc.constantFrom("*", { Service: "sns.amazonaws.com" }, { AWS: "123456789012" }),
      Action: fc.constantFrom("*", "sqs:SendMessage", "sqs:Receive*"),
      Resource: fc.constantFrom("*", queue, `${queue}2`),
    });
    fc.assert(
      fc.property(fc.array(statement), statement, (statements, further) => {
        const [before, after] = [effect(statements), effect([...statements, further])];
        if (before === "Deny") assert.equal(after, "Deny");
        if (further.Effect === "Deny" && before !== "Allow") assert.notEqual(after, "Allow");
        if (further.Effect === "Allow" && before === "Allow") assert.equal(after, "Allow");
      }),
    );
  });
});

describe("conditions", () => {
  const context = {
    "aws:sourcearn": topic,
    "aws:sourceaccount": "123456789012",
    "aws:securetransport": "true",
    "aws:tagkeys": ["Name", "role"],
  };
  for (const [operator, key, wanted, expected] of [
    ["StringEquals", "AWS:SourceAccount", ["1", "123456789012"], true],
    ["StringEquals", "aws:SourceAccount", ["12345678901?"], false],
    ["StringLike", "aws:SourceAccount", ["12345678901?"], true],
    ["StringNotLike", "aws:SourceAccount", ["9*", "1*"], false],
    ["StringNotEquals", "aws:SourceAccount", ["1", "2"], true],
    ["StringEqualsIgnoreCase", "aws:SecureTransport", ["TRUE"], true],
    ["ArnEquals", "aws:SourceArn", ["arn:aws:sns:*:123456789012:t"], true],
    ["ArnLike", "aws:SourceArn", ["arn:*"], false], // wildcards do not reach over a colon
    ["ArnNotLike", "aws:SourceArn", ["arn:aws:sns:*:*:other"], true],
    ["Bool", "aws:SecureTransport", ["false"], false],
    ["StringEquals", "aws:PrincipalOrgID", ["o-1"], false],
    ["StringEqualsIfExists", "aws:PrincipalOrgID", ["o-1"], true],
    ["StringNotEquals", "aws:PrincipalOrgID", ["o-1"], true],
    ["Null", "aws:PrincipalOrgID", ["true"], true],
    ["Null", "aws:SourceArn", ["true"], false],
    ["ForAllValues:StringEquals", "aws:TagKeys", ["Name", "role", "more"], true],
    ["ForAllValues:StringEquals", "aws:TagKeys", ["Name"], false],
    ["ForAllValues:StringEquals", "aws:PrincipalOrgPaths", ["Name"], true],
    ["ForAnyValue:StringLike", "aws:TagKeys", ["r*"], true],
    ["ForAnyValue:StringLike", "aws:TagKeys", ["x*"], false],
    ["ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", ["Name"], false],
    ["ForAllValues:StringEquals", "aws:SourceAccount", ["1"], false],
  ] as const) {
    it(`${operator} ${key} ${wanted.join(", ")} is ${expected}`, () =>
      assert.equal(conditionHolds(operator, key, wanted, context), expected));
  }

  it("refuse a key of several values without a word for all or any of them", () => {
    assert.throws(
      () => conditionHolds("StringEquals", "aws:TagKeys", ["Name"], context),
      /aws:TagKeys has several values; StringEquals needs/,
    );
  });

  it("take every other character for itself", () => {
    fc.assert(fc.property(fc.string(), (text) => assert.ok(/[*?]/.test(text) || wildcard(text).test(text))));
    assert.equal(wildcard("a.c").test("abc"), false);
  });
});
