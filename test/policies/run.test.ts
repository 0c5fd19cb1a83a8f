/** What holds for every rule: failures, exemptions, configuration, and what is unproved. */
import assert from "node:assert/strict";
import { together, unproved, violation } from "../../policies/core/finding.ts";
import { defineRule } from "../../policies/core/rule.ts";
import { nameOf } from "../../policies/model/resource.ts";
import { imageFactsKnown } from "../../policies/rules/image-facts-known.ts";
import { imageInstanceTypeMatch } from "../../policies/rules/image-instance-type-match.ts";
import { groupSingleType } from "../../policies/rules/group-single-type.ts";
import { notifyTerminateExists } from "../../policies/rules/notify-terminate-exists.ts";
import { packExemptionsValid } from "../../policies/rules/pack-exemptions-valid.ts";
import { packNothingUnproved } from "../../policies/rules/pack-nothing-unproved.ts";
import { rules } from "../../policies/rules.ts";
import { materialise, type ExampleResource } from "../../policies/tools/examples.ts";
import { PackInProcess } from "./helpers/pack.ts";

const group = (properties: Record<string, unknown> = {}, options = {}): ExampleResource => ({
  type: "aws:autoscaling:Group",
  properties,
  options,
});
const stack = (resources: Record<string, ExampleResource>, deployed = true) => materialise({ resources }, deployed);

const metadata = {
  title: "Never fails.",
  why: "It is a test.",
  severity: "low",
  level: "advisory",
  controls: [],
  remediation: "None.",
  url: "https://example.com/",
} as const;

const failing = defineRule({
  ...metadata,
  id: "failing",
  resources: {
    *group() {
      yield violation("found before the failure");
      throw new TypeError("the text may quote s3cr3t");
    },
  },
  stack() {
    throw new RangeError("s3cr3t");
  },
});

describe("a rule that throws", () => {
  it("becomes a finding that quotes nothing, keeps what it found before, and lets the other rules run", async () => {
    const pack = new PackInProcess([failing, notifyTerminateExists]);
    const said = await pack.analyzeAll(stack({ web: group() }));
    assert.deepEqual(
      said.map(({ rule, message }) => [rule, message.replace(/\d+:\d+/, "L:C")]),
      [
        ["failing", "found before the failure"],
        [
          "failing",
          "the rule failing itself failed (TypeError at policies/run.test.ts:L:C), so nothing is proved here; the other rules ran",
        ],
        [
          "failing",
          "the rule failing itself failed (RangeError at policies/run.test.ts:L:C), so nothing is proved here; the other rules ran",
        ],
        ["notify-terminate-exists", 'Group "web" has no notification for autoscaling:EC2_INSTANCE_TERMINATE; add one that names the group'],
      ],
    );
  });
});

const exemption = { rule: "notify-terminate-exists", resource: "web", reason: "Until the move", expires: "2099-12-31" };

