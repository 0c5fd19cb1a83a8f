import type { AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import { AwsError } from "../clients.ts";
import type { Context } from "../context.ts";

/** A group that is being deleted counts as there: its name is taken and its instances may run. */
export async function findGroup(name: string, context: Context): Promise<AutoScalingGroup | undefined> {
  const page = await context.aws("autoscaling", "DescribeAutoScalingGroups", { AutoScalingGroupNames: [name] });
  return page.AutoScalingGroups?.find((group) => group.AutoScalingGroupName === name);
}

/** Auto Scaling answers everything that it does not find with a ValidationError; only the text tells. */
export async function unlessNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (
      error instanceof AwsError &&
      /^Validation(?:Error|Exception)$/.test(error.code) &&
      /not found|does not exist|No .* found/i.test(error.message)
    )
      return undefined;
    throw error;
  }
}
