/** What the rules read out of resources, types, metrics and requests. */
import assert from "node:assert/strict";
import { architectureOf, familyOf } from "../../policies/facts/instance-type.ts";
import { comparisonOf, metricKey, metricProperties, windowSeconds } from "../../policies/facts/metric.ts";
import { credentialInVariable, credentialsIn, decodedUserData } from "../../policies/facts/secrets.ts";
import { stepPolicy } from "../../policies/facts/step-policy.ts";
import { inOtherAccount, inSameAccount, serviceContext, strangerContext } from "../../policies/facts/strangers.ts";
import { conditionsHold, type RequestContext } from "../../policies/iam/condition.ts";
import { parseRedrive } from "../../policies/facts/delivery.ts";
import { hidden } from "../../policies/core/finding.ts";
import { standing } from "../../policies/core/exemption.ts";
import { Resource, nameOf } from "../../policies/model/resource.ts";
import { Value, secretSignature, signatureKey } from "../../policies/model/value.ts";
import { kinds } from "../../policies/model/kinds.ts";
import { gzipSync } from "node:zlib";

const resource = <K extends keyof typeof kinds>(kind: K, properties: Record<string, unknown>) =>
  new Resource<K>({ urn: `urn:pulumi:test::example::${kinds[kind]}::one`, type: kinds[kind], properties });
const alarm = (properties: Record<string, unknown>) => resource("alarm", properties);

describe("alarms", () => {
  it("are on above or below their threshold, with or without the threshold itself", () => {
    const of = (comparisonOperator?: string) => comparisonOf(alarm({ comparisonOperator }));
    assert.deepEqual(of("GreaterThanThreshold"), { side: "above", inclusive: false });
    assert.deepEqual(of("GreaterThanOrEqualToThreshold"), { side: "above", inclusive: true });
    assert.deepEqual(of("LessThanThreshold"), { side: "below", inclusive: false });
    assert.deepEqual(of("LessThanOrEqualToThreshold"), { side: "below", inclusive: true });
    assert.equal(of("GreaterThanUpperThreshold"), undefined);
    assert.equal(of(), undefined);
  });

  it("watch the same metric when namespace, name, statistic and dimensions are equal, whatever group a dimension names", () => {
    const base = {
      namespace: "AWS/EC2",
      metricName: "CPUUtilization",
      statistic: "Average",
      dimensions: { AutoScalingGroupName: "web", Disk: "a" },
    };
    const key = (change: Record<string, unknown>) => metricKey(alarm({ ...base, ...change }));
    assert.equal(key({ dimensions: { Disk: "a", AutoScalingGroupName: "worker" } }), key({}));
    for (const change of [
      { namespace: "Web" },
      { metricName: "NetworkIn" },
      { statistic: "Maximum" },
      { extendedStatistic: "p90" },
      { dimensions: { AutoScalingGroupName: "web", Disk: "b" } },
      { dimensions: { AutoScalingGroupName: "web" } },
      { dimensions: { Disk: "a", InstanceId: "web" } },
      { dimensions: undefined },
    ])
      assert.notEqual(key(change), key({}), JSON.stringify(change));
    assert.deepEqual(
      metricProperties(alarm(base)).map(({ path }) => path),
      ["namespace", "metricName", "statistic", "extendedStatistic", "dimensions"],
    );
  });

  it("look back as long as their periods together", () => {
    assert.equal(windowSeconds(alarm({ period: 60, evaluationPeriods: 3 })), 180);
    assert.equal(windowSeconds(alarm({ period: 60 })), undefined);
    assert.equal(windowSeconds(alarm({ evaluationPeriods: 3 })), undefined);
  });
});

