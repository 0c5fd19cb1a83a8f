import { hidden, unproved, violation, type Finding } from "../core/finding.ts";
import { defineRule } from "../core/rule.ts";
import { hookTransitions } from "../../contract/hooks.ts";
import type { Deployment } from "../model/deployment.ts";
import type { Resource } from "../model/resource.ts";
import type { Value } from "../model/value.ts";

/** Whether a hook holds instances that launch; a finding when that cannot be told. */
function holdsLaunches(transition: Value, group: Resource<"group">): boolean | Finding {
  return transition.hidden ? hidden(transition, group) : transition.text() === hookTransitions.launch;
}

/** What each hook of the group says: those that it was made with, and those that were added. */
function* hooksOf(deployment: Deployment, group: Resource<"group">): Generator<boolean | Finding> {
  const initial = group.at("initialLifecycleHooks");
  if (initial.hidden) yield hidden(initial, group);
  for (const hook of initial.items()) yield holdsLaunches(hook.at("lifecycleTransition"), group);
  for (const hook of deployment.all("hook")) {
    const { found, unproved: why } = deployment.targets(hook, hook.at("autoscalingGroupName"), "group");
    if (found.includes(group)) yield holdsLaunches(hook.at("lifecycleTransition"), group);
    else if (why !== undefined) yield unproved(why, group);
  }
}

/** Whether instances of its warm pool are stopped or hibernated while they wait; `undefined` without a pool. */
function resting(group: Resource<"group">): boolean | Finding | undefined {
  const pool = group.at("warmPool");
  if (pool.missing) return undefined;
  const state = pool.at("poolState");
  return state.hidden ? hidden(state, group) : state.text() !== "Running"; // Stopped by default
}

export const groupWarmPoolHooked = defineRule({
  id: "group-warm-pool-hooked",
  title: "A launch hook holds the instances of a warm pool until they are prepared to rest.",
  why: "Without the hook an instance is stopped while it still installs; what it should have prepared is then done, or broken off, when it is needed.",
  severity: "medium",
  level: "advisory",
  controls: [],
  remediation:
    "Add a lifecycle hook for autoscaling:EC2_INSTANCE_LAUNCHING that the instance completes when it is prepared (launchHook of a fleet), or set warmPool.poolState to Running.",
  url: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-instance-lifecycle.html",
  needs: "group",
  *stack(deployment) {
    for (const group of deployment.all("group")) {
      const rests = resting(group);
      if (rests === undefined || rests === false) continue;
      const hooks = [...hooksOf(deployment, group)];
      if (hooks.includes(true)) continue;
      const open = [rests, ...hooks].find((one) => typeof one === "object");
      const state = group.at("warmPool").at("poolState").text() ?? "Stopped";
      yield (
        open ??
        violation(
          `warmPool.poolState is "${state}" and no launch hook holds its instances; add one, or they are stopped before they are prepared`,
          group,
        )
      );
    }
  },
});
