/** The requests of the engine, read once for all rules: the same answers as when @pulumi/policy unpacks them for each. */
import assert from "node:assert/strict";
import fc from "fast-check";
import services from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import protocol from "@pulumi/pulumi/proto/analyzer_pb.js";
import { defineRule } from "../../policies/core/rule.ts";
import { Answers } from "../../policies/engine/answers.ts";
import { Requests } from "../../policies/engine/requests.ts";
import { fieldsOf, structOf } from "../../policies/engine/wire.ts";
import type { Deployment } from "../../policies/model/deployment.ts";
import type { AnyResource, ResourceFacts } from "../../policies/model/resource.ts";
import { rules } from "../../policies/rules.ts";
import { materialise, readExamples, type Materialised } from "../../policies/tools/examples.ts";
import { PackInProcess, analyzeRequest, stackRequest, struct } from "./helpers/pack.ts";

const metadata = {
  title: "Something holds.",
  why: "It is a test.",
  severity: "low",
  level: "mandatory",
  controls: [],
  remediation: "Do it.",
  url: "https://example.com/",
} as const;

/** Answers to the bytes that the engine would send. */
async function answers(pack: PackInProcess, requests: Requests, { inputs, outputs }: Materialised) {
  return pack.answer(
    inputs.map((facts) => requests.readResource(analyzeRequest(facts).serializeBinary())),
    requests.readStack(stackRequest(outputs).serializeBinary()),
  );
}

const secret = (value: unknown) => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value });

