/** The requests of the engine, read through the decoders that the pack changes. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import analyzer from "@pulumi/pulumi/proto/analyzer_pb.js";
import { unpackOnce } from "../../policies/engine/unpack-once.ts";
import { rules } from "../../policies/rules.ts";
import { materialise, readExamples } from "../../policies/tools/examples.ts";
import { PackInProcess, analyzeRequest, stackRequest } from "./helpers/pack.ts";

const { AnalyzerService: service } = createRequire(import.meta.url)("@pulumi/pulumi/proto/analyzer_grpc_pb.js") as {
  AnalyzerService: {
    analyze: { requestDeserialize: (bytes: Uint8Array) => InstanceType<typeof analyzer.AnalyzeRequest> };
    analyzeStack: { requestDeserialize: (bytes: Uint8Array) => InstanceType<typeof analyzer.AnalyzeStackRequest> };
  };
};

describe("requests that are unpacked once", () => {
  const original = { analyze: service.analyze.requestDeserialize, analyzeStack: service.analyzeStack.requestDeserialize };
  const [example] = readExamples("scaling-no-oscillation").bad;
  const { inputs, outputs } = materialise(example!, true);

  before(() => unpackOnce());
  after(() => {
    service.analyze.requestDeserialize = original.analyze;
    service.analyzeStack.requestDeserialize = original.analyzeStack;
  });

  it("hold the same properties, unpacked for the first who asks", () => {
    const [facts] = inputs;
    const properties = service.analyze.requestDeserialize(analyzeRequest(facts!).serializeBinary()).getProperties();
    assert.deepEqual(properties?.toJavaScript(), facts?.properties);
    assert.equal(properties?.toJavaScript(), properties?.toJavaScript());
    const stack = service.analyzeStack.requestDeserialize(stackRequest(outputs).serializeBinary()).getResourcesList();
    assert.deepEqual(
      stack.map((one) => one.getProperties()?.toJavaScript()),
      outputs.map((one) => one.properties),
    );
    for (const one of stack) assert.equal(one.getProperties()?.toJavaScript(), one.getProperties()?.toJavaScript());
  });

  it("may come without properties", () => {
    const request = new analyzer.AnalyzeRequest();
    assert.equal(service.analyze.requestDeserialize(request.serializeBinary()).getProperties(), undefined);
  });

  it("are answered as before, whatever a policy does to its own copy", async () => {
    const decoded = inputs.map((facts) => service.analyze.requestDeserialize(analyzeRequest(facts).serializeBinary()));
    const stack = service.analyzeStack.requestDeserialize(stackRequest(outputs).serializeBinary());
    const answers = () => new PackInProcess(rules).answer(decoded, stack);
    const expected = await new PackInProcess(rules).analyzeAll({ inputs, outputs });
    const vandal = {
      name: "vandal",
      description: "Changes what it is handed.",
      validateResource: ({ props }: { props: Record<string, unknown> }) => {
        for (const key of Object.keys(props)) Reflect.deleteProperty(props, key);
      },
    };
    assert.deepEqual(await new PackInProcess(rules, {}, [vandal]).answer(decoded, stack), expected);
    assert.deepEqual(await answers(), expected);
  });
});
