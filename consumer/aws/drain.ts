import { clientOptions } from "./clients.ts";
import { GetCommandInvocationCommand, SendCommandCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { DrainPort } from "../core.ts";

/** Stops the client, its timer, and waits for a run that is going on; a machine without them is drained. */
const stopChefClient = [
  'for unit in chef-client.timer chef-client.service; do systemctl stop "$unit" 2>/dev/null || true; done',
  "for second in $(seq 300); do pgrep -f '[c]hef-client' >/dev/null || exit 0; sleep 1; done",
  "exit 1",
];

/**
 * Stops the Chef client through Systems Manager, so that no run of it makes the node anew after it was deleted.
 * An instance that Systems Manager does not know cannot be drained and is let go.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command.html
 */
export class ChefClientDrain implements DrainPort {
  readonly #client = new SSMClient(clientOptions);
  /** Command that runs on each instance; a consumer that restarts sends another, which does no harm. */
  readonly #commands = new Map<string, string>();

  async drain(instanceId: string): Promise<boolean> {
    const known = this.#commands.get(instanceId);
    if (known === undefined) return !(await this.#start(instanceId));
    const { Status: status } = await this.#client.send(new GetCommandInvocationCommand({ CommandId: known, InstanceId: instanceId }));
    if (status === "Pending" || status === "InProgress" || status === "Delayed") return false;
    this.#commands.delete(instanceId);
    return true;
  }

  /** False when there is nothing that could be drained. */
  async #start(instanceId: string): Promise<boolean> {
    const input = {
      DocumentName: "AWS-RunShellScript",
      InstanceIds: [instanceId],
      Parameters: { commands: stopChefClient },
      TimeoutSeconds: 60,
    };
    try {
      const { Command: command } = await this.#client.send(new SendCommandCommand(input));
      if (command?.CommandId === undefined) return false;
      this.#commands.set(instanceId, command.CommandId);
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === "InvalidInstanceId") return false;
      throw error;
    }
  }
}