describe("step and simple policies", () => {
  it("become arithmetic, with the bounds that are given and no others", () => {
    const step = resource("policy", {
      policyType: "StepScaling",
      adjustmentType: "PercentChangeInCapacity",
      minAdjustmentMagnitude: "2",
      scalingAdjustment: 9,
      stepAdjustments: [
        { metricIntervalLowerBound: "0", metricIntervalUpperBound: "10", scalingAdjustment: 10 },
        { metricIntervalLowerBound: 10, scalingAdjustment: "20" },
        { metricIntervalUpperBound: "0" },
      ],
    });
    assert.deepEqual(stepPolicy(step), {
      adjustmentType: "PercentChangeInCapacity",
      minAdjustmentMagnitude: 2,
      steps: [
        { metricIntervalLowerBound: 0, metricIntervalUpperBound: 10, scalingAdjustment: 10 },
        { metricIntervalLowerBound: 10, scalingAdjustment: 20 },
        { metricIntervalUpperBound: 0, scalingAdjustment: 0 },
      ],
    });
    const simple = resource("policy", { scalingAdjustment: -2, stepAdjustments: [{ scalingAdjustment: 9 }] });
    assert.deepEqual(stepPolicy(simple), {
      adjustmentType: "ChangeInCapacity",
      minAdjustmentMagnitude: undefined,
      steps: [{ scalingAdjustment: -2 }],
    });
    assert.deepEqual(stepPolicy(resource("policy", {})), {
      adjustmentType: "ChangeInCapacity",
      minAdjustmentMagnitude: undefined,
      steps: [{ scalingAdjustment: 0 }],
    });
  });

  it("are the value that cannot be read, when there is one", () => {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const open = (properties: Record<string, unknown>) => (stepPolicy(resource("policy", properties)) as Value).path;
    assert.equal(open({ adjustmentType: unknown }), "adjustmentType");
    assert.equal(open({ minAdjustmentMagnitude: unknown }), "minAdjustmentMagnitude");
    assert.equal(open({ scalingAdjustment: unknown }), "scalingAdjustment");
    assert.equal(
      open({ policyType: "StepScaling", stepAdjustments: [{}, { scalingAdjustment: unknown }] }),
      "stepAdjustments[1].scalingAdjustment",
    );
  });
});

describe("instance types", () => {
  it("tell family and architecture by their names", () => {
    const arm = ["a1.large", "m7g.large", "c6gn.xlarge", "x2gd.metal", "hpc7g.4xlarge", "g5g.xlarge", "u7in-16tb.224xlarge"];
    assert.deepEqual(
      arm.map((one) => architectureOf(one)),
      [...arm.slice(0, -1).map(() => "arm64"), "x86_64"],
    );
    for (const type of ["m7i.large", "g4dn.xlarge", "t3.micro", "m10a.large", "a10.large", "b1.large", "i4i.large"])
      assert.equal(architectureOf(type), "x86_64", type);
    for (const type of ["mac2.metal", "m7g", "large", "", "M7g.large", "m7g.large!", " m7g.large", "m7g.large x", "g.large"])
      assert.equal(architectureOf(type), undefined, type);
    assert.deepEqual([familyOf("m7g.large"), familyOf("m7g")], ["m7g", "m7g"]);
  });
});

describe("credentials", () => {
  it("are told by kind and line, and ARNs are none", () => {
    assert.deepEqual(credentialsIn("a\nAKIAIOSFODNN7EXAMPLE\npassword: arn:aws:secretsmanager:eu-west-1:111122223333:secret:db"), [
      { what: "an AWS access key id", line: 2 },
    ]);
    assert.deepEqual(credentialsIn("-----BEGIN RSA PRIVATE KEY-----\nhttps://me:hunter22@example.com/"), [
      { what: "a private key", line: 1 },
      { what: "a password in a URL", line: 2 },
    ]);
    assert.equal(credentialInVariable("DB_PASSWORD", "correct0horse0battery"), "a password or token");
    assert.equal(credentialInVariable("DB_PASSWORD", "arn:aws:ssm:eu-west-1:111122223333:parameter/db1"), undefined);
    assert.equal(credentialInVariable("DB_PASSWORD_NAME", "correct0horse0battery"), undefined);
    assert.equal(credentialInVariable("X", "AKIAIOSFODNN7EXAMPLE"), "an AWS access key id");
  });

  it("are looked for in compressed user data too; what cannot be unpacked is read as it is", () => {
    const packed = gzipSync("#!/bin/sh\n").toString("base64");
    assert.equal(decodedUserData(packed), "#!/bin/sh\n");
    assert.equal(decodedUserData(Buffer.from("#!/bin/sh\n").toString("base64")), "#!/bin/sh\n");
    const torn = Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.from("no gzip \xe9", "latin1")]);
    assert.equal(decodedUserData(torn.toString("base64")), "\x1f\x8bno gzip \xe9");
    const bomb = gzipSync(Buffer.alloc(5 << 20));
    assert.equal(decodedUserData(bomb.toString("base64")), bomb.toString("latin1"), "more than user data can be");
  });
});

