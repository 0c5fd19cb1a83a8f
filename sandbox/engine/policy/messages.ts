/** Resources in the form in which packs are told of them, and what packs answer. */
import analyzerService from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import protocol from "@pulumi/pulumi/proto/analyzer_pb.js";
import protobuf from "google-protobuf";
import { toStruct } from "../rpc.ts";
import type { Method } from "../rpc.ts";
import type { PropertyMap } from "../values.ts";
import { withoutReferences } from "../values.ts";

/** A resource as policies see it. */
export interface AnalyzedResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly properties: PropertyMap;
  readonly options: {
    readonly protect: boolean;
    readonly ignoreChanges: readonly string[];
    readonly deleteBeforeReplace?: boolean;
    readonly additionalSecretOutputs: readonly string[];
    readonly aliases: readonly string[];
    readonly timeouts: { readonly create?: number; readonly update?: number; readonly delete?: number; readonly read?: number };
    readonly parent: string;
  };
  readonly provider?: { readonly urn: string; readonly type: string; readonly name: string; readonly properties: PropertyMap };
}

/** The same at the end of a run: outputs, and what the resource depends on. */
export interface AnalyzedStackResource extends AnalyzedResource {
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
}

/** Keys of the engine itself, as on providers. */
export const withoutInternal = (map: PropertyMap): PropertyMap =>
  Object.fromEntries(Object.entries(map).filter(([key]) => !key.startsWith("__")));

interface Describable<Self> {
  setUrn(urn: string): Self;
  setType(type: string): Self;
  setName(name: string): Self;
  setProperties(properties: ReturnType<typeof toStruct>): Self;
  setOptions(options: protocol.AnalyzerResourceOptions): Self;
  setProvider(provider: protocol.AnalyzerProviderResource): Self;
}

function fill<Request extends Describable<Request>>(request: Request, resource: AnalyzedResource, properties: PropertyMap): Request {
  const { protect, ignoreChanges, deleteBeforeReplace, additionalSecretOutputs, aliases, timeouts, parent } = resource.options;
  const options = new protocol.AnalyzerResourceOptions()
    .setProtect(protect)
    .setIgnorechangesList([...ignoreChanges])
    .setDeletebeforereplace(deleteBeforeReplace ?? false)
    .setDeletebeforereplacedefined(deleteBeforeReplace !== undefined)
    .setAdditionalsecretoutputsList([...additionalSecretOutputs])
    .setAliasesList([...aliases])
    .setParent(parent);
  const limits = new protocol.AnalyzerResourceOptions.CustomTimeouts();
  options.setCustomtimeouts(
    limits
      .setCreate(timeouts.create ?? 0)
      .setUpdate(timeouts.update ?? 0)
      .setDelete(timeouts.delete ?? 0)
      .setRead(timeouts.read ?? 0),
  );
  request.setUrn(resource.urn).setType(resource.type).setName(resource.name).setOptions(options);
  request.setProperties(toStruct(withoutReferences(properties)));
  if (resource.provider !== undefined) {
    const { urn, type, name, properties: settings } = resource.provider;
    request.setProvider(
      new protocol.AnalyzerProviderResource()
        .setUrn(urn)
        .setType(type)
        .setName(name)
        .setProperties(toStruct(withoutInternal(settings))),
    );
  }
  return request;
}

export const analyzeRequest = (resource: AnalyzedResource, properties: PropertyMap) =>
  fill(new protocol.AnalyzeRequest(), resource, properties);

function stackResource(resource: AnalyzedStackResource): protocol.AnalyzerResource {
  const request = fill(new protocol.AnalyzerResource(), resource, withoutInternal(resource.properties));
  request.setParent(resource.options.parent).setDependenciesList([...resource.dependencies]);
  const map = request.getPropertydependenciesMap();
  for (const [key, urns] of Object.entries(resource.propertyDependencies))
    map.set(key, new protocol.AnalyzerPropertyDependencies().setUrnsList([...urns]));
  return request;
}

const service = analyzerService.AnalyzerService;

/** The field of AnalyzeStackRequest with the resources. */
const resourcesField = 1;
/** The field of AnalyzeResponse with the violations; another names the policies that do not apply, most of them each time. */
const diagnosticsField = 2;

function serializeStack(resources: readonly AnalyzedStackResource[]): Buffer {
  const writer = new protobuf.BinaryWriter();
  for (const resource of resources) writer.writeBytes(resourcesField, stackResource(resource).serializeBinary());
  const { buffer, byteOffset, length } = writer.getResultBuffer();
  return Buffer.from(buffer, byteOffset, length);
}

function readViolations(bytes: Buffer): protocol.AnalyzeDiagnostic[] {
  const reader = new protobuf.BinaryReader(bytes);
  const list: protocol.AnalyzeDiagnostic[] = [];
  while (reader.nextField()) {
    if (reader.getFieldNumber() === diagnosticsField) {
      const diagnostic = new protocol.AnalyzeDiagnostic();
      reader.readMessage(diagnostic, (message: protocol.AnalyzeDiagnostic) =>
        protocol.AnalyzeDiagnostic.deserializeBinaryFromReader(message, reader),
      );
      list.push(diagnostic);
    } else reader.skipField();
  }
  return list;
}

/** Judges one resource. */
export const analyze: Method<protocol.AnalyzeRequest, protocol.AnalyzeDiagnostic[]> = {
  ...service.analyze,
  responseDeserialize: readViolations,
};

/** Judges the stack. One resource after the other becomes bytes: the messages of a whole stack at once take many times what is sent. */
export const analyzeStack: Method<readonly AnalyzedStackResource[], protocol.AnalyzeDiagnostic[]> = {
  ...service.analyzeStack,
  requestSerialize: serializeStack,
  responseDeserialize: readViolations,
};
