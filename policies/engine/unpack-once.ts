/**
 * @pulumi/policy unpacks the properties of every resource anew for each policy: with sixty of them that is most of the
 * work of the pack, and of its memory. Here each request unpacks them once. What a policy is handed is still its own
 * copy, since @pulumi/policy copies what it reads.
 */
import { createRequire } from "node:module";

interface Struct {
  toJavaScript(): Record<string, unknown>;
}

interface Holder {
  getProperties(): Struct | undefined;
}

interface Analyzer {
  readonly AnalyzerService: {
    readonly analyze: { requestDeserialize: (bytes: Uint8Array) => Holder };
    readonly analyzeStack: { requestDeserialize: (bytes: Uint8Array) => { getResourcesList(): readonly Holder[] } };
  };
}

function remember(holder: Holder): void {
  const properties = holder.getProperties();
  if (!properties) return;
  const unpack = properties.toJavaScript.bind(properties);
  let unpacked: Record<string, unknown> | undefined;
  properties.toJavaScript = () => (unpacked ??= unpack());
}

/** Changes the decoders of the analyzer protocol's requests. Call it before `new PolicyPack`. */
export function unpackOnce(): void {
  const { analyze, analyzeStack } = (createRequire(import.meta.url)("@pulumi/pulumi/proto/analyzer_grpc_pb.js") as Analyzer)
    .AnalyzerService;
  const [decode, decodeStack] = [analyze.requestDeserialize, analyzeStack.requestDeserialize];
  analyze.requestDeserialize = (bytes) => {
    const request = decode(bytes);
    remember(request);
    return request;
  };
  analyzeStack.requestDeserialize = (bytes) => {
    const request = decodeStack(bytes);
    request.getResourcesList().forEach(remember);
    return request;
  };
}