describe("requests that are read once", () => {
  for (const rule of rules) {
    it(`${rule.id}: all examples are answered as by @pulumi/policy alone`, async () => {
      const { bad, good } = readExamples(rule.id);
      for (const example of [...bad, ...good]) {
        const resources = materialise(example, true);
        const options = { configured: { ...example.configOf, [rule.id]: { ...example.config } }, now: "2026-11-21T00:00:00Z" };
        const requests = new Requests();
        const said = await answers(new PackInProcess(rules, { ...options, requests }), requests, resources);
        assert.deepEqual(said, await new PackInProcess(rules, options).analyzeAll(resources), example.title);
      }
    });
  }

  it("give each rule of one request the same deployment, and a later request another, also when two are answered at once", async () => {
    const seen: [rule: string, Deployment][] = [];
    const looking = (id: string) =>
      defineRule({
        ...metadata,
        id,
        stack(deployment) {
          seen.push([id, deployment]);
          return [];
        },
      });
    const requests = new Requests();
    const pack = new PackInProcess([looking("first-look"), looking("second-look")], { requests });
    const resources = (name: string) => materialise({ resources: { [name]: { type: "aws:sqs:Queue" } } }, true);
    await Promise.all(["a", "b"].map((name) => answers(pack, requests, { ...resources(name), inputs: [] })));
    const names = seen.map(([rule, { resources: all }]) => `${rule} ${all.map(({ name }) => name).join()}`);
    assert.deepEqual(names.sort(), ["first-look a", "first-look b", "second-look a", "second-look b"]);
    assert.equal(new Set(seen.map(([, deployment]) => deployment)).size, 2);
  });

  it("hold the parent, the ignored properties, the dependencies, secrets in plain text and what is unknown", async () => {
    const facts: ResourceFacts = {
      urn: "urn:pulumi:test::fleet::aws:sqs/queue:Queue::jobs",
      type: "aws:sqs/queue:Queue",
      properties: { tags: secret({ owner: secret("me") }), arn: "04da6b54-80e4-46f7-96ec-b56ff0331ba9", none: null, delaySeconds: 3 },
      parent: "urn:pulumi:test::fleet::fleet:components:Fleet::web",
      ignoreChanges: ["tags"],
      propertyDependencies: { tags: ["urn:pulumi:test::fleet::aws:sns/topic:Topic::news"] },
    };
    const seen: AnyResource[] = [];
    const looking = defineRule({
      ...metadata,
      id: "looking",
      resources: {
        queue(queue) {
          seen.push(queue);
          return [];
        },
      },
      stack(deployment) {
        seen.push(...deployment.resources);
        return [];
      },
    });
    const requests = new Requests();
    const alone = { ...facts, parent: undefined };
    await answers(new PackInProcess([looking], { requests }), requests, { inputs: [facts, alone], outputs: [facts, alone] });
    const properties = { ...facts.properties, tags: { owner: "me" } };
    const { propertyDependencies, ...input } = { ...facts, properties };
    assert.deepEqual(
      seen.map((one) => one.facts),
      [undefined, propertyDependencies].flatMap((dependencies) =>
        [input, { ...input, parent: undefined }].map((one) => (dependencies ? { ...one, propertyDependencies: dependencies } : one)),
      ),
    );
  });

  it("may come without properties, without resources, or with fields of a newer engine", () => {
    const requests = new Requests();
    const bare = new protocol.AnalyzeRequest().setType("aws:sqs/queue:Queue").setOptions(new protocol.AnalyzerResourceOptions());
    assert.equal(requests.readResource(bare.serializeBinary()).getType(), "aws:sqs/queue:Queue");
    assert.deepEqual(requests.readStack(new Uint8Array()).getResourcesList(), []);
    const { outputs } = materialise(
      { resources: { a: { type: "aws:sqs:Queue" }, b: { type: "aws:sqs:Queue" }, c: { type: "aws:sns:Topic" } } },
      true,
    );
    const newer = [
      [15 << 3, 0x80, 0x01], // field 15, a number in two bytes
      [0xb9, 0x02, 1, 2, 3, 4, 5, 6, 7, 8], // field 39, eight bytes
      [(9 << 3) | 5, 1, 2, 3, 4], // field 9, four bytes
      [(4 << 3) | 2, 3, 0x0a, 0x0a, 0x0a], // field 4, a text
      ...stackRequest(outputs)
        .getResourcesList()
        .map((one) => [0x0a, ...lengthOf(one.serializeBinary()), ...one.serializeBinary()]),
    ];
    const types = requests
      .readStack(Uint8Array.from(newer.flat()))
      .getResourcesList()
      .map((one) => one.getType());
    assert.deepEqual(types, ["aws:sqs/queue:Queue", "aws:sns/topic:Topic"]);
  });

  it("are left to @pulumi/policy, which says so, when the engine is too old to send options", async () => {
    const requests = new Requests();
    const one = new protocol.AnalyzeRequest().setType("aws:autoscaling/group:Group").setProperties(struct({ minSize: 1 }));
    const resource = new protocol.AnalyzerResource().setType("aws:autoscaling/group:Group").setProperties(struct({ minSize: 1 }));
    const stack = new protocol.AnalyzeStackRequest().setResourcesList([resource]);
    const pack = new PackInProcess(rules, { requests });
    const tooOld = /A more recent version of the Pulumi CLI is required/;
    await assert.rejects(pack.answer([requests.readResource(one.serializeBinary())], stack), tooOld);
    await assert.rejects(pack.answer([], requests.readStack(stack.serializeBinary())), tooOld);
  });

  it("are no silence where @pulumi/policy hands them on otherwise", async () => {
    const [example] = readExamples("group-single-type").bad;
    const { inputs, outputs } = materialise(example!, true);
    const [read, others] = [new Requests(), new Requests()];
    const pack = new PackInProcess(rules, { requests: others });
    const loud = /did not hand on the request as it came: install the version that package-lock\.json names/;
    await assert.rejects(answers(pack, read, { inputs, outputs: [] }), loud);
    await assert.rejects(answers(pack, read, { inputs: [], outputs }), loud);
  });

  it("are what the server decodes, once observed; those for remediations only when a rule may repair something", () => {
    const { analyze, analyzeStack, remediate } = services.AnalyzerService;
    const original = [analyze, analyzeStack, remediate].map((method) => method.requestDeserialize);
    try {
      let remediating = false;
      new Requests().observe(() => remediating);
      const { inputs, outputs } = materialise({ resources: { jobs: { type: "aws:sqs:Queue", properties: { delaySeconds: 3 } } } }, true);
      const bytes = Buffer.from(analyzeRequest(inputs[0]!).serializeBinary());
      const propertiesOf = (request: protocol.AnalyzeRequest) => request.getProperties()?.toJavaScript();
      assert.deepEqual(propertiesOf(analyze.requestDeserialize(bytes)), { "fleet: read with the request": true });
      const all = analyzeStack.requestDeserialize(Buffer.from(stackRequest([...outputs, ...outputs]).serializeBinary()));
      assert.equal(all.getResourcesList().length, 1);
      assert.equal(remediate.requestDeserialize(bytes).getUrn(), "");
      remediating = true;
      assert.equal(remediate.requestDeserialize(bytes).getUrn(), inputs[0]?.urn);
      assert.deepEqual(propertiesOf(remediate.requestDeserialize(bytes)), inputs[0]?.properties);
    } finally {
      [analyze, analyzeStack, remediate].forEach((method, index) => Object.assign(method, { requestDeserialize: original[index] }));
    }
  });
});

