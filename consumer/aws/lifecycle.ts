import { clientOptions } from "./clients.ts";
import { AutoScalingClient, CompleteLifecycleActionCommand, RecordLifecycleActionHeartbeatCommand } from "@aws-sdk/client-auto-scaling";
import type { LifecycleAction, LifecyclePort } from "../core.ts";

/** "No active Lifecycle Action found": it was completed, timed out, or the group is gone. */
function isOver(error: unknown): boolean {
  return error instanceof Error && error.name === "ValidationError" && /no active lifecycle action|not found/i.test(error.message);
}

const named = (action: LifecycleAction) => ({
  AutoScalingGroupName: action.groupName,
  LifecycleHookName: action.hookName,
  LifecycleActionToken: action.token,
  InstanceId: action.instanceId,
});

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/completing-lifecycle-hooks.html */
export class AutoScalingLifecycle implements LifecyclePort {
  readonly #client = new AutoScalingClient(clientOptions);

  async heartbeat(action: LifecycleAction): Promise<boolean> {
    try {
      await this.#client.send(new RecordLifecycleActionHeartbeatCommand(named(action)));
      return true;
    } catch (error) {
      if (isOver(error)) return false;
      throw error;
    }
  }

  async complete(action: LifecycleAction): Promise<void> {
    try {
      await this.#client.send(new CompleteLifecycleActionCommand({ ...named(action), LifecycleActionResult: "CONTINUE" }));
    } catch (error) {
      if (!isOver(error)) throw error;
    }
  }
}
