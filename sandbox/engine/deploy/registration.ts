/** From what the program asks for to the steps that bring it about, and the state that comes of them. */
import { EngineError } from "../api.ts";
import { ignoreChanges } from "../paths.ts";
import type { DiffResult } from "../provider/provider.ts";
import type { ResourceState } from "../state/resource-state.ts";
import { isProviderType, makeUrn, stackType } from "../urn.ts";
import type { PropertyMap } from "../values.ts";
import { containsUnknown } from "../values.ts";
import { dependentsToReplace } from "./dependents.ts";
import type { Deployment } from "./deployment.ts";
import { difference } from "./differ.ts";
import type { Goal } from "./goal.ts";
import { create, protectedMessage, remove, replace, same, update } from "./operations.ts";
import { applyPolicies, remediate } from "./policies.ts";

interface Registration {
  readonly urn: string;
  readonly goal: Goal;
  readonly old: ResourceState | undefined;
}

/** Everything but the stack and the default providers stands under something; what names no parent, under the stack. */
function withParent(deployment: Deployment, goal: Goal): Goal {
  if (goal.parent !== "" || goal.type === stackType || (isProviderType(goal.type) && goal.name.startsWith("default"))) return goal;
  return { ...goal, parent: deployment.rootUrn };
}

/** Gives the URN to this registration and finds its state. Nothing is awaited here, so that two cannot claim the same. */
function claim(deployment: Deployment, asked: Goal): Registration {
  const goal = withParent(deployment, asked);
  const urn = makeUrn(deployment.scope, goal.parent === "" ? undefined : goal.parent, goal.type, goal.name);
  if (deployment.claimed.has(urn)) {
    throw new EngineError(
      `The program registers ${urn} twice: two resources of one type and parent have the name "${goal.name}". Give one of them another name.`,
    );
  }
  if (deployment.aliases.isClaimed(urn)) {
    throw new EngineError(`The program registers ${urn}, which ${deployment.aliases.current(urn)} has already taken over as its alias.`);
  }
  const candidates = deployment.aliases.candidates(goal, goal.aliases);
  const found = [urn, ...candidates].find((one) => deployment.olds.has(one));
  if (found !== undefined && found !== urn) {
    if (deployment.claimed.has(found) || deployment.aliases.isClaimed(found)) {
      throw new EngineError(`${urn} has the alias ${found}, which belongs to another resource of this program.`);
    }
    deployment.aliases.claim(urn, found);
    deployment.snapshot.rename(found, urn);
  }
  deployment.claimed.add(urn);
  deployment.goals.set(urn, goal);
  if (goal.type === stackType) deployment.rootUrn = urn;
  return { urn, goal, old: found === undefined ? undefined : deployment.olds.get(found) };
}

/** The state that the goal asks for, with these inputs. */
function desired({ urn, goal, old }: Registration, inputs: PropertyMap): ResourceState {
  const alias = old !== undefined && old.urn !== urn ? old.urn : undefined;
  const list = <Item>(items: readonly Item[]) => (items.length > 0 ? items : undefined);
  const optional = {
    parent: goal.parent || undefined,
    protect: goal.protect === true ? true : undefined,
    dependencies: list(goal.dependencies),
    provider: goal.provider || undefined,
    propertyDependencies: Object.keys(goal.propertyDependencies).length > 0 ? goal.propertyDependencies : undefined,
    additionalSecretOutputs: list(goal.additionalSecretOutputs),
    aliases: alias === undefined ? undefined : [alias],
    customTimeouts: Object.keys(goal.timeouts).length > 0 ? goal.timeouts : undefined,
    retainOnDelete: goal.retainOnDelete === true ? true : undefined,
    deletedWith: goal.deletedWith || undefined,
    replaceWith: list(goal.replaceWith),
    replacementTrigger: goal.replacementTrigger,
    ignoreChanges: list(goal.ignoreChanges),
    replaceOnChanges: list(goal.replaceOnChanges),
    hideDiff: list(goal.hideDiffs),
  };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { urn, custom: goal.custom, type: goal.type, inputs, ...given };
}

/** Inputs as the provider completes them, names included. Every failure is reported. */
async function checked(deployment: Deployment, state: ResourceState, olds: PropertyMap | undefined): Promise<ResourceState> {
  if (!state.custom) return state;
  const provider = await deployment.provider(state);
  const request = { urn: state.urn, news: state.inputs ?? {}, seed: deployment.seed(state.urn), ...(olds && { olds }) };
  const { inputs, failures } = await provider.check(request);
  if (failures.length === 0) return { ...state, inputs };
  const lines = failures.map(({ property, reason }) => `  ${property === "" ? "" : `${property}: `}${reason}`);
  throw new EngineError(`${state.type} "${state.urn.split("::").at(-1) ?? ""}" has invalid inputs:\n${lines.join("\n")}`);
}

