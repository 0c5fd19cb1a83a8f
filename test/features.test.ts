/** docs/features.md promises nothing that no test shows. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const text = readFileSync(join(root, "docs/features.md"), "utf8");

interface Row {
  readonly number: number;
  readonly marks: readonly string[];
  readonly test: string;
}

const cellsOf = (line: string) =>
  line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim());
const lines = text.split("\n").filter((line) => line.startsWith("|"));
const rows = lines
  .map(cellsOf)
  .filter(([first = ""]) => /^\d+$/.test(first))
  .map((cells): Row => ({ number: Number(cells[0]), marks: cells.slice(2, 10), test: cells[11] ?? "" }));
const references = [...text.matchAll(/`(test\/[\w./-]+)`: (.+?) *\|$/gm)].map(([, file = "", title = ""]) => ({ file, title }));

describe("docs/features.md", () => {
  it("has every row once, with a mark for each of the eight", () => {
    assert.deepEqual(
      rows.map(({ number }) => number),
      Array.from({ length: 71 }, (_, index) => index + 1),
    );
    for (const { number, marks } of rows)
      assert.ok(
        marks.every((mark) => /^[YPN–]$/.test(mark)),
        `row ${number}: ${marks.join(" ")}`,
      );
  });

  it("names a test for each of our yeses, and for nothing else", () => {
    assert.deepEqual(
      rows.filter(({ marks: [own], test }) => (own === "Y") !== (test !== "")).map(({ number }) => number),
      [],
    );
  });

  it("names tests that exist", () => {
    assert.ok(references.length >= 68, String(references.length));
    const missing = references.filter(({ file, title }) => {
      const path = join(root, file);
      if (!existsSync(path)) return true;
      const source = readFileSync(path, "utf8");
      return ![`"${title}"`, `\`${title}\``, `'${title}'`].some((quoted) => source.includes(quoted));
    });
    assert.deepEqual(missing, []);
  });

  it("has the rows that we lack, in part or whole, and no others", () => {
    const without = rows.filter(({ marks: [own] }) => own !== "Y").map(({ number }) => number);
    assert.deepEqual(without, [2, 37, 70], "a row that changed: mend this list, and the note");
  });
});
