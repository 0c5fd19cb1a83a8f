/** Policy documents: what the grammar allows, what cannot be told, and what AWS's documentation says of each element. */
import assert from "node:assert/strict";
import { conditionsHold, type RequestContext } from "../../policies/iam/condition.ts";
import { parsePolicy } from "../../policies/iam/document.ts";
import { decide, type Caller, type Decision } from "../../policies/iam/evaluate.ts";
import { arnMatches, wildcard } from "../../policies/iam/match.ts";

const role: Caller = { arn: "arn:aws:iam::111122223333:role/web", allowedByOwnPolicies: false };
const context: RequestContext = { "aws:SourceArn": "arn:aws:sns:eu-west-1:111122223333:notices", "aws:PrincipalOrgID": null };

function decision(statements: unknown, caller: Caller = role): Decision {
  const document = parsePolicy({ Version: "2012-10-17", Statement: statements });
  assert.ok(document);
  return decide(document, { caller, action: "sqs:SendMessage", resource: "arn:aws:sqs:eu-west-1:111122223333:jobs", context });
}

const allow = { Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "*" };

describe("policy documents", () => {
  it("are parsed from text and objects, with one statement or many", () => {
    assert.equal(parsePolicy('{"Statement":{"Effect":"Allow","Action":"sqs:*"}}')?.length, 1);
    assert.equal(parsePolicy({ Statement: [allow, allow] })?.length, 2);
    for (const wrong of ["not JSON", "[]", "7", '{"Statement":"x"}', "{}", undefined, 7, { Statement: [7] }])
      assert.equal(parsePolicy(wrong), undefined, JSON.stringify(wrong));
  });

  it("deny before they allow, and say nothing where nothing fits", () => {
    assert.equal(decision([allow]), "allow");
    assert.equal(decision([allow, { ...allow, Effect: "Deny" }]), "deny");
    assert.equal(decision([{ ...allow, Action: "sns:*" }]), "silent");
    assert.equal(decision([{ ...allow, Resource: "arn:aws:sqs:*:*:other" }]), "silent");
    assert.equal(decision([]), "silent");
  });

  it("match actions without regard to case, and exclude with NotAction and NotResource", () => {
    assert.equal(decision([{ ...allow, Action: ["SQS:sendmessage"] }]), "allow");
    assert.equal(decision([{ Effect: "Allow", Principal: "*", NotAction: "sqs:Send*", Resource: "*" }]), "silent");
    assert.equal(decision([{ Effect: "Allow", Principal: "*", NotAction: "sqs:Delete*", Resource: "*" }]), "allow");
    assert.equal(decision([{ Effect: "Allow", Principal: "*", Action: "*", NotResource: "*:jobs" }]), "silent");
    assert.equal(decision([{ Effect: "Allow", Principal: "*", Action: "*", NotResource: "*:other" }]), "allow");
    assert.equal(decision([{ Effect: "Allow", Principal: "*", Resource: "*" }]), "silent");
  });

  it("let in whom a principal names, by role, account, service and wildcard", () => {
    const by = (principal: unknown, caller: Caller = role) => decision([{ ...allow, Principal: principal }], caller);
    assert.equal(by({ AWS: "arn:aws:iam::111122223333:role/web" }), "allow");
    assert.equal(by({ AWS: "arn:aws:iam::111122223333:role/other" }), "silent");
    assert.equal(by({ AWS: "111122223333" }), "silent", "the account, and the role's own policies do not allow it");
    const allowed: Caller = { arn: "arn:aws:iam::111122223333:role/web", allowedByOwnPolicies: true };
    assert.equal(by({ AWS: "111122223333" }, allowed), "allow");
    assert.equal(by({ AWS: "arn:aws:iam::111122223333:root" }, allowed), "allow");
    assert.equal(by({ AWS: "arn:aws:iam::444455556666:root" }, allowed), "silent");
    const sns: Caller = { service: "sns.amazonaws.com" };
    assert.equal(by({ Service: "sns.amazonaws.com" }, sns), "allow");
    assert.equal(by({ Service: "sns.eu-south-1.amazonaws.com" }, sns), "allow");
    assert.equal(by({ Service: "sqs.amazonaws.com" }, sns), "silent");
    assert.equal(by({ AWS: "111122223333" }, sns), "silent");
    assert.equal(by({ AWS: "*" }, sns), "allow");
    assert.equal(by(undefined), "silent", "a resource policy must say for whom");
  });

  it("let in everybody but whom NotPrincipal names, and deny everybody but whom it names", () => {
    const excluded = (names: unknown, effect = "Allow") => ({ Effect: effect, NotPrincipal: names, Action: "*", Resource: "*" });
    assert.equal(decision([excluded({ AWS: "arn:aws:iam::111122223333:role/other" })]), "allow");
    assert.equal(decision([excluded({ AWS: "arn:aws:iam::111122223333:role/web" })]), "silent");
    assert.equal(decision([allow, excluded({ AWS: "arn:aws:iam::111122223333:role/web" }, "Deny")]), "allow");
    assert.equal(decision([allow, excluded({ AWS: "111122223333" }, "Deny")]), "allow", "excluded with its account");
    assert.equal(decision([allow, excluded({ Service: "sns.amazonaws.com" }, "Deny")]), "deny");
  });

  it("are undecided where a condition depends on what is not known, unless something else decides", () => {
    const maybe = { Condition: { StringEquals: { "aws:PrincipalTag/team": "web" } } };
    assert.equal(decision([{ ...allow, ...maybe }]), "unknown");
    assert.equal(decision([allow, { ...allow, ...maybe }]), "allow");
    assert.equal(decision([allow, { ...allow, ...maybe, Effect: "Deny" }]), "unknown");
    assert.equal(
      decision([
        { ...allow, Effect: "Deny" },
        { ...allow, ...maybe },
      ]),
      "deny",
    );
    assert.equal(decision([{ ...allow, ...maybe, Action: "sns:*" }]), "silent");
    assert.equal(decision([{ ...allow, Resource: "arn:aws:sqs:*:*:${aws:username}" }]), "unknown");
  });
});

