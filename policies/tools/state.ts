/** Reads a stack's state: what `pulumi stack export` prints, or a checkpoint file of a local backend. */
import type { ResourceFacts } from "../model/resource.ts";
import { InputFault } from "./fault.ts";

/** The version that Pulumi 3 writes. */
const stateVersion = 3;

export interface StateResource {
  /** Arguments, as rules for one resource get them. */
  readonly inputs: ResourceFacts;
  /** Outputs, as rules for the stack get them. */
  readonly outputs: ResourceFacts;
}

type Raw = Readonly<Record<string, unknown>>;

const isRaw = (value: unknown): value is Raw => typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const textsOf = (value: unknown) => (Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : []);

function parse(text: string, file: string): Raw {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new InputFault(`${file} is not JSON (${(error as Error).message}); give the output of: pulumi stack export`);
  }
  if (!isRaw(parsed)) throw new InputFault(`${file} holds no object; give the output of: pulumi stack export`);
  return parsed;
}

/** The resources, under `deployment` in an export and under `checkpoint.latest` in a checkpoint. */
function resourcesOf(state: Raw, file: string): readonly Raw[] {
  const version = state["version"];
  if (version !== stateVersion)
    throw new InputFault(
      `${file} has state version ${version === undefined ? "none" : JSON.stringify(version)}; this command reads version ${stateVersion}: export the stack with Pulumi 3`,
    );
  const checkpoint = state["checkpoint"];
  const deployment = state["deployment"] ?? (isRaw(checkpoint) ? checkpoint["latest"] : undefined);
  if (!isRaw(deployment)) throw new InputFault(`${file} holds no deployment; give the output of: pulumi stack export`);
  const resources = deployment["resources"] ?? [];
  if (!Array.isArray(resources)) throw new InputFault(`${file}: resources is no list; give the output of: pulumi stack export`);
  return resources.filter(isRaw);
}

function propertyDependencies(raw: unknown): Readonly<Record<string, readonly string[]>> {
  return isRaw(raw) ? Object.fromEntries(Object.entries(raw).map(([key, urns]) => [key, textsOf(urns)])) : {};
}

function resource(raw: Raw): StateResource[] {
  const [urn, type] = [textOf(raw["urn"]), textOf(raw["type"])];
  // What waits for its deletion is replaced already.
  if (urn === undefined || type === undefined || raw["delete"] === true) return [];
  const common = {
    urn,
    type,
    parent: textOf(raw["parent"]),
    ignoreChanges: textsOf(raw["ignoreChanges"]),
    propertyDependencies: propertyDependencies(raw["propertyDependencies"]),
  };
  const id = textOf(raw["id"]);
  const outputs = isRaw(raw["outputs"]) ? raw["outputs"] : {};
  return [
    {
      inputs: { ...common, properties: isRaw(raw["inputs"]) ? raw["inputs"] : {} },
      outputs: { ...common, properties: { ...(id !== undefined && { id }), ...outputs } },
    },
  ];
}

/** @throws InputFault with the file's name and what to give instead. */
export function readState(text: string, file: string): StateResource[] {
  return resourcesOf(parse(text, file), file).flatMap(resource);
}

/** Name of the stack, as its resources' URNs have it. */
export function stackOf(resources: readonly StateResource[]): string | undefined {
  return resources[0]?.inputs.urn.split("::")[0]?.split(":").at(-1);
}
