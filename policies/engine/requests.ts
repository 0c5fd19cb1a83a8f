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
import { fieldsOf, structOf } from "./wire.ts";

type Struct = NonNullable<ReturnType<protocol.AnalyzeRequest["getProperties"]>>;

// @pulumi/policy's own, so that secrets and assets are read as in every pack. Its types are not published.
const { deserializeProperties } = createRequire(import.meta.url)("@pulumi/policy/deserialize.js") as {
  deserializeProperties: (properties: Struct, keepSecrets: boolean) => Record<string, unknown>;
};

/** The one property of a resource whose properties were read with the request. */
export const readWithRequest = "fleet: read with the request";

/** What @pulumi/policy unpacks in the place of the properties. */
const emptied = { toJavaScript: () => ({ [readWithRequest]: true }) } as unknown as Struct;

function factsOf(
  resource: protocol.AnalyzeRequest | protocol.AnalyzerResource,
  options: protocol.AnalyzerResourceOptions,
  properties: Struct | undefined,
) {
  return {
    urn: resource.getUrn(),
    type: resource.getType(),
    properties: properties === undefined ? {} : deserializeProperties(properties, false),
    parent: options.getParent() === "" ? undefined : options.getParent(),
    ignoreChanges: options.getIgnorechangesList(),
  };
}

function stackFactsOf(
  resource: protocol.AnalyzerResource,
  options: protocol.AnalyzerResourceOptions,
  properties: Struct | undefined,
): ResourceFacts {
  const facts = factsOf(resource, options, properties);
  const dependencies = [...resource.getPropertydependenciesMap().entries()].map(([key, on]) => [key, on.getUrnsList()] as const);
  return {
    ...facts,
    parent: resource.getParent() === "" ? facts.parent : resource.getParent(),
    propertyDependencies: Object.fromEntries(dependencies),
  };
}

/** Numbers of fields in the protocol: of a request for a stack, and of a resource by itself or in a stack. */
const resourcesField = 1;
const propertiesField = 2;
const providerField = 6;

/** A resource without its properties, which are read by themselves, and its provider, at which no rule looks. */
function split(message: Uint8Array): { rest: Uint8Array; properties: Struct | undefined } {
  const fields = fieldsOf(message);
  const properties = fields.findLast(({ number }) => number === propertiesField);
  const rest = fields.filter(({ number }) => number !== propertiesField && number !== providerField);
  return {
    rest: new Uint8Array(Buffer.concat(rest.map(({ bytes }) => bytes))),
    properties: properties && ({ toJavaScript: () => structOf(properties.content) } as unknown as Struct),
  };
}

/** The same bytes and no Buffer, of which google-protobuf would make a copy. */
const viewOf = ({ buffer, byteOffset, length }: Uint8Array) => new Uint8Array(buffer, byteOffset, length);

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
    const { rest, properties } = split(viewOf(bytes));
    const request = protocol.AnalyzeRequest.deserializeBinary(rest);
    const options = request.getOptions();
    if (options === undefined) return protocol.AnalyzeRequest.deserializeBinary(new Uint8Array(bytes)); // the engine is too old, which @pulumi/policy says
    this.#resources.set(options.getIgnorechangesList(), factsOf(request, options, properties));
    request.getProperties = () => emptied;
    return request;
  }

  /** Resource by resource: as messages all at once they would take ten times the room of their bytes. */
  readStack(bytes: Uint8Array): protocol.AnalyzeStackRequest {
    const facts: ResourceFacts[] = [];
    for (const { number, content } of fieldsOf(viewOf(bytes))) {
      if (number !== resourcesField) continue;
      const { rest, properties } = split(content);
      const resource = protocol.AnalyzerResource.deserializeBinary(rest);
      const options = resource.getOptions();
      if (options === undefined) return protocol.AnalyzeStackRequest.deserializeBinary(new Uint8Array(bytes));
      facts.push(stackFactsOf(resource, options, properties));
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
