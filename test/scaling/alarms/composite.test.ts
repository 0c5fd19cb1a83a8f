import assert from "node:assert/strict";
import { alarmsOf, holds, parseRule, RuleError } from "../../../scaling/alarms/composite.ts";
import type { AlarmState } from "../../../scaling/alarms/evaluate.ts";

const states: Readonly<Record<string, AlarmState>> = { a: "ALARM", b: "OK", c: "INSUFFICIENT_DATA", "with space": "ALARM", 'quo"te': "OK" };
const value = (rule: string) => holds(parseRule(rule), (name) => states[name]);

describe("rules of composite alarms", () => {
  for (const [rule, expected] of [
    ["ALARM(a)", true],
    ["ALARM(b)", false],
    ["OK(b)", true],
    ["INSUFFICIENT_DATA(c)", true],
    ["NOT ALARM(a)", false],
    ["ALARM(a) AND OK(b) AND NOT OK(c)", true],
    ["ALARM(b) OR ALARM(a) AND ALARM(b)", false],
    ["(ALARM(b) OR ALARM(a)) AND OK(b)", true],
    ['ALARM("with space")', true],
    ['OK("quo\\"te")', true],
    ["NOT NOT TRUE", true],
    ["FALSE", false],
    ["ALARM(nobody)", false],
  ] as const) {
    it(`${rule} is ${expected}`, () => assert.equal(value(rule), expected));
  }

  for (const [rule, message] of [
    ["", /ends too early/],
    ["ALARM(a", /"\)" is missing/],
    ["ALARM a", /"\(" is missing/],
    ["ALARM()", /needs the name or ARN/],
    ["ALARM(a) OK(b)", /unexpected "OK"/],
    ["WARN(a)", /"WARN" is none of/],
    [`TRUE ${"OR TRUE ".repeat(2000)}`, /characters; 10240 are allowed/],
    [Array.from({ length: 101 }, (_, index) => `ALARM(a${index})`).join(" OR "), /names 101 alarms; 100 are allowed/],
  ] as const) {
    it(`refuses ${rule.slice(0, 40)}`, () => {
      assert.throws(
        () => parseRule(rule),
        (error) => error instanceof RuleError && message.test(error.message),
      );
    });
  }

  it("names each alarm it watches once", () => {
    assert.deepEqual(alarmsOf(parseRule("ALARM(a) AND (OK(b) OR NOT ALARM(a))")), ["a", "b"]);
  });
});