describe("exemptions", () => {
  const missing = () => stack({ web: group(), worker: group() });
  const blamed = async (pack: PackInProcess) =>
    (await pack.analyzeAll(missing())).filter(({ rule }) => rule === "notify-terminate-exists").map(({ urn }) => nameOf(urn));

  it("in code exempt one resource from one rule", async () => {
    assert.deepEqual(await blamed(new PackInProcess([notifyTerminateExists], { exemptions: [exemption] })), ["worker"]);
  });

  it("in the configuration do the same, by URN too", async () => {
    const urn = missing().inputs[0]!.urn;
    const configured = { "pack-exemptions-valid": { exemptions: [{ ...exemption, resource: urn }] } };
    assert.deepEqual(await blamed(new PackInProcess([notifyTerminateExists], { configured })), ["worker"]);
  });

  it("hold through their last day and not a moment longer", async () => {
    const on = (now: string) =>
      blamed(new PackInProcess([notifyTerminateExists], { exemptions: [{ ...exemption, expires: "2026-06-30" }], now }));
    assert.deepEqual(await on("2026-06-30T23:59:59.999Z"), ["worker"]);
    assert.deepEqual(await on("2026-07-01T00:00:00.000Z"), ["web", "worker"]);
  });

  it("of another stack are neither used nor blamed", async () => {
    const options = { exemptions: [{ ...exemption, stack: "staging" }], stack: "production" };
    assert.deepEqual(await blamed(new PackInProcess([notifyTerminateExists], options)), ["web", "worker"]);
    assert.deepEqual(await new PackInProcess([packExemptionsValid], options).analyzeAll(missing()), []);
  });

  it("of this stack, of every stack, and in a run that does not know its stack are used", async () => {
    const of = (stack: string | undefined, current: string | undefined) =>
      blamed(
        new PackInProcess([notifyTerminateExists], {
          exemptions: [{ ...exemption, ...(stack !== undefined && { stack }) }],
          ...(current !== undefined && { stack: current }),
        }),
      );
    assert.deepEqual(await of("staging", "staging"), ["worker"]);
    assert.deepEqual(await of(undefined, "staging"), ["worker"]);
    assert.deepEqual(await of("staging", undefined), ["worker"]);
    assert.deepEqual(await of("staging", "production"), ["web", "worker"]);
  });

  it("exempt from the rule that they name, and from no other", async () => {
    const other = { ...exemption, rule: "group-single-type" };
    assert.deepEqual(await blamed(new PackInProcess([notifyTerminateExists], { exemptions: [other] })), ["web", "worker"]);
  });

  it("keep a resource from being repaired, by name and through its fleet", async () => {
    const [imdsv2] = rules.filter(({ id }) => id === "template-imdsv2");
    const resources = materialise(
      {
        resources: {
          fleet: {
            type: "fleet:components:Fleet",
            properties: {
              exemptions: [
                { rule: "group-single-type", reason: "Another rule", expires: "2099-12-31" },
                { rule: "template-imdsv2", reason: "An old agent", expires: "2099-12-31" },
              ],
            },
          },
          inside: { type: "aws:ec2:LaunchTemplate", options: { parent: "fleet" } },
          named: { type: "aws:ec2:LaunchTemplate" },
          plain: { type: "aws:ec2:LaunchTemplate" },
        },
      },
      true,
    ).inputs;
    const own = { rule: "template-imdsv2", resource: "named", reason: "An old agent", expires: "2099-12-31" };
    // Any rule may be the first that sees a fleet.
    const pack = new PackInProcess([groupSingleType, imageFactsKnown, imdsv2!], { exemptions: [own], level: "remediate" });
    const repaired: string[] = [];
    for (const facts of resources) {
      if ((await pack.remediate(facts)) !== undefined) repaired.push(nameOf(facts.urn));
      await pack.analyze(facts);
    }
    assert.deepEqual(repaired, ["plain"]);
  });

  it("of a fleet cover the fleet and what is in it, and are judged like others", async () => {
    const types = {
      mixedInstancesPolicy: { launchTemplate: { overrides: [{ instanceType: "m7g.large" }, { instanceType: "m6g.large" }] } },
    };
    const fleet = (expires: string): ExampleResource => ({
      type: "fleet:components:Fleet",
      properties: { exemptions: [{ rule: "group-single-type", reason: "Two sizes of one family", expires }] },
    });
    const resources = (expires: string) =>
      stack({ web: fleet(expires), "web-group": group(types, { parent: "web" }), other: group(types) });
    const all = [
      imageInstanceTypeMatch,
      groupSingleType,
      packExemptionsValid,
      ...rules.filter(({ id }) => id === "group-single-type-never"),
    ];
    const said = async (expires: string) =>
      (await new PackInProcess(all).analyzeAll(resources(expires)))
        .filter(({ rule }) => rule !== "image-instance-type-match")
        .map(({ rule, urn, message }) => [rule, nameOf(urn), message]);
    const two = "mixedInstancesPolicy.launchTemplate.overrides name m7g.large, m6g.large; name one type";
    assert.deepEqual(await said("2099-12-31"), [["group-single-type", "other", two]]);
    assert.deepEqual(await said("2020-12-31"), [
      ["group-single-type", "web-group", two],
      ["group-single-type", "other", two],
      [
        "pack-exemptions-valid",
        "web",
        'the exemption from group-single-type (expires "2020-12-31") has expired; mend the resource, or renew the exemption with a new reason',
      ],
    ]);
  });
});

