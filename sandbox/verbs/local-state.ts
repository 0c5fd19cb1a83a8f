/** What a stack leaves under `.sandbox/<stack>/`, and to which life of the local AWS it belongs. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const sandboxDirectory = (root: string): string => join(root, ".sandbox");
export const stackDirectory = (root: string, stack: string): string => join(sandboxDirectory(root), stack);
export const stateFile = (root: string, stack: string): string => join(stackDirectory(root, stack), "state.json");
const identityFile = (root: string, stack: string): string => join(stackDirectory(root, stack), "aws-id");

/** Folders beside the stacks' own. */
const reserved = new Set(["aws", "chef", "home"]);
export const isReserved = (stack: string): boolean => reserved.has(stack);

/** Names of the stacks that have a state here. */
export function knownStacks(root: string): string[] {
  const dir = sandboxDirectory(root);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => !isReserved(name) && existsSync(stateFile(root, name)))
    .sort();
}

/**
 * Binds the stack's state to the local AWS `awsId`. A state of another life describes resources that are gone: it is set aside, and
 * the sentence that says so is returned; one without resources is simply removed.
 */
export function bindToAws(root: string, stack: string, awsId: string): string | undefined {
  const state = stateFile(root, stack);
  if (boundAws(root, stack) === awsId) return undefined;
  mkdirSync(stackDirectory(root, stack), { recursive: true });
  let told: string | undefined;
  if (existsSync(state)) {
    if (isEmpty(state)) rmSync(state);
    else {
      renameSync(state, `${state}.bak`);
      told = `The local AWS that stack ${stack} stood in is gone; its state was set aside as ${state}.bak and the stack begins empty.`;
    }
  }
  writeFileSync(identityFile(root, stack), awsId);
  return told;
}

function isEmpty(state: string): boolean {
  try {
    const { deployment } = JSON.parse(readFileSync(state, "utf8")) as { readonly deployment?: { readonly resources?: readonly unknown[] } };
    return (deployment?.resources ?? []).length === 0;
  } catch {
    return false; // what cannot be read is kept
  }
}

/** The life of the local AWS that the stack's state belongs to. */
export function boundAws(root: string, stack: string): string | undefined {
  const file = identityFile(root, stack);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
