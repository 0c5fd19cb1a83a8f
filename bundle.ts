/**
 * Bundles the functions that the stack deploys: `npm run bundle` writes dist/consumer/, the same bytes on every machine.
 * What only some settings need (EC2, Secrets Manager, Systems Manager) becomes a chunk that is loaded on demand, which
 * keeps the cold start short.
 */
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = import.meta.dirname;
const outdir = join(root, "dist/consumer");

rmSync(outdir, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { handler: "consumer/lambda.ts" },
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22",
  mainFields: ["module", "main"],
  minify: true,
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  metafile: true,
  // CommonJS parts of the SDK ask for Node's modules with require, which ES modules do not have.
  banner: { js: 'import{createRequire as fleetRequire}from"node:module";const require=fleetRequire(import.meta.url);' },
});

/** The file and everything that it imports before it runs. */
function eager(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file) || metafile.outputs[file] === undefined) return seen;
  seen.add(file);
  for (const { kind, path } of metafile.outputs[file].imports) if (kind === "import-statement") eager(path, seen);
  return seen;
}

for (const file of Object.keys(metafile.outputs).filter((name) => name.endsWith("/handler.mjs"))) {
  const bytes = [...eager(file)].reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
  console.log(`${file}: ${Math.round(bytes / 1000)} kB with what it always loads`);
}
