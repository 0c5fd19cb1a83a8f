/** The bundles of the functions: the same bytes wherever they are made, and small. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

describe("npm run bundle", function () {
  let home: string;
  let checkouts: readonly string[];

  before(async () => {
    home = await mkdtemp(join(tmpdir(), "fleet-bundle-"));
    checkouts = [join(home, "one"), join(home, "far/below/another")];
    for (const checkout of checkouts) {
      mkdirSync(checkout, { recursive: true });
      for (const part of ["bundle.ts", "package.json", "consumer", "contract", "tsconfig.json"])
        cpSync(join(root, part), join(checkout, part), { recursive: true });
      symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
      execFileSync(process.execPath, ["bundle.ts"], { cwd: checkout, stdio: "pipe" });
    }
  });

  after(() => rmSync(home, { recursive: true, force: true }));

  const files = (checkout: string, name: string) => readdirSync(join(checkout, "dist", name)).sort();
  const read = (checkout: string, name: string, file: string) => readFileSync(join(checkout, "dist", name, file));

  for (const name of ["consumer", "reconciler", "worker"]) {
    it(`makes the same ${name} in two places`, () => {
      const [one = "", other = ""] = checkouts.map((checkout) =>
        files(checkout, name)
          .map(
            (file) =>
              `${file} ${createHash("sha256")
                .update(read(checkout, name, file))
                .digest("hex")}`,
          )
          .join("\n"),
      );
      assert.equal(one, other);
      assert.match(one, /^handler\.mjs /m);
    });

    it(`puts no path of the machine, no source text and no native code into ${name}`, () => {
      const [checkout = ""] = checkouts;
      for (const file of files(checkout, name)) {
        assert.match(file, /\.mjs(?:\.map)?$/);
        const text = read(checkout, name, file).toString();
        assert.ok(!text.includes(home) && !text.includes(root), file);
        assert.doesNotMatch(text, /"sourcesContent":\[[^\]]|\.node"/, file);
        if (!file.endsWith(".map")) assert.match(text, /\n\/\/# sourceMappingURL=/, file);
      }
    });
  }

  it("makes less than 750 kB of the consumer and 2 MB of the reconciler, with all that is loaded on demand", () => {
    const [checkout = ""] = checkouts;
    for (const [name, most] of [
      ["consumer", 750_000],
      ["reconciler", 2_000_000],
    ] as const) {
      const code = files(checkout, name).filter((file) => file.endsWith(".mjs"));
      const bytes = code.reduce((sum, file) => sum + read(checkout, name, file).length, 0);
      assert.ok(code.length > 1 && bytes < most, `${name}: ${bytes} bytes in ${code.length} files`);
    }
  });
});
