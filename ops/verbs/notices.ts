/** `ops notices`: look at what waits in the queue and in the dead letters, and send dead letters back. */
import { InvalidArgumentError, Option, type Command } from "commander";
import type { FleetOutput } from "../../contract/fleets-output.ts";
import { stackPrefix } from "../../contract/naming.ts";
import { openFleetSession } from "../account.ts";
import { exitCodes, OpsError } from "../exit-codes.ts";
import { explain, type Explanation } from "../notices/explain.ts";
import { QueueLook, type SeenMessage } from "../notices/messages.ts";
import { chosen, redrive, takeAtMost } from "../notices/move.ts";
import { guarded } from "../process.ts";
import { readFleets, stackOptions, type StackSource } from "../stack.ts";

interface LookOptions extends StackSource {
  readonly max: number;
  readonly json: boolean;
}

interface PeekOptions extends LookOptions {
  readonly deadLetters: boolean;
}

interface MoveOptions extends StackSource {
  readonly messageId: readonly string[];
  readonly dryRun: boolean;
  readonly json: boolean;
}

const needs =
  "sqs:ReceiveMessage, sqs:ChangeMessageVisibility and, to move or discard, sqs:SendMessage and sqs:DeleteMessage; sts:GetCallerIdentity";

function atMost(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > takeAtMost)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${takeAtMost}.`);
  return value;
}

export function addNotices(program: Command): void {
  const verb = program.command("notices").description("the queue of launch and terminate notices, and its dead letters");
  const looking = (command: Command) =>
    stackOptions(command)
      .addOption(new Option("--max <n>", "messages to look at").argParser(atMost).default(10))
      .option("--json", "print JSON, and nothing else, on stdout", false);
  looking(verb.command("peek").description("what waits; every message is handed back at once, with one more receive counted"))
    .option("--dead-letters", "the dead letters instead of the queue", false)
    .addHelpText("after", `\nExample:\n  npm run ops -- notices peek --stack staging\n\nNeeds ${needs}.`)
    .action((options: PeekOptions) => guarded(() => look(options, options.deadLetters)));
  looking(verb.command("explain").description("why each dead letter was given up, and what to do"))
    .addHelpText("after", `\nExample:\n  npm run ops -- notices explain --stack staging\n\nNeeds ${needs}.`)
    .action((options: LookOptions) => guarded(() => look(options, true)));
  const moving = (command: Command) =>
    stackOptions(command)
      .option("--dry-run", "say which, and leave them where they are", false)
      .option("--json", "print JSON, and nothing else, on stdout", false);
  moving(verb.command("redrive").description("send dead letters back into the queue"))
    .addOption(new Option("--message-id <id...>", "only these (default: all)").default([]))
    .addHelpText("after", `\nExample:\n  npm run ops -- notices redrive --stack staging --dry-run\n\nNeeds ${needs}.`)
    .action((options: MoveOptions) => guarded(() => move(options, "redriven", (all, dead, queue) => redrive(all, dead, queue))));
  moving(verb.command("discard").description("delete dead letters that can never succeed"))
    .addOption(new Option("--message-id <id...>", "which").makeOptionMandatory())
    .addHelpText("after", `\nExample:\n  npm run ops -- notices discard --stack staging --message-id 0a1b2c3d-…\n\nNeeds ${needs}.`)
    .action((options: MoveOptions) =>
      guarded(() =>
        move(options, "discarded", async (all, dead) => {
          for (const one of all) await dead.delete(one);
        }),
      ),
    );
}

interface Queues {
  readonly fleet: FleetOutput;
  readonly queue: QueueLook;
  readonly deadLetters: QueueLook;
}

/** One queue serves all fleets of a stack, so any of them knows it. */
async function open(source: StackSource): Promise<Queues> {
  const [fleet] = Object.values(await readFleets(source));
  if (fleet === undefined) throw new OpsError(exitCodes.usage, "The stack has no fleet, and so no queue of notices.");
  const session = await openFleetSession(fleet, source);
  const { queueUrl, deadLetterQueueUrl } = fleet.notices;
  return { fleet, queue: new QueueLook(session, queueUrl), deadLetters: new QueueLook(session, deadLetterQueueUrl) };
}

/** As the consumer of the stack sees whose messages they are. */
const ours = (fleet: FleetOutput) => ({ accountId: fleet.accountId, namePrefix: stackPrefix(fleet) });

async function look(options: LookOptions, isDead: boolean): Promise<void> {
  const { fleet, queue, deadLetters } = await open(options);
  const place = isDead ? deadLetters : queue;
  const found = await place.take(options.max);
  await place.handBack(found);
  const told = found.map((message) => explain(message, ours(fleet), isDead));
  if (options.json) console.log(JSON.stringify(told, undefined, 2));
  else console.log(told.length === 0 ? `nothing is visible in the ${isDead ? "dead letters" : "queue"}` : told.map(lines).join("\n"));
}

function lines({ messageId, sentAt, receiveCount, asks, why, advice }: Explanation): string {
  const first = `${messageId}  sent ${sentAt}, received ${receiveCount} time(s): ${asks}`;
  return [first, ...(why === undefined ? [] : [`  why:    ${why}`]), ...(advice === undefined ? [] : [`  advice: ${advice}`])].join("\n");
}

async function move(
  { messageId, dryRun, json, ...source }: MoveOptions,
  done: "redriven" | "discarded",
  act: (messages: readonly SeenMessage[], deadLetters: QueueLook, queue: QueueLook) => Promise<void>,
): Promise<void> {
  const { fleet, queue, deadLetters } = await open(source);
  const found = await deadLetters.take(takeAtMost);
  const ids = new Set<string>();
  try {
    const picked = chosen(found, messageId);
    if (!dryRun) {
      await act(picked, deadLetters, queue);
      for (const { id } of picked) ids.add(id);
    }
    const told = picked.map((message) => explain(message, ours(fleet), true));
    if (json) console.log(JSON.stringify({ [dryRun ? "would" : done]: told }, undefined, 2));
    else console.log([...told.map(lines), `${picked.length} dead letters ${dryRun ? `would be ${done}` : `were ${done}`}`].join("\n"));
  } finally {
    await deadLetters.handBack(found.filter(({ id }) => !ids.has(id)));
  }
}
