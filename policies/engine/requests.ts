/**
 * Reads the engine's requests once, for all rules.
 *
 * @pulumi/policy unpacks and copies the properties of every resource anew for each policy. In a large stack, with sixty
 * policies, that is most of the work and of the memory of a pack. Here the decoders of the requests read every resource into
 * plain facts, and hand @pulumi/policy what it needs to choose the policies and no more: the resource without its
 * properties, or one such resource per type of the stack. A policy finds the facts by the list of ignored properties, which
 * is handed to it as the very object that stands in the request.
 */
import { createRequire } from "node:module";
import type { ResourceValidationArgs, StackValidationArgs } from "@pulumi/policy";
import services from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import protocol from "@pulumi/pulumi/proto/analyzer_pb.js";
import { Deployment } from "../model/deployment.ts";
import type { ResourceFacts } from "../model/resource.ts";

type Struct = NonNullable<ReturnType<protocol.AnalyzeRequest["getProperties"]>>;

// @pulumi/policy's own, so that secrets and assets are read as in every pack. Its types are not published.
const { deserializeProperties } = createRequire(import.meta.url)("@pulumi/policy/deserialize.js") as {
  deserializeProperties: (properties: Struct, keepSecrets: boolean) => Record<string, unknown>;
};

/** The one property of a resource whose properties were read with the request. */
export const readWithRequest = "fleet: read with the request";

/** What @pulumi/policy unpacks in the place of the properties. */
const emptied = { toJavaScript: () => ({ [readWithRequest]: true }) } as unknown as Struct;

function factsOf(resource: protocol.AnalyzeRequest | protocol.AnalyzerResource, options: protocol.AnalyzerResourceOptions) {
  const properties = resource.getProperties();
  return {
    urn: resource.getUrn(),
    type: resource.getType(),
    properties: properties === undefined ? {} : deserializeProperties(properties, false),
    parent: options.getParent() === "" ? undefined : options.getParent(),
    ignoreChanges: options.getIgnorechangesList(),
  };
}

function stackFactsOf(resource: protocol.AnalyzerResource, options: protocol.AnalyzerResourceOptions): ResourceFacts {
  const facts = factsOf(resource, options);
  const dependencies = [...resource.getPropertydependenciesMap().entries()].map(([key, on]) => [key, on.getUrnsList()] as const);
  return {
    ...facts,
    parent: resource.getParent() === "" ? facts.parent : resource.getParent(),
    propertyDependencies: Object.fromEntries(dependencies),
  };
}

/** A varint, seven bits to the byte, and where it ends. */
function varint(bytes: Uint8Array, start: number): [value: number, end: number] {
  let value = 0;
  for (let at = start, scale = 1; ; at++, scale *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte % 128) * scale;
    if (byte < 128) return [value, at + 1];
  }
}

/** `resources`, field 1 of the request for a stack: wire type 2, its length before it. */
const resourcesTag = 0b1_010;
const bytesOfWireType: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/**
 * The resources of a request for a stack one by one: as messages all at once they take ten times the room of their bytes.
 * Fields of a newer engine are passed over (https://protobuf.dev/programming-guides/encoding/).
 */
function* resourcesIn(bytes: Uint8Array): Generator<protocol.AnalyzerResource> {
  for (let at = 0; at < bytes.length;) {
    const [tag, afterTag] = varint(bytes, at);
    const [value, afterValue] = varint(bytes, afterTag);
    const wireType = tag % 8;
    at = wireType === 0 ? afterValue : wireType === 2 ? afterValue + value : afterTag + (bytesOfWireType[wireType] ?? bytes.length);
    if (tag !== resourcesTag) continue;
    yield protocol.AnalyzerResource.deserializeBinary(new Uint8Array(bytes.buffer, bytes.byteOffset + afterValue, value));
  }
}

/** Stands for all resources of a type. */
function carrierOf(type: string, options: protocol.AnalyzerResourceOptions): protocol.AnalyzerResource {
  const carrier = new protocol.AnalyzerResource().setType(type).setOptions(options);
  carrier.getProperties = () => emptied;
  return carrier;
}

function nameless(): protocol.AnalyzeRequest {
  const request = new protocol.AnalyzeRequest().setOptions(new protocol.AnalyzerResourceOptions());
  request.getProperties = () => emptied;
  return request;
}

export class Requests {
  readonly #resources = new WeakMap<object, ResourceFacts>();
  readonly #deployments = new WeakMap<object, Deployment>();

  /**
   * Changes the decoders of the analyzer protocol. Call it before `new PolicyPack`. The engine asks for remediations of every
   * resource; while `remediating` is false, no rule will repair anything, and these requests are not read at all.
   */
  observe(remediating: () => boolean): void {
    const { analyze, analyzeStack, remediate } = services.AnalyzerService;
    const decode = remediate.requestDeserialize;
    const unread = nameless();
    analyze.requestDeserialize = (bytes) => this.readResource(bytes);
    analyzeStack.requestDeserialize = (bytes) => this.readStack(bytes);
    remediate.requestDeserialize = (bytes) => (remediating() ? decode(bytes) : unread);
  }

  readResource(bytes: Uint8Array): protocol.AnalyzeRequest {
    const request = protocol.AnalyzeRequest.deserializeBinary(new Uint8Array(bytes));
    const options = request.getOptions();
    if (options === undefined) return request; // an engine that is too old, which @pulumi/policy says
    this.#resources.set(options.getIgnorechangesList(), factsOf(request, options));
    request.clearProvider(); // no rule looks at it
    request.clearProperties();
    request.getProperties = () => emptied;
    return request;
  }

  readStack(bytes: Uint8Array): protocol.AnalyzeStackRequest {
    const facts: ResourceFacts[] = [];
    for (const resource of resourcesIn(bytes)) {
      const options = resource.getOptions();
      if (options === undefined) return protocol.AnalyzeStackRequest.deserializeBinary(new Uint8Array(bytes));
      facts.push(stackFactsOf(resource, options));
    }
    const deployment = new Deployment(facts);
    const carriers = [...new Set(facts.map(({ type }) => type))].map((type) => {
      const options = new protocol.AnalyzerResourceOptions();
      this.#deployments.set(options.getIgnorechangesList(), deployment);
      return carrierOf(type, options);
    });
    return new protocol.AnalyzeStackRequest().setResourcesList(carriers);
  }

  /** What was read of the resource that a policy is asked about; undefined when the request was decoded elsewhere. */
  resource({ opts }: ResourceValidationArgs): ResourceFacts | undefined {
    return this.#resources.get(opts.ignoreChanges);
  }

  /** The same of a stack. */
  deployment({ resources: [carrier] }: StackValidationArgs): Deployment | undefined {
    return carrier && this.#deployments.get(carrier.opts.ignoreChanges);
  }
}
