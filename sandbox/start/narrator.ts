/** Tells the story: one line per thing that was seen, with the time since the start. */
import type { Screen } from "../verbs/progress.ts";

/** Something that had to be seen was not; the message says what was waited for. */
export class StoryError extends Error {
  override readonly name = "StoryError";
}

/** Below the text of a line. */
const indent = " ".repeat(11);
const listColumns = 100;

export class Narrator {
  readonly #screen: Screen;
  readonly #startedAt = performance.now();

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  elapsedSeconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** A new part of the story. */
  chapter(title: string): void {
    this.#screen.write(`\n${title}\n`);
  }

  /** Something that succeeded. */
  seen(text: string): void {
    this.#line("✓", text);
  }

  /** Something worth knowing that is no success. */
  note(text: string): void {
    this.#line(" ", text);
  }

  /** Many short words, in lines. */
  list(words: readonly string[]): void {
    let line = "";
    for (const word of words) {
      if (line.length + word.length > listColumns) {
        this.#screen.write(`${indent}${line.trimEnd()}\n`);
        line = "";
      }
      line += `${word} `;
    }
    this.#screen.write(`${indent}${line.trimEnd()}\n`);
  }

  #line(mark: string, text: string): void {
    this.#screen.write(`${this.elapsedSeconds().toFixed(1).padStart(6)} s ${mark} ${text}\n`);
  }
}

/** Between two looks; the local AWS answers in milliseconds. */
const pauseMs = 200;

/**
 * Looks until there is something.
 * @param what completes "waited N s for …"
 * @throws StoryError when the limit is over, with what `state` says then
 */
export async function until<T>(
  what: string,
  limitSeconds: number,
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
  state?: () => string,
): Promise<T> {
  for (const deadline = performance.now() + limitSeconds * 1000; ;) {
    const found = await look();
    if (found !== undefined) return found;
    if (signal.aborted) throw new StoryError(`interrupted while waiting for ${what}`);
    if (performance.now() > deadline) {
      throw new StoryError(
        `waited ${Math.round(limitSeconds)} s for ${what}, in vain${state ? ` (${state()})` : ""}; the log of the local AWS is .sandbox/aws/log.txt`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
