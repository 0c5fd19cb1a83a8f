/** Every action of the API: what answers it, or that it is refused and why. */
import { AutoScalingError } from "../../../../scaling/error.ts";
import { ApiError } from "../protocol/errors.ts";
import { parseInput } from "../protocol/parse.ts";
import { serviceModel } from "../protocol/shapes.ts";
import { activityActions } from "./activities.ts";
import type { ActionContext } from "./context.ts";
import { groupActions } from "./groups.ts";
import { hookActions } from "./hooks.ts";
import { instanceActions } from "./instances.ts";
import { notificationActions } from "./notifications.ts";
import { policyActions } from "./policies.ts";
import { refreshActions } from "./refreshes.ts";
import { scheduleActions } from "./schedules.ts";
import { tagActions } from "./tags.ts";
import { trafficActions } from "./traffic.ts";
import { warmPoolActions } from "./warm-pools.ts";

const actions = {
  ...activityActions,
  ...groupActions,
  ...hookActions,
  ...instanceActions,
  ...notificationActions,
  ...policyActions,
  ...refreshActions,
  ...scheduleActions,
  ...tagActions,
  ...trafficActions,
  ...warmPoolActions,
};

/** Actions of the API that answer InvalidAction, with the reason. */
export const refusedActions: Readonly<Record<string, string>> = {
  AttachLoadBalancers: "Classic Load Balancers are not supported; use AttachTrafficSources",
  CreateLaunchConfiguration: "launch configurations are not supported; use launch templates",
  DeleteLaunchConfiguration: "launch configurations are not supported; use launch templates",
  DescribeLaunchConfigurations: "launch configurations are not supported; use launch templates",
  DescribeLoadBalancers: "Classic Load Balancers are not supported; use DescribeTrafficSources",
  DetachLoadBalancers: "Classic Load Balancers are not supported; use DetachTrafficSources",
  GetPredictiveScalingForecast: "predictive scaling is not supported",
  LaunchInstances: "synchronous launches are not supported; use SetDesiredCapacity",
};

export const actionNames: readonly string[] = Object.keys(actions).sort();

type AnyAction = (input: unknown, context: ActionContext) => unknown;

/** The only version there is. */
const apiVersion = "2011-01-01";

/** Runs the action that the parameters name. @throws ApiError */
export async function runAction(
  parameters: URLSearchParams,
  context: ActionContext,
): Promise<{ readonly action: string; readonly output: unknown }> {
  const action = parameters.get("Action");
  if (action === null || action === "") throw new ApiError("MissingAction", "The request must contain the parameter Action");
  const version = parameters.get("Version") ?? "NO_VERSION_SPECIFIED";
  const operation = serviceModel.operations.get(action);
  if (version !== apiVersion || operation === undefined) {
    throw new ApiError("InvalidAction", `Could not find operation ${action} for version ${version}`);
  }
  const perform = (actions as unknown as Readonly<Record<string, AnyAction>>)[action];
  if (perform === undefined) {
    throw new ApiError(
      "InvalidAction",
      `${action} is not among the actions of this Auto Scaling: ${refusedActions[action] ?? "it is not supported"}`,
    );
  }
  const input = parseInput(operation.input, parameters);
  try {
    return { action, output: await perform(input, context) };
  } catch (error) {
    if (error instanceof AutoScalingError) throw new ApiError(error.code, error.message, { cause: error });
    throw error;
  }
}
