/** Asks the packs about resources, and applies what they mend. */
import { EngineError } from "../api.ts";
import type { AnalyzedResource, AnalyzedStackResource } from "../policy/messages.ts";
import type { Remediation } from "../policy/pack.ts";
import type { ResourceState } from "../state/resource-state.ts";
import { parseReference, urnName } from "../urn.ts";
import type { PropertyMap } from "../values.ts";
import { redacted } from "../values.ts";
import type { Deployment } from "./deployment.ts";

function describe(deployment: Deployment, state: ResourceState, properties: PropertyMap): AnalyzedResource {
  const goal = deployment.goals.get(state.urn);
  const providerUrn = state.provider ? parseReference(state.provider).urn : undefined;
  const provider = providerUrn === undefined ? undefined : (deployment.news.get(providerUrn) ?? deployment.olds.get(providerUrn));
  return {
    urn: state.urn,
    type: state.type,
    name: urnName(state.urn),
    properties,
    options: {
      protect: state.protect ?? false,
      ignoreChanges: state.ignoreChanges ?? [],
      ...(goal?.deleteBeforeReplace !== undefined && { deleteBeforeReplace: goal.deleteBeforeReplace }),
      additionalSecretOutputs: state.additionalSecretOutputs ?? [],
      aliases: state.aliases ?? [],
      timeouts: state.customTimeouts ?? {},
      parent: state.parent ?? "",
    },
    ...(provider && {
      provider: { urn: provider.urn, type: provider.type, name: urnName(provider.urn), properties: provider.inputs ?? {} },
    }),
  };
}

/** A replaced resource is checked and mended twice; the user hears of it once. */
interface RemediateOptions {
  readonly announce: boolean;
}

function report(deployment: Deployment, state: ResourceState, one: Remediation, { announce }: RemediateOptions): PropertyMap | undefined {
  const { policyName, policyPackName, policyPackVersion, description, properties, diagnostic } = one;
  const policy = { urn: state.urn, policyName, policyPackName, policyPackVersion, description };
  if (diagnostic !== "" || properties === undefined) {
    if (announce) deployment.recorder.violation({ ...policy, message: diagnostic, enforcementLevel: "advisory" });
    return undefined;
  }
  if (announce) deployment.recorder.remediation({ ...policy, before: redacted(state.inputs ?? {}), after: redacted(properties) });
  return properties;
}

/** The state with its inputs as the packs want them. */
export async function remediate(deployment: Deployment, state: ResourceState, options: RemediateOptions): Promise<ResourceState> {
  let result = state;
  for (const pack of deployment.options.packs) {
    for (const remediation of await pack.remediate(describe(deployment, result, result.inputs ?? {}))) {
      const inputs = report(deployment, result, remediation, options);
      if (inputs !== undefined) result = { ...result, inputs };
    }
  }
  return result;
}

/** The same, then the packs' judgement. Throws when a mandatory policy forbids the resource in an update. */
export async function applyPolicies(deployment: Deployment, state: ResourceState): Promise<ResourceState> {
  const result = await remediate(deployment, state, { announce: true });
  const resource = describe(deployment, result, result.inputs ?? {});
  const found = (await Promise.all(deployment.options.packs.map((pack) => pack.analyze(resource)))).flat();
  for (const violation of found) deployment.recorder.violation(violation);
  if (!deployment.options.dryRun && found.some((violation) => violation.enforcementLevel === "mandatory")) {
    throw new EngineError(`${urnName(state.urn)} (${state.type}) violates a mandatory policy`);
  }
  return result;
}

/** Asks about the stack as a whole, on outputs. */
export async function applyStackPolicies(deployment: Deployment): Promise<void> {
  if (deployment.options.packs.length === 0) return;
  const resources: AnalyzedStackResource[] = [...deployment.news.values()]
    .filter((state) => !state.external)
    .map((state) => ({
      ...describe(deployment, state, state.outputs ?? {}),
      dependencies: state.dependencies ?? [],
      propertyDependencies: state.propertyDependencies ?? {},
    }));
  const found = await Promise.all(deployment.options.packs.map((pack) => pack.analyzeStack(resources, deployment.rootUrn)));
  for (const violation of found.flat()) deployment.recorder.violation(violation);
}