describe("conditions", () => {
  const known: RequestContext = {
    "aws:SourceAccount": "111122223333",
    "aws:EpochTime": "1790000000",
    "s3:max-keys": "10",
    "aws:SourceVpc": null,
    "aws:SecureTransport": "true",
  };
  const holds = (operator: string, key: string, ...values: string[]) => conditionsHold([{ operator, key, values }], known);

  for (const [operator, key, values, expected] of [
    ["StringEquals", "aws:SourceAccount", ["111122223333"], "yes"],
    ["StringEquals", "AWS:SOURCEACCOUNT", ["444455556666", "111122223333"], "yes"],
    ["StringNotEquals", "aws:SourceAccount", ["444455556666", "111122223333"], "no"],
    ["StringLike", "aws:SourceAccount", ["1111*"], "yes"],
    ["StringNotLike", "aws:SourceAccount", ["1111*"], "no"],
    ["NumericLessThan", "s3:max-keys", ["11"], "yes"],
    ["NumericLessThanEquals", "s3:max-keys", ["10"], "yes"],
    ["NumericGreaterThan", "s3:max-keys", ["10"], "no"],
    ["NumericGreaterThanEquals", "s3:max-keys", ["10"], "yes"],
    ["NumericEquals", "s3:max-keys", ["10.0"], "yes"],
    ["NumericNotEquals", "s3:max-keys", ["10"], "no"],
    ["NumericEquals", "s3:max-keys", ["ten"], "no"],
    ["DateGreaterThan", "aws:EpochTime", ["2026-01-01T00:00:00Z"], "yes"],
    ["DateLessThan", "aws:EpochTime", ["2026-01-01T00:00:00Z"], "no"],
    ["Bool", "aws:SecureTransport", ["TRUE"], "yes"],
    ["Bool", "aws:SecureTransport", ["false"], "no"],
    ["Null", "aws:SourceVpc", ["true"], "yes"],
    ["Null", "aws:SourceVpc", ["false"], "no"],
    ["Null", "aws:SourceAccount", ["false"], "yes"],
    ["StringEquals", "aws:SourceVpc", ["vpc-1"], "no"],
    ["StringNotEquals", "aws:SourceVpc", ["vpc-1"], "yes"],
    ["StringEqualsIfExists", "aws:SourceVpc", ["vpc-1"], "yes"],
    ["ForAllValues:StringEquals", "aws:SourceVpc", ["vpc-1"], "yes"],
    ["ForAnyValue:StringEquals", "aws:SourceVpc", ["vpc-1"], "no"],
    ["StringEquals", "aws:PrincipalTag/team", ["web"], "unknown"],
    ["StringEquals", "aws:SourceAccount", ["${aws:PrincipalAccount}"], "unknown"],
    ["IpAddress", "aws:SourceAccount", ["10.0.0.0/8"], "unknown"],
  ] as const) {
    it(`${operator} ${key} ${values.join(", ")}: ${expected}`, () => assert.equal(holds(operator, key, ...values), expected));
  }
});

describe("patterns", () => {
  it("of text take * for anything and ? for one character, all else as it is", () => {
    assert.ok(wildcard("sqs:*", "sqs:SendMessage"));
    assert.ok(wildcard("a?c", "abc"));
    assert.ok(!wildcard("a?c", "ac"));
    assert.ok(!wildcard("a.c", "abc"));
    assert.ok(wildcard("a\n*", "a\nb"));
  });

  it("of ARNs match part by part", () => {
    assert.ok(arnMatches("arn:aws:sns:*:111122223333:notices", "arn:aws:sns:eu-west-1:111122223333:notices"));
    assert.ok(!arnMatches("arn:aws:sns:*:notices", "arn:aws:sns:eu-west-1:111122223333:notices"));
    assert.ok(arnMatches("arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a:b"));
    assert.ok(arnMatches("*", "arn:aws:sns:eu-west-1:111122223333:notices"));
  });
});
