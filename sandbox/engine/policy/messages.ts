/** Resources in the form in which packs are told of them. */
import protocol from "@pulumi/pulumi/proto/analyzer_pb.js";
import { toStruct } from "../rpc.ts";
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

export function stackResource(resource: AnalyzedStackResource): protocol.AnalyzerResource {
  const request = fill(new protocol.AnalyzerResource(), resource, withoutInternal(resource.properties));
  request.setParent(resource.options.parent).setDependenciesList([...resource.dependencies]);
  const map = request.getPropertydependenciesMap();
  for (const [key, urns] of Object.entries(resource.propertyDependencies))
    map.set(key, new protocol.AnalyzerPropertyDependencies().setUrnsList([...urns]));
  return request;
}