describe("requests of strangers", () => {
  const topic = "arn:aws-cn:sns:cn-north-1:111122223333:notices:sub";

  it("come for resources of the same service and region, in another account or of another name", () => {
    assert.equal(inOtherAccount(topic), "arn:aws-cn:sns:cn-north-1:999999999999:stranger");
    assert.equal(inSameAccount(topic), "arn:aws-cn:sns:cn-north-1:111122223333:another-of-the-same-account");
  });

  it("carry what AWS puts into them", () => {
    assert.deepEqual(serviceContext("sns.amazonaws.com", topic), {
      "aws:SecureTransport": "true",
      "aws:SourceArn": topic,
      "aws:SourceAccount": "111122223333",
      "aws:SourceOwner": "111122223333",
      "aws:PrincipalIsAWSService": "true",
      "aws:PrincipalServiceName": "sns.amazonaws.com",
      "aws:PrincipalAccount": null,
      "aws:PrincipalArn": null,
      "aws:PrincipalOrgID": null,
      "aws:PrincipalType": null,
      "aws:SourceVpc": null,
      "aws:SourceVpce": null,
      "aws:CalledVia": null,
      "aws:ViaAWSService": "false",
    });
    assert.equal(serviceContext("s3.amazonaws.com", "arn:aws:s3:::bucket")["aws:SourceAccount"], "");
    assert.equal(serviceContext("s3.amazonaws.com", "bucket")["aws:SourceAccount"], "");
    assert.equal(strangerContext["aws:PrincipalAccount"], "999999999999");
  });
});

describe("conditions", () => {
  const context: RequestContext = { "aws:SourceAccount": "111122223333", n: "5", t: "2026-06-30T00:00:00Z", b: "TRUE", absent: null };
  const holds = (operator: string, key: string, ...values: string[]) => conditionsHold([{ operator, key, values }], context);

  it("compare numbers and times by order, and what is neither never", () => {
    const answers = (operator: string) => ["4", "5", "6", "x"].map((wanted) => holds(operator, "n", wanted));
    assert.deepEqual(answers("NumericEquals"), ["no", "yes", "no", "no"]);
    assert.deepEqual(answers("NumericNotEquals"), ["yes", "no", "yes", "yes"]);
    assert.deepEqual(answers("NumericLessThan"), ["no", "no", "yes", "no"]);
    assert.deepEqual(answers("NumericLessThanEquals"), ["no", "yes", "yes", "no"]);
    assert.deepEqual(answers("NumericGreaterThan"), ["yes", "no", "no", "no"]);
    assert.deepEqual(answers("NumericGreaterThanEquals"), ["yes", "yes", "no", "no"]);
    assert.equal(holds("NumericEquals", "aws:SourceAccount", "x"), "no");
    assert.equal(holds("DateLessThan", "t", "2026-07-01T00:00:00Z"), "yes");
    assert.equal(holds("DateLessThan", "t", "1782777600"), "no", "epoch seconds of the same moment");
    assert.equal(holds("DateEquals", "t", "1782777600"), "yes");
    assert.equal(holds("DateEquals", "t", "day 1782777600"), "no");
  });

  it("compare truth and bytes, and text without regard to case where asked", () => {
    assert.deepEqual([holds("Bool", "b", "true"), holds("Bool", "b", "false")], ["yes", "no"]);
    assert.deepEqual([holds("BinaryEquals", "n", "5"), holds("BinaryEquals", "n", "6")], ["yes", "no"]);
    assert.deepEqual([holds("StringEqualsIgnoreCase", "b", "True"), holds("StringEqualsIgnoreCase", "b", "Tru")], ["yes", "no"]);
    assert.deepEqual([holds("StringNotEqualsIgnoreCase", "b", "True"), holds("StringEquals", "b", "True")], ["no", "no"]);
  });

  it("on a key that the request lacks hold with IfExists, negation and ForAllValues only", () => {
    const operators = ["StringEquals", "StringEqualsIfExists", "StringNotEquals", "ForAllValues:StringEquals", "ForAnyValue:StringEquals"];
    assert.deepEqual(
      operators.map((operator) => holds(operator, "absent", "x")),
      ["no", "yes", "yes", "yes", "no"],
    );
    assert.deepEqual(
      [holds("Null", "absent", "true"), holds("Null", "absent", "FALSE"), holds("Null", "n", "false")],
      ["yes", "no", "yes"],
    );
  });

  it("with a quantifier or IfExists compare as without, on a key that is there", () => {
    for (const operator of ["StringEquals", "StringEqualsIfExists", "ForAnyValue:StringEquals", "ForAllValues:StringEqualsIfExists"])
      assert.deepEqual(
        [holds(operator, "AWS:sourceaccount", "111122223333"), holds(operator, "aws:SourceAccount", "x")],
        ["yes", "no"],
        operator,
      );
  });

  it("that are not known stay open: keys, operators and variables", () => {
    assert.equal(holds("StringEquals", "aws:PrincipalTag/team", "x"), "unknown");
    assert.equal(holds("StringSounds", "n", "5"), "unknown");
    assert.equal(holds("XForAnyValue:StringEquals", "n", "5"), "unknown");
    assert.equal(holds("StringEquals", "n", "${aws:username}"), "unknown");
    assert.equal(holds("StringEquals", "n", "${aws:username}", "5"), "yes");
    assert.equal(holds("StringEquals", "n"), "no", "no value at all");
  });
});

