/** What of a fleet's settings would change its sizes or its cost and is not simulated, each by its name in the settings. Pure. */
import type { GroupOptionsOutput } from "../../contract/fleets-output.ts";
import { terminationPolicyNames, type TerminationPolicy } from "../types/common.ts";
import { expressionFaults } from "./math.ts";
import { sharedNames } from "./policies.ts";
import type { SimulatedFleet } from "./types.ts";

type Policy = SimulatedFleet["scaling"]["policies"][number];

const mathFaultsOf = (policy: Policy): string[] => {
  if (!("math" in policy.metric)) return [];
  const { expression, metrics } = policy.metric.math;
  return expressionFaults(Object.keys(metrics), expression);
};

/** Whether the simulator can run a policy; `leftOut` names those that it cannot. */
export const isCalculable = (policy: Policy): boolean => mathFaultsOf(policy).length === 0;

/** Those that the model knows; undefined = the project's own. */
export function terminationPolicies({ terminationPolicies: given = [] }: GroupOptionsOutput): TerminationPolicy[] | undefined {
  const known = terminationPolicyNames.filter((name) => given.includes(name));
  return given.length > 0 && known.length === given.length
    ? known.sort((one, other) => given.indexOf(one) - given.indexOf(other))
    : undefined;
}

export function leftOut(fleet: SimulatedFleet): string[] {
  const { scaling, terminateHook, mixedInstances, groupOptions = {} } = fleet;
  const { policies, predictive, composites = {} } = scaling;
  return [
    ...policies.flatMap((policy) =>
      mathFaultsOf(policy).map((fault) => `target tracking ${"name" in policy ? policy.name : ""}: its metric math (${fault})`),
    ),
    ...sharedNames(fleet).map((name) => `metrics with the name ${name}: several have it, and they are simulated as one`),
    ...(predictive === undefined ? [] : ["predictive scaling: its forecast is AWS's own"]),
    ...Object.keys(composites).map((name) => `composite alarm ${name}: it tells operators and changes no size`),
    ...(terminateHook?.onAbandon === "retain" ? ["terminateHook.onAbandon: no hook is abandoned here, and nothing is retained"] : []),
    ...(mixedInstances === undefined ? [] : mixedLeftOut(mixedInstances)),
    ...(groupOptions.maxInstanceLifetimeSeconds === undefined ? [] : ["group.maxLifetimeDays: nothing is replaced for its age"]),
    ...(terminationPolicies(groupOptions) === undefined && groupOptions.terminationPolicies !== undefined
      ? ["group.terminationPolicies: a function of one's own is not called; instances go as OldestLaunchTemplate, then Default, have it"]
      : []),
  ];
}

const mixedLeftOut = ({ capacityUnits }: NonNullable<SimulatedFleet["mixedInstances"]>): string[] => [
  "mixedInstances: all instances carry the same, cost the same, and none is taken back",
  ...(capacityUnits === undefined ? [] : [`mixedInstances.capacityUnits: the sizes are taken as instances, not as ${capacityUnits}`]),
];
