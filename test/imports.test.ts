/** Holds the import table: who may import whom, and what only as a type. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import ts from "typescript";

const root = join(import.meta.dirname, "..");

interface Row {
  /** Rooms of ours that may be imported, beside the room itself. */
  readonly rooms: readonly string[];
  /** Rooms that may be imported as types only. */
  readonly types?: readonly string[];
  /** Packages, by the beginning of their names. Node's own modules are always allowed. */
  readonly packages: readonly string[];
}

const sdk = ["@aws-sdk/", "@smithy/"];
const protocol = ["@pulumi/pulumi", "@grpc/grpc-js", "google-protobuf"];

/** The longest path that fits decides. */
const table: Readonly<Record<string, Row>> = {
  "contract/": { rooms: [], packages: [] },
  "scaling/": { rooms: ["contract/"], packages: [] },
  "config.ts": { rooms: ["contract/", "scaling/", "settings/"], packages: ["@pulumi/pulumi", "zod"] },
  "settings/": { rooms: ["contract/", "scaling/"], packages: ["zod"] },
  "components/": { rooms: ["contract/", "scaling/"], packages: ["@pulumi/"] },
  "index.ts": { rooms: ["config.ts", "components/"], packages: [] },
  "start.js": { rooms: ["index.ts"], packages: ["@pulumi/pulumi"] },
  "policies/": {
    rooms: ["contract/", "scaling/"],
    types: ["components/"],
    packages: ["@pulumi/policy", "@pulumi/aws", "@pulumi/pulumi", "google-protobuf", "yaml", "sarif"], // sarif: types, there is no code of that name
  },
  "consumer/": { rooms: ["contract/"], packages: sdk },
  "ops/": { rooms: ["contract/", "scaling/", "consumer/"], packages: [...sdk, "commander", "yaml"] },
  "sandbox/engine/": { rooms: [], packages: [...protocol, ...sdk, "yaml"] },
  "sandbox/plugins/": { rooms: [], packages: [...protocol, ...sdk] },
  "sandbox/aws/": { rooms: ["scaling/"], packages: [...sdk, "fast-xml-parser"] },
  "sandbox/chef/": { rooms: [], packages: [] },
  "sandbox/boot/": { rooms: ["consumer/"], packages: sdk },
  "sandbox/": {
    rooms: ["contract/", "scaling/", "sandbox/engine/", "sandbox/plugins/", "sandbox/aws/", "sandbox/boot/", "sandbox/chef/"],
    packages: [...sdk, "commander", "yaml"],
  },
};

const free = ["test/", "bench/", "run.js", "bundle.ts", "eslint.config.js"];

const rowFor = (file: string) =>
  Object.keys(table)
    .filter((prefix) => file.startsWith(prefix))
    .sort((one, other) => other.length - one.length)[0];

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

/** Every import, re-export and dynamic import of a file. */
function importsOf(path: string): Import[] {
  const source = ts.createSourceFile(path, readFileSync(join(root, path), "utf8"), ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      found.push({ target: node.moduleSpecifier.text, typeOnly: node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      found.push({ target: node.moduleSpecifier.text, typeOnly: node.isTypeOnly });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [target] = node.arguments;
      if (target && ts.isStringLiteral(target)) found.push({ target: target.text, typeOnly: false });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What is wrong with one import of `file`, if anything. */
function fault(file: string, { target, typeOnly }: Import): string | undefined {
  const rowName = rowFor(file);
  if (rowName === undefined) return `${file} is in no row of the import table`;
  const row = table[rowName]!;
  if (target.startsWith("node:")) return undefined;
  if (!target.startsWith(".")) {
    return row.packages.some((name) => target.startsWith(name)) ? undefined : `${file} (${rowName}) may not import ${target}`;
  }
  const path = normalize(join(dirname(file), target))
    .split(sep)
    .join("/");
  const targetRow = rowFor(path) ?? path;
  if (rowName === "components/" && targetRow === "components/" && isComponent(path) && !typeOnly && !isComponentHelperOf(file, path)) {
    return `${file} may import the component ${path} only as a type`;
  }
  if (targetRow === rowName || row.rooms.includes(targetRow)) return undefined;
  if (row.types?.includes(targetRow)) return typeOnly ? undefined : `${file} may import ${path} only as a type`;
  return `${file} (${rowName}) may not import ${path}`;
}

const isComponent = (path: string) => /extends pulumi\.ComponentResource/.test(readFileSync(join(root, path), "utf8"));
const isComponentHelperOf = (file: string, path: string) => file === path;

const sources = globSync(["**/*.ts", "*.js", "policies/**/*.js", "ops/**/*.js"], {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|\.venv|\.sandbox|dist)(\/|$)/.test(typeof path === "string" ? path : ""),
}).filter((file) => !free.some((prefix) => file.startsWith(prefix)));

describe("import table", () => {
  it("is kept by every source file", () => {
    const faults = sources.flatMap((file) => importsOf(file).flatMap((one) => fault(file, one) ?? []));
    assert.deepEqual(faults, []);
  });

  it("finds a forbidden import, a forbidden package and a value import of a type", () => {
    assert.match(fault("contract/naming.ts", { target: "../config.ts", typeOnly: false }) ?? "", /may not import config.ts/);
    assert.match(fault("contract/naming.ts", { target: "zod", typeOnly: false }) ?? "", /may not import zod/);
    assert.match(fault("policies/pack.ts", { target: "../components/fleet.ts", typeOnly: false }) ?? "", /only as a type/);
    assert.equal(fault("policies/pack.ts", { target: "../components/fleet.ts", typeOnly: true }), undefined);
    assert.match(fault("elsewhere/x.ts", { target: "node:fs", typeOnly: false }) ?? "", /in no row/);
  });
});
