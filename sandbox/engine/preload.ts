/**
 * Loaded before the SDK's runners of programs and packs (`node --require`), which then take half of the processor time.
 *
 * - npm's reader of installed packages and the TypeScript compiler serve the SDK only when it turns a function into text
 *   (`pulumi.runtime.serializeFunction`): they are loaded when they are first used.
 * - The SDK notes a stack trace for every promise, and source-map-support translates each of them. The code here runs as it
 *   is written; traces tell it as it runs, without source maps.
 * - A pack is ended by SIGTERM, at which Node would not keep the compiled code (https://nodejs.org/api/module.html).
 */
import Module, { createRequire, flushCompileCache } from "node:module";
import process from "node:process";

// The runner's own, so that it is the SDK of the program.
const runnerRequire = createRequire(process.argv[1] ?? import.meta.filename);

/** Puts `exports` in the place of a module; one that this SDK does not have is left out. */
function replace(name: string, exportsOf: (load: () => object) => object): void {
  let path: string;
  try {
    path = runnerRequire.resolve(name);
  } catch {
    return;
  }
  const stand = new Module(path);
  stand.exports = exportsOf(() => {
    if (runnerRequire.cache[path] === stand) Reflect.deleteProperty(runnerRequire.cache, path);
    return runnerRequire(path) as object;
  });
  stand.loaded = true;
  runnerRequire.cache[path] = stand;
}

function whenUsed(load: () => object): object {
  return new Proxy(
    {},
    {
      // Compiled imports copy every property of a module that does not claim to be an ES module, which would be a use.
      get: (_, key) => (key === "__esModule" ? true : (Reflect.get(load(), key) as unknown)),
      has: (_, key) => Reflect.has(load(), key),
      ownKeys: () => Reflect.ownKeys(load()),
      getOwnPropertyDescriptor: (_, key) => {
        const found = Reflect.getOwnPropertyDescriptor(load(), key);
        return found && { ...found, configurable: true };
      },
    },
  );
}

replace("@npmcli/arborist", whenUsed);
replace("typescript", whenUsed);
replace("source-map-support/register", () => ({}));

process.once("SIGTERM", () => {
  flushCompileCache();
  process.kill(process.pid, "SIGTERM");
});
