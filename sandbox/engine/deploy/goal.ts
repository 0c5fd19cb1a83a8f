/** What the program asks for with one registration. */
import type { AliasDescription } from "./aliases.ts";
import { EngineError } from "../api.ts";
import type { CustomTimeouts } from "../state/resource-state.ts";
import type { PropertyMap, Value } from "../values.ts";
import type resource from "@pulumi/pulumi/proto/resource_pb.js";
import { fromStruct } from "../rpc.ts";

export interface Goal {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly parent: string;
  readonly inputs: PropertyMap;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /** Reference of an explicit provider; empty for the default one. */
  readonly provider: string;
  /** Providers for children, by package. */
  readonly providers: Readonly<Record<string, string>>;
  readonly version: string;
  readonly pluginDownloadUrl: string;
  readonly protect?: boolean;
  readonly deleteBeforeReplace?: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly hideDiffs: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly aliases: readonly AliasDescription[];
  readonly timeouts: CustomTimeouts;
  readonly retainOnDelete?: boolean;
  readonly deletedWith: string;
  readonly replaceWith: readonly string[];
  readonly replacementTrigger?: Value;
}

/** A goal that asks for nothing but a type, a name and inputs. */
export const plainGoal = (type: string, name: string, custom: boolean, inputs: PropertyMap): Goal => ({
  type,
  name,
  custom,
  parent: "",
  inputs,
  dependencies: [],
  propertyDependencies: {},
  provider: "",
  providers: {},
  version: "",
  pluginDownloadUrl: "",
  ignoreChanges: [],
  replaceOnChanges: [],
  hideDiffs: [],
  additionalSecretOutputs: [],
  aliases: [],
  timeouts: {},
  deletedWith: "",
  replaceWith: [],
});

const durationUnits = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 } as const;

/** Seconds of a Go duration, `1h30m`; throws an EngineError that names the text. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) {
    throw new EngineError(`customTimeouts: "${text}" is no duration; write for example 30s, 10m or 1h30m`);
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * durationUnits[unit as keyof typeof durationUnits], 0);
}

function timeoutsOf(request: resource.RegisterResourceRequest): CustomTimeouts {
  const given = request.getCustomtimeouts();
  if (given === undefined) return {};
  const entries = { create: given.getCreate(), update: given.getUpdate(), delete: given.getDelete(), read: given.getRead() };
  return Object.fromEntries(Object.entries(entries).flatMap(([key, text]) => (text === "" ? [] : [[key, parseDuration(text)]])));
}

const sorted = (urns: Iterable<string>) => [...new Set(urns)].sort();

function propertyDependenciesOf(request: resource.RegisterResourceRequest, inputs: PropertyMap): Record<string, string[]> {
  const map = request.getPropertydependenciesMap();
  // SDKs that say nothing mean that every property may depend on everything.
  if (map.getLength() === 0) return Object.fromEntries(Object.keys(inputs).map((key) => [key, sorted(request.getDependenciesList())]));
  const result: Record<string, string[]> = Object.fromEntries(Object.keys(inputs).map((key) => [key, []]));
  map.forEach((dependencies, key) => (result[key] = sorted(dependencies.getUrnsList())));
  return result;
}

const mapOf = (map: { forEach(visit: (value: string, key: string) => void): void }) => {
  const result: Record<string, string> = {};
  map.forEach((value, key) => (result[key] = value));
  return result;
};

/** Options that this engine does not carry out; left unsaid they would be silently ignored. */
function refuseUnsupported(request: resource.RegisterResourceRequest): void {
  const hooks = request.getHooks();
  const hookLists =
    hooks === undefined
      ? []
      : [
          hooks.getBeforeCreateList(),
          hooks.getAfterCreateList(),
          hooks.getBeforeUpdateList(),
          hooks.getAfterUpdateList(),
          hooks.getBeforeDeleteList(),
          hooks.getAfterDeleteList(),
          hooks.getOnErrorList(),
        ];
  const asked = {
    "the resource option `import`": request.getImportid() !== "",
    "a component that runs in a plugin (remote)": request.getRemote(),
    "the resource option `transforms`": request.getTransformsList().length > 0,
    "the resource option `hooks`": hookLists.some((list) => list.length > 0),
    "a parameterized package": request.getPackageref() !== "",
    "the resource option `envVarMappings`": request.getEnvvarmappingsMap().getLength() > 0,
    "the resource option `stateMigrations`": request.getStateMigrationsList().length > 0,
  };
  const unsupported = Object.entries(asked).flatMap(([what, given]) => (given ? [what] : []));
  if (unsupported.length > 0) {
    throw new EngineError(
      `${request.getType()} "${request.getName()}" uses ${unsupported.join(" and ")}, which the embedded engine does not support; leave it out, or use Pulumi's CLI (--engine pulumi)`,
    );
  }
}

export function goalOf(request: resource.RegisterResourceRequest, aliases: readonly AliasDescription[]): Goal {
  refuseUnsupported(request);
  const inputs = fromStruct(request.getObject());
  const trigger = request.getReplacementTrigger()?.toJavaScript() as Value | undefined;
  return {
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    parent: request.getParent(),
    inputs,
    dependencies: sorted(request.getDependenciesList()),
    propertyDependencies: propertyDependenciesOf(request, inputs),
    provider: request.getProvider(),
    providers: mapOf(request.getProvidersMap()),
    version: request.getVersion(),
    pluginDownloadUrl: request.getPlugindownloadurl(),
    ...(request.hasProtect() && { protect: request.getProtect() ?? false }),
    ...((request.getDeletebeforereplacedefined() || request.getDeletebeforereplace()) && {
      deleteBeforeReplace: request.getDeletebeforereplace(),
    }),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    hideDiffs: request.getHidediffsList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases,
    timeouts: timeoutsOf(request),
    ...(request.hasRetainondelete() && { retainOnDelete: request.getRetainondelete() ?? false }),
    deletedWith: request.getDeletedwith(),
    replaceWith: request.getReplaceWithList(),
    ...(trigger !== undefined && trigger !== null && { replacementTrigger: trigger }),
  };
}

/** What a child takes over from its parent where it says nothing itself. */
export function inherit(goal: Goal, parent: Goal): Goal {
  const packageName = goal.type.split(":")[0] ?? "";
  const ofPackage = parent.provider.includes(`pulumi:providers:${packageName}::`);
  const protect = goal.protect ?? parent.protect;
  const retainOnDelete = goal.retainOnDelete ?? parent.retainOnDelete;
  return {
    ...goal,
    deletedWith: goal.deletedWith === "" ? parent.deletedWith : goal.deletedWith,
    ...(protect !== undefined && { protect }),
    ...(retainOnDelete !== undefined && { retainOnDelete }),
    provider: goal.provider === "" && (!goal.custom || ofPackage) ? parent.provider : goal.provider,
  };
}