function withIgnored(deployment: Deployment, { urn, goal, old }: Registration): PropertyMap {
  if (old === undefined || goal.ignoreChanges.length === 0) return goal.inputs;
  const { inputs, impossible } = ignoreChanges(goal.inputs, old.inputs ?? {}, goal.ignoreChanges);
  if (impossible.length > 0) {
    deployment.recorder.diagnostic("info", `cannot ignore changes in added or removed elements of: ${impossible.join(", ")}`, urn);
  }
  return inputs;
}

/** A replacement is checked as a new resource: what the old one was named does not bind it. */
async function asNew(deployment: Deployment, { goal }: Registration, state: ResourceState): Promise<ResourceState> {
  return remediate(deployment, await checked(deployment, { ...state, inputs: goal.inputs }, undefined), { announce: false });
}

async function replaceAhead(
  deployment: Deployment,
  registration: Registration,
  old: ResourceState,
  state: ResourceState,
  diff: DiffResult,
): Promise<ResourceState> {
  const dependents = await dependentsToReplace(deployment, old);
  for (const { state: dependent } of dependents) {
    if (dependent.protect)
      throw new EngineError(protectedMessage(dependent.urn, `replaced, as ${registration.urn} on which it depends must be`));
  }
  for (const { state: dependent } of dependents) deployment.deleted.add(dependent.urn);
  deployment.deleted.add(registration.urn);
  for (const { state: dependent, keys } of dependents.toReversed()) {
    deployment.check();
    deployment.recreate.set(dependent.urn, keys);
    await remove(deployment, dependent, { replaced: true, ahead: true });
  }
  deployment.check();
  if (!old.pendingReplacement) await remove(deployment, old, { replaced: true, ahead: true });
  await replace(deployment, old, state, diff);
  deployment.check();
  return create(deployment, state, { replaces: old, diff });
}

async function replaceResource(
  deployment: Deployment,
  registration: Registration,
  old: ResourceState,
  state: ResourceState,
  diff: DiffResult,
): Promise<ResourceState> {
  const { goal, urn } = registration;
  if (goal.protect === true && old.protect) throw new EngineError(protectedMessage(urn, "replaced"));
  deployment.replaced.add(urn);
  const fresh = await asNew(deployment, registration, state);
  deployment.check();
  if (goal.deleteBeforeReplace ?? diff.deleteBeforeReplace) return replaceAhead(deployment, registration, old, fresh, diff);
  const made = await create(deployment, fresh, { replaces: old, diff });
  await replace(deployment, old, made, diff);
  return made;
}

async function bringAbout(deployment: Deployment, registration: Registration): Promise<ResourceState> {
  const { urn, goal, old } = registration;
  const recreateKeys = old && deployment.recreate.get(old.urn);
  const isNew = old === undefined || old.external === true || recreateKeys !== undefined;
  const wanted = desired(registration, isNew ? goal.inputs : withIgnored(deployment, registration));
  const state = await applyPolicies(deployment, await checked(deployment, wanted, isNew ? undefined : old.inputs));
  deployment.check();
  if (old === undefined) return create(deployment, state);
  if (recreateKeys !== undefined) {
    deployment.recreate.delete(old.urn);
    deployment.replaced.add(urn);
    const diff = { changes: "some", replaceKeys: recreateKeys, changedKeys: [], deleteBeforeReplace: true } as const;
    await replace(deployment, old, state, diff);
    return create(deployment, state, { replaces: old, diff });
  }
  if (old.external) {
    const made = await create(deployment, state, { replaces: old });
    await replace(deployment, old, made, undefined);
    return made;
  }
  if (!deployment.options.dryRun && containsUnknown(state.replacementTrigger ?? null)) {
    throw new EngineError(`the replacementTrigger of ${urn} is not known`);
  }
  const diff = await difference(deployment, old, state);
  deployment.check();
  const isReplacement = diff.changes === "some" && diff.replaceKeys.length > 0;
  if (isReplacement || old.pendingReplacement) return replaceResource(deployment, registration, old, state, diff);
  if (diff.changes === "some" || (old.initErrors ?? []).length > 0) return update(deployment, old, state, diff);
  return same(deployment, old, state);
}

/** Throws Stopped when the deployment does not go on; why has been reported then. */
export async function register(deployment: Deployment, goal: Goal): Promise<ResourceState> {
  deployment.check();
  let urn: string | undefined;
  try {
    const registration = claim(deployment, goal);
    urn = registration.urn;
    return await deployment.limit.run(() => {
      deployment.check();
      return bringAbout(deployment, registration);
    });
  } catch (error) {
    throw deployment.fail(error, urn);
  }
}

/** What a component, or the stack, gives as its outputs. */
export function registerOutputs(deployment: Deployment, urn: string, outputs: PropertyMap): void {
  const state = deployment.news.get(urn);
  if (state === undefined) throw new EngineError(`outputs are registered for ${urn}, which is not a resource of this program`);
  const result = { ...state, outputs };
  deployment.snapshot.put(undefined, result);
  deployment.news.set(urn, result);
}
