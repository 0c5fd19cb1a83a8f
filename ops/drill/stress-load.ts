/**
 * stress-ng on the instances, through Systems Manager. It ends by itself, so that a drill that was killed leaves no load
 * behind. https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command.html
 */
import {
  CancelCommandCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  SSMClient,
  type CommandInvocation,
} from "@aws-sdk/client-ssm";
import type { AwsSession } from "../account.ts";
import { calling } from "../aws-calls.ts";
import type { LoadSource } from "./ports.ts";

/** Instances that SendCommand takes by id. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html */
const mostInstances = 50;
const document = "AWS-RunShellScript";

/** What runs on an instance; the time-out is stress-ng's own. */
export const stressScript = (cpuPercent: number, seconds: number): readonly string[] => [
  "command -v stress-ng > /dev/null || { echo 'stress-ng is not installed: bake it into the image' >&2; exit 1; }",
  `exec stress-ng --quiet --cpu 0 --cpu-load ${cpuPercent} --timeout ${seconds}s`,
];

/** @param seconds after which the load ends by itself */
export function stressLoad(session: AwsSession, seconds: number): LoadSource {
  const client = new SSMClient(session.clientArguments);
  const commands = new Set<string>();
  let loaded: readonly string[] = [];

  const send = (InstanceIds: readonly string[], script: readonly string[], executionSeconds: number) =>
    calling("SendCommand", async () => {
      const { Command: command } = await client.send(
        new SendCommandCommand({
          DocumentName: document,
          InstanceIds: [...InstanceIds],
          Comment: "fleet drill",
          Parameters: { commands: [...script], executionTimeout: [String(executionSeconds)] },
        }),
      );
      return command?.CommandId ?? "";
    });
  const invocations = async (): Promise<CommandInvocation[]> => {
    const all: CommandInvocation[] = [];
    for (const CommandId of commands) {
      const page = await calling("ListCommandInvocations", () =>
        client.send(new ListCommandInvocationsCommand({ CommandId, Details: true })),
      );
      all.push(...(page.CommandInvocations ?? []));
    }
    return all;
  };
  const calm = async () => {
    const ids = loaded.slice(0, mostInstances);
    for (const CommandId of [...commands]) {
      await calling("CancelCommand", () => client.send(new CancelCommandCommand({ CommandId })));
      commands.delete(CommandId);
    }
    // A cancelled command ends its shell; what the shell had become is ended by name.
    if (ids.length > 0) await send(ids, ["pkill -x stress-ng || true"], 60);
    loaded = [];
  };
  return {
    what: `stress-ng through Systems Manager, for ${seconds} s at most`,
    async raise(instanceIds, cpuPercent) {
      const ids = instanceIds.slice(0, mostInstances);
      commands.add(await send(ids, stressScript(cpuPercent, seconds), seconds + 60));
      loaded = ids;
    },
    async trouble() {
      const failed = (await invocations()).find(({ Status: status }) => status === "Failed" || status === "TimedOut");
      if (failed === undefined) return undefined;
      const output = failed.CommandPlugins?.[0]?.Output?.trim();
      return `stress-ng did not run on ${failed.InstanceId ?? "an instance"} (${failed.StatusDetails ?? failed.Status ?? ""}): ${output || "no output"}.`;
    },
    calm,
    restore: calm,
  };
}
