import { awsStatus } from "../aws/lifetime.ts";
import { chooseEngine } from "./engines.ts";
import { boundAws, knownStacks, stateFile } from "./local-state.ts";

interface StackStatus {
  readonly stack: string;
  readonly resources: number;
  /** Whether the local AWS that it stands in still runs. */
  readonly live: boolean;
}

export async function runStatus(root: string, json: boolean): Promise<number> {
  const aws = await awsStatus(root);
  const engine = await chooseEngine("embedded");
  const stacks: StackStatus[] = await Promise.all(
    knownStacks(root).map(async (stack) => ({
      stack,
      resources: (await engine.stackResources(stateFile(root, stack))).length,
      live: aws !== undefined && boundAws(root, stack) === aws.id,
    })),
  );
  if (json) {
    console.log(JSON.stringify({ aws: aws ?? null, stacks }, undefined, 2));
    return 0;
  }
  if (aws === undefined) console.log("local AWS: not running");
  else {
    console.log(
      `local AWS: ${aws.endpoint}, region ${aws.region}, account ${aws.accountId}, speed ${aws.speed}, process ${aws.pid}, ${aws.memoryMiB} MiB`,
    );
    for (const { name, pid, running, fault } of aws.emulators)
      console.log(`  ${name}: ${running ? `process ${pid}` : `ended: ${fault ?? "no reason known"}`}`);
  }
  for (const { stack, resources, live } of stacks)
    console.log(`stack ${stack}: ${resources} resources${live ? "" : ", its local AWS is gone"}`);
  if (stacks.length === 0) console.log("no stack has a state here");
  return 0;
}
