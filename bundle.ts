/**
 * Bundles the functions that the stack deploys, and the worker: `npm run bundle` writes dist/consumer/, dist/reconciler/
 * and dist/worker/, the same bytes on every machine. What only some settings need (Secrets Manager, tags of EC2 …) becomes a chunk that is loaded on
 * demand, which keeps the cold start short.
 */
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

const root = import.meta.dirname;

const entries = { consumer: "consumer/lambda.ts", reconciler: "consumer/reconciler.ts", worker: "consumer/main.ts" };

/**
 * The SDK writes the keys of its schemas as constants (`[_N]: 1`). To a bundler each may have a side effect, so it would
 * keep the schemas of all of EC2 for one call; with literal keys what nothing uses goes.
 */
const literalKeys: Plugin = {
  name: "literal-keys",
  setup: (esbuild) => {
    esbuild.onLoad({ filter: /[\\/]dist-es[\\/].*schemas[\\/]schemas_\d+\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const texts = new Map([...source.matchAll(/^const (_\w+) = ("[^"\\]*");$/gm)].map(([, name = "", text = ""]) => [name, text]));
      return { contents: source.replaceAll(/\[(_\w+)\]:/g, (whole, name: string) => (texts.has(name) ? `${texts.get(name)}:` : whole)) };
    });
  },
};

async function bundle(name: string, entry: string): Promise<Metafile> {
  const outdir = join(root, "dist", name);
  rmSync(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { handler: entry },
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    mainFields: ["module", "main"],
    preserveSymlinks: true, // a node_modules that is a link would otherwise put this machine's paths into the source map
    minify: true,
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    metafile: true,
    plugins: [literalKeys],
    // CommonJS parts of the SDK ask for Node's modules with require, which ES modules do not have.
    banner: { js: 'import{createRequire as fleetRequire}from"node:module";const require=fleetRequire(import.meta.url);' },
  });
  return metafile;
}

/** The file and everything that it imports before it runs. */
function eager({ outputs }: Metafile, file: string, seen = new Set<string>()): Set<string> {
  const output = outputs[file];
  if (seen.has(file) || output === undefined) return seen;
  seen.add(file);
  for (const { kind, path } of output.imports) if (kind === "import-statement") eager({ outputs, inputs: {} }, path, seen);
  return seen;
}

for (const [name, entry] of Object.entries(entries)) {
  const files = eager(await bundle(name, entry), `dist/${name}/handler.mjs`);
  const bytes = [...files].reduce((sum, file) => sum + statSync(join(root, file)).size, 0);
  console.log(`dist/${name}/handler.mjs: ${Math.round(bytes / 1000)} kB with what it always loads`);
}
