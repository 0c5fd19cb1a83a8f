/**
 * Imported before Pulumi's SDK: npm's reader of installed packages, which the SDK loads at once and uses only to turn a
 * function into text, would be a quarter of the start of the pack. It is loaded when it is first used; no policy uses it.
 */
import Module, { createRequire } from "node:module";

// The SDK's own copy, wherever npm has put it.
const require = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi"));

function located(name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined; // this version of the SDK does without it
  }
}

const path = located("@npmcli/arborist");
if (path !== undefined && require.cache[path] === undefined) {
  const stand = new Module(path);
  stand.loaded = true;
  stand.exports = new Proxy(
    {},
    {
      get(_none, key) {
        if (key === "__esModule") return true; // else the SDK's import copies every property, which would be a use
        if (require.cache[path] === stand) Reflect.deleteProperty(require.cache, path);
        return Reflect.get(require(path) as object, key) as unknown;
      },
    },
  );
  require.cache[path] = stand;
}
