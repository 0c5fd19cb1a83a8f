/** A stack's settings file, changed in place: only the values that are written change, every other character stays. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { isMap, isScalar, parseDocument, type Document } from "yaml";
import { exitCodes, OpsError } from "../exit-codes.ts";

type Path = readonly string[];

export class SettingsFile {
  readonly path: string;
  readonly #text: string;
  readonly #document: Document;

  constructor(path: string) {
    this.path = path;
    try {
      this.#text = readFileSync(path, "utf8");
    } catch (error) {
      throw new OpsError(
        exitCodes.usage,
        `${path} cannot be read (${(error as Error).message}): name the stack with --stack, and run this in the project's folder.`,
      );
    }
    this.#document = parseDocument(this.#text);
    const [fault] = this.#document.errors;
    if (fault !== undefined) throw new OpsError(exitCodes.usage, `${path} is no YAML: ${fault.message.split("\n")[0] ?? ""}`);
  }

  /** The value at `path` under `config`; `undefined` when there is none. */
  get(...path: Path): unknown {
    const value: unknown = this.#document.getIn(["config", ...path]);
    return isMap(value)
      ? (value.toJSON() as unknown)
      : typeof value === "object" && value !== null && "toJSON" in value
        ? (value as { toJSON(): unknown }).toJSON()
        : value;
  }

  /** Names of the entries under `path`. */
  keys(...path: Path): string[] {
    const value: unknown = this.#document.getIn(["config", ...path]);
    return isMap(value) ? value.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : [];
  }

  /**
   * The file's text with other values; each must stand in it already.
   * @throws OpsError `usage` naming every value that is not there
   */
  withValues(values: readonly { readonly path: Path; readonly value: string }[]): string {
    const edits = values.map(({ path, value }) => ({ path, value, range: this.#rangeOf(path) }));
    const missing = edits.filter(({ range }) => range === undefined).map(({ path }) => path.join("."));
    if (missing.length > 0) {
      throw new OpsError(
        exitCodes.usage,
        `${this.path} has no value at ${missing.join(", ")}: write the line with any value first; this command changes it, it does not choose its place.`,
      );
    }
    return edits
      .toSorted((one, other) => (other.range?.[0] ?? 0) - (one.range?.[0] ?? 0)) // from the end, so that earlier positions stay
      .reduce((text, { range, value }) => text.slice(0, range?.[0]) + value + text.slice(range?.[1]), this.#text);
  }

  #rangeOf(path: Path): readonly [number, number] | undefined {
    const node: unknown = this.#document.getIn(["config", ...path], true);
    return isScalar(node) && node.range ? [node.range[0], node.range[1]] : undefined;
  }
}

/** Whole or not at all: a reader never sees half a file. */
export function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
