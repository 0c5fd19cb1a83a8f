import { nodePrefixAttribute, type RemainingAnswer, type RemainingQuestion } from "../contract/node-cleanup.ts";
import type { CoreDependencies } from "./core.ts";
import type { QueueDepth } from "./queue.ts";

/** Names that an answer carries at most; more are as good as these to look into. */
const shownNodes = 20;

/** What is left of the stack: messages, dead letters, and nodes that boot marked as the stack's. */
export async function remaining(
  question: RemainingQuestion,
  queue: QueueDepth,
  { chef, ours }: Pick<CoreDependencies, "chef" | "ours">,
): Promise<RemainingAnswer> {
  const [depth, { nodes }] = await Promise.all([
    queue.depth(question),
    chef.searchNodes(`${nodePrefixAttribute}:${ours.namePrefix}-*`, shownNodes),
  ]);
  return { ...depth, nodes: nodes.map(({ name }) => name) };
}