describe("the configuration of a rule", () => {
  it("is read anew when the engine sends another", async () => {
    const given: Record<string, { maximum: number }> = { "group-size-bounds": { maximum: 5 } };
    const pack = new PackInProcess(
      rules.filter(({ id }) => id === "group-size-bounds"),
      { configured: given },
    );
    const [facts] = stack({ web: group({ minSize: 2, maxSize: 7 }) }).inputs;
    const maximum = async () => (await pack.analyze(facts!)).map(({ message }) => message);
    assert.equal((await maximum()).length, 1);
    given["group-size-bounds"] = { maximum: 7 };
    assert.deepEqual(await maximum(), []);
  });
});

describe("what is unproved", () => {
  const template = { launchTemplate: { id: "lt-0123456789abcdef0", version: "1" } };
  const message = 'launchTemplate.id of Group "web" is lt-0123456789abcdef0, which is not part of this stack';

  it("is reported by pack-nothing-unproved, once, with the rule and the resource", async () => {
    const pack = new PackInProcess([imageInstanceTypeMatch, packNothingUnproved]);
    const said = await pack.analyzeAll(stack({ web: group(template) }));
    assert.deepEqual(
      said.map((one) => [one.rule, one.level, nameOf(one.urn), one.message]),
      [["pack-nothing-unproved", "advisory", "web", `image-instance-type-match is unproved: ${message}`]],
    );
    assert.deepEqual(await pack.analyzeStack([]), []);
  });

  it("is a violation of the rule itself when it is told so", async () => {
    const configured = { "image-instance-type-match": { whenUnproved: "violation" } };
    const said = await new PackInProcess([imageInstanceTypeMatch, packNothingUnproved], { configured }).analyzeAll(
      stack({ web: group(template) }),
    );
    assert.deepEqual(
      said.map((one) => [one.rule, one.level, one.message]),
      [["image-instance-type-match", "mandatory", `unproved: ${message}`]],
    );
  });

  it("is one line for each rule, with every resource and all that is missing, and what is exempt left out", async () => {
    const overrides = [{ instanceType: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }];
    const launchTemplateSpecification = { launchTemplateId: "${template.id}", version: "1" };
    const mixed = { mixedInstancesPolicy: { launchTemplate: { launchTemplateSpecification, overrides } } };
    const resources = stack({
      template: { type: "aws:ec2:LaunchTemplate", properties: { tags: { "fleet:bake-type": "m7g.large" } } },
      web: group(template),
      worker: group(mixed),
      jobs: group(mixed),
    });
    const told = async (exempt: readonly string[]) => {
      const exemptions = exempt.map((resource) => ({
        rule: packNothingUnproved.id,
        resource,
        reason: "It is a test",
        expires: "2999-12-31",
      }));
      const said = await new PackInProcess([imageInstanceTypeMatch, packNothingUnproved], { exemptions }).analyzeAll(resources);
      return said.filter(({ rule }) => rule === packNothingUnproved.id).map(({ urn, message: text }) => [nameOf(urn), text]);
    };
    const path = "mixedInstancesPolicy.launchTemplate.overrides[0].instanceType is known only after the deployment";
    assert.deepEqual(await told([]), [
      ["", `image-instance-type-match is unproved: ${message} (Group "web"); ${path} (Group "worker", Group "jobs")`],
    ]);
    assert.deepEqual(await told(["worker"]), [
      ["", `image-instance-type-match is unproved: ${message} (Group "web"); ${path} (Group "jobs")`],
    ]);
    assert.deepEqual(await told(["web", "worker"]), [["jobs", `image-instance-type-match is unproved: ${path}`]]);
  });

  it("is told of the stack where it is about the stack and one resource, and of several only where they are", () => {
    const label = (urn: string) => `the ${urn}`;
    const one = (message: string, urn?: string) => ({ ...unproved(message, urn === undefined ? undefined : { urn }), subject: "a" });
    const alone = violation("z", { urn: "web" });
    const told = [one("x"), alone, one("y", "web")];
    assert.deepEqual(together(told, label), [{ kind: "unproved", subject: "a", message: "a: x (the stack); y (the web)" }, alone]);
    assert.deepEqual(together([one("x", "web"), one("y", "web")], label), [
      { kind: "unproved", subject: "a", message: "a: x, y", urn: "web" },
    ]);
    assert.deepEqual(
      together([one("x", "web"), one("x", "worker"), one("y", "worker"), one("z", "worker")], label).map(({ message: text }) => text),
      ["a: x (the web, the worker); y, z (the worker)"],
    );
    assert.deepEqual(together([one("x", "web"), one("y", "worker")], label), [
      { kind: "unproved", subject: "a", message: "a: x (the web); y (the worker)", urns: ["web", "worker"] },
    ]);
  });

  it("does not hide other checks of the same rule", async () => {
    const overrides = [{ instanceType: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }, { instanceType: "m6g.large" }];
    const resources = stack({
      template: { type: "aws:ec2:LaunchTemplate", properties: { tags: { "fleet:bake-type": "m7g.large" } } },
      web: group({
        mixedInstancesPolicy: {
          launchTemplate: { launchTemplateSpecification: { launchTemplateId: "${template.id}", version: "1" }, overrides },
        },
      }),
    });
    const said = await new PackInProcess([imageInstanceTypeMatch, packNothingUnproved]).analyzeAll(resources);
    const path = "mixedInstancesPolicy.launchTemplate.overrides";
    assert.deepEqual(
      said.map((one) => [one.rule, one.message]),
      [
        [
          "image-instance-type-match",
          `${path}[1].instanceType is "m6g.large", but the image was built on m7g.large; allowed is the very type that the image was built on: change the type, or bake an image on it`,
        ],
        ["pack-nothing-unproved", `image-instance-type-match is unproved: ${path}[0].instanceType is known only after the deployment`],
      ],
    );
  });
});

