/** The provider's own refresh: started and not awaited, and only when the group asks for one. */
import { isCode } from "../clients.ts";
import type { Context } from "../context.ts";
import type { Update } from "../definition.ts";
import { isObject } from "../../protocol/values.ts";
import type { Properties } from "../../protocol/values.ts";
import { refreshPreferences } from "./group-parameters.ts";

/** Changes that reach instances only by replacing them. */
const always = ["launchTemplate", "launchConfiguration", "mixedInstancesPolicy"];

function asked({ news, changed }: Update): Properties | undefined {
  const refresh = news["instanceRefresh"];
  if (!isObject(refresh)) return undefined;
  const triggers = Array.isArray(refresh["triggers"]) ? refresh["triggers"].map(camelCase) : [];
  return [...always, ...triggers].some((key) => changed.has(key)) ? refresh : undefined;
}

/** Triggers are named as in Terraform: `tag`, `vpc_zone_identifier`. */
function camelCase(name: unknown): string {
  const key = String(name).replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const plurals: Readonly<Record<string, string>> = {
    tag: "tags",
    vpcZoneIdentifier: "vpcZoneIdentifiers",
    trafficSource: "trafficSources",
  };
  return plurals[key] ?? key;
}

export async function startRefreshIfAsked(update: Update, context: Context): Promise<void> {
  const refresh = asked(update);
  if (refresh === undefined) return;
  const AutoScalingGroupName = update.id;
  const preferences = refresh["preferences"];
  const input = {
    AutoScalingGroupName,
    Strategy: refresh["strategy"],
    ...(preferences === undefined ? {} : { Preferences: refreshPreferences.encode(preferences) }),
  };
  try {
    await context.aws("autoscaling", "StartInstanceRefresh", input);
  } catch (error) {
    if (!isCode(error, "InstanceRefreshInProgress", "InstanceRefreshInProgressFault")) throw error;
    await context.aws("autoscaling", "CancelInstanceRefresh", { AutoScalingGroupName });
    await context.waitFor("the earlier instance refresh is cancelled", async () => {
      const { InstanceRefreshes } = await context.aws("autoscaling", "DescribeInstanceRefreshes", { AutoScalingGroupName });
      const busy = ["Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"];
      return (InstanceRefreshes ?? []).some((one) => busy.includes(one.Status ?? "")) ? undefined : true;
    });
    await context.aws("autoscaling", "StartInstanceRefresh", input);
  }
}
