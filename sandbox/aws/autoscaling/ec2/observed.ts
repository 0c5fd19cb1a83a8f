/** Calls of others that passed the endpoint, as facts for the model. */
import type { ObservedCall } from "../../service.ts";
import type { Fact } from "../host/host.ts";
import type { KnownResources } from "./known.ts";

const parameters = ({ request }: ObservedCall) =>
  new URLSearchParams(request.method === "GET" ? (request.url.split("?")[1] ?? "") : request.body.toString("utf8"));

/** Values of `InstanceId.1`, `InstanceId.2` … or of `Targets.member.1.Id` … */
const valuesOf = (query: URLSearchParams, name: RegExp) => [...query].filter(([key]) => name.test(key)).map(([, value]) => value);

/** States that an instance has after the call was answered. */
const statesAfter = { TerminateInstances: "terminated", StopInstances: "stopped", StartInstances: "running" } as const;
const healthAfter = { RegisterTargets: "healthy", DeregisterTargets: "unused" } as const;
const templateActions = new Set([
  "CreateLaunchTemplate",
  "CreateLaunchTemplateVersion",
  "ModifyLaunchTemplate",
  "DeleteLaunchTemplate",
  "DeleteLaunchTemplateVersions",
]);

/** Reports what a successful call changed. */
export function observeCall(
  call: ObservedCall,
  known: KnownResources,
  report: (facts: readonly Fact[]) => void,
): Promise<void> | undefined {
  if (call.status >= 300) return undefined;
  const { action, service } = call;
  const query = parameters(call);
  if (service === "ec2" && action in statesAfter) {
    const state = statesAfter[action as keyof typeof statesAfter];
    report(valuesOf(query, /^InstanceId\.\d+$/).map((instanceId): Fact => ["instanceStateChanged", { instanceId, state }]));
  } else if (service === "ec2" && templateActions.has(action)) {
    const id = query.get("LaunchTemplateId");
    const name = query.get("LaunchTemplateName");
    return known.templateChanged({ ...(id !== null && { launchTemplateId: id }), ...(name !== null && { launchTemplateName: name }) });
  } else if (service === "elasticloadbalancing" && action in healthAfter) {
    const state = healthAfter[action as keyof typeof healthAfter];
    const targetGroupArn = query.get("TargetGroupArn") ?? "";
    const ids = valuesOf(query, /^Targets\.member\.\d+\.Id$/);
    report(ids.map((instanceId): Fact => ["targetHealthChanged", { instanceId, targetGroupArn, state }]));
  }
  return undefined;
}