describe("joins", () => {
  const notification = (groupNames: unknown): ExampleResource => ({
    type: "aws:autoscaling:Notification",
    properties: { groupNames, notifications: ["autoscaling:EC2_INSTANCE_TERMINATE"] },
  });
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const outcome = async (resources: ReturnType<typeof stack>) =>
    (await new PackInProcess([notifyTerminateExists, packNothingUnproved]).analyzeAll(resources)).map(({ rule, urn }) => [
      rule,
      nameOf(urn),
    ]);

  it("follow a dependency when the value is not known", async () => {
    const { inputs, outputs } = stack({ web: group(), notices: notification(["${web.arn}"]) }, false);
    assert.deepEqual(await outcome({ inputs, outputs }), []);
  });

  it("leave it open when there is no dependency, and when there are too many", async () => {
    const none = stack({ web: group(), notices: notification([unknown]) }, false);
    assert.deepEqual(await outcome(none), [["pack-nothing-unproved", "web"]]);
    const two = stack({ web: group(), worker: group(), notices: notification(["${web.arn}${worker.arn}"]) }, false);
    assert.deepEqual(await outcome(two), [["pack-nothing-unproved", ""]], "both in one");
  });

  it("take a known id that no output repeats for the resource that it was made from", async () => {
    const { inputs, outputs } = stack({
      template: { type: "aws:ec2:LaunchTemplate", properties: { instanceType: "m7g.large", tags: { "fleet:bake-type": "m7i.large" } } },
      web: group({ launchTemplate: { id: "${template.id}", version: "1" } }),
    });
    const withoutId = outputs.map((one) => ({
      ...one,
      properties: Object.fromEntries(Object.entries(one.properties).filter(([key]) => key !== "id")),
    }));
    const said = await new PackInProcess([imageInstanceTypeMatch]).analyzeAll({ inputs, outputs: withoutId });
    assert.deepEqual(
      said.map(({ urn }) => nameOf(urn)),
      ["web"],
    );
  });
});

describe("properties that a rule does not know", () => {
  it("of a newer provider change nothing", async () => {
    const extra = { somethingNew: { nested: [1, { deep: null }] }, anotherThing: true };
    const resources = stack({ web: group(extra), other: { type: "aws:sqs:Queue", properties: extra } });
    const strange = { urn: "urn:pulumi:test::example::aws:new/thing:Thing::thing", type: "aws:new/thing:Thing", properties: extra };
    const said = await new PackInProcess(rules).analyzeAll({
      inputs: [...resources.inputs, strange],
      outputs: [...resources.outputs, strange],
    });
    const plain = await new PackInProcess(rules).analyzeAll(stack({ web: group(), other: { type: "aws:sqs:Queue" } }));
    assert.deepEqual(said, plain);
    assert.ok(said.some(({ rule }) => rule === imageFactsKnown.id || rule === notifyTerminateExists.id));
  });
});