function outcome<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

describe("what is read without messages", () => {
  it("is as generated messages read it, in the same order of keys", () => {
    const leaf = fc.oneof(fc.constant(null), fc.boolean(), fc.double({ noNaN: true }), fc.string({ unit: "grapheme" }));
    const { tree } = fc.letrec<{ tree: object; value: unknown }>((tie) => ({
      tree: fc.dictionary(fc.string({ unit: "grapheme" }), tie("value"), { noNullPrototype: true, maxKeys: 8 }),
      value: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("value"), { maxLength: 4 }), tie("tree")),
    }));
    fc.assert(
      fc.property(tree, (properties) => {
        fc.pre(!JSON.stringify(properties).includes("__proto__")); // there it is the message that reads another thing
        const message = struct(properties);
        const read = structOf(Buffer.from(message.serializeBinary()));
        assert.deepEqual(read, message.toJavaScript());
        assert.equal(JSON.stringify(read), JSON.stringify(message.toJavaScript()));
      }),
    );
  });

  it("has its keys in one order, in whichever the engine sends them", () => {
    const bytes = Buffer.concat([struct({ b: 1 }).serializeBinary(), struct({ a: 2 }).serializeBinary()]);
    assert.equal(JSON.stringify(structOf(bytes)), '{"a":2,"b":1}');
  });

  it("may be cut short or of a newer kind: an error, never a loop and never another value", () => {
    assert.throws(() => structOf(Buffer.from([0x0a, 0x05, 0x0a, 0x01, 0x61, 0x12, 0x00])), /property of kind none, which this version/);
    assert.throws(
      () => structOf(Buffer.from([0x0a, 0x07, 0x0a, 0x01, 0x61, 0x12, 0x02, 0x38, 0x01])),
      /property of kind 7, which this version of the pack cannot read/,
    );
    const whole = struct({ a: ["b", { c: 1.5 }], d: null }).serializeBinary();
    for (let length = 1; length < whole.length; length++) {
      const cut = whole.slice(0, length);
      const read = outcome(() => structOf(cut));
      assert.ok(read === undefined || JSON.stringify(read) === '{"a":["b",{"c":1.5}]}', `cut to ${length}: ${JSON.stringify(read)}`);
    }
    const group = 0b1_011; // wire type 3, which nobody sends any more and whose length is not told
    assert.throws(() => fieldsOf(Uint8Array.of(group, 0x80)));
  });
});

describe("answers", () => {
  it("are written byte for byte as the protocol's encoder writes them", () => {
    const none = (name: string, reason: string) => new protocol.PolicyNotApplicable().setPolicyName(name).setReason(reason);
    const found = new protocol.AnalyzeDiagnostic()
      .setPolicyname("a")
      .setMessage("é ✓")
      .setEnforcementlevel(protocol.EnforcementLevel.MANDATORY);
    const answers = [
      [],
      [none("a", "of type x"), none("b", "of type x"), none("a", "of type y"), none("c", "")],
      [none("a", "of type y"), none("c", "")],
    ].flatMap((list) => [[], [found, found]].map((diagnostics) => ({ list, diagnostics })));
    const written = new Answers();
    for (const { list, diagnostics } of answers) {
      const answer = new protocol.AnalyzeResponse().setDiagnosticsList(diagnostics).setNotApplicableList(list);
      assert.deepEqual(written.write(answer), Buffer.from(answer.serializeBinary()));
    }
  });
});

/** Length of a message of up to 16 KiB on the wire. */
const lengthOf = ({ length }: Uint8Array) => (length < 128 ? [length] : [(length % 128) | 128, length >> 7]);