describe("small readings", () => {
  it("take a redrive policy for an object or nothing", () => {
    assert.deepEqual(parseRedrive('{"maxReceiveCount":5}'), { maxReceiveCount: 5 });
    for (const text of ["null", "7", '"text"', "", "{"]) assert.equal(parseRedrive(text), undefined, text);
  });

  it("say of what is hidden whether it is encrypted or not known yet", () => {
    const secret = new Value({ [signatureKey]: secretSignature, ciphertext: "v1:x" }, "password");
    assert.deepEqual(hidden(secret), { kind: "unproved", message: "password is encrypted" });
    assert.equal(secret.describe(), "password is encrypted");
    assert.equal(secret.hidden, true);
    const later = new Value("04da6b54-80e4-46f7-96ec-b56ff0331ba9", "arn");
    assert.deepEqual(hidden(later, { urn: "u" }), { kind: "unproved", message: "arn is known only after the deployment", urn: "u" });
  });

  it("cut long values, and read numbers from text and nothing else", () => {
    assert.equal(new Value("x".repeat(118), "p").describe(), `p is "${"x".repeat(118)}"`);
    assert.equal(new Value("x".repeat(119), "p").describe(), `p is "${"x".repeat(116)}...`);
    const numbers = [new Value("7"), new Value(" "), new Value("x"), new Value(true), new Value(NaN), new Value(undefined), new Value([5])];
    assert.deepEqual(
      numbers.map((one) => one.number()),
      [7, undefined, undefined, undefined, undefined, undefined, undefined],
    );
  });

  it("name a resource by all that follows the third separator", () => {
    assert.equal(nameOf("urn:pulumi:test::example::aws:sqs/queue:Queue::a::b"), "a::b");
  });

  it("take a last day only in full", () => {
    const of = (expires: string) => standing({ expires, reason: "x" }, Date.parse("2026-01-01T00:00:00Z"));
    assert.deepEqual(["2026-06-30", "x2026-06-30", "2026-06-30x", "+002026-06-30", "2026-06-31", "2026-6-30"].map(of), [
      "valid",
      "no day",
      "no day",
      "no day",
      "no day",
      "no day",
    ]);
  });
});
