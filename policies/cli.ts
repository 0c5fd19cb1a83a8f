/**
 * `npm run policies -- analyze state.json` evaluates an exported state without Pulumi's CLI; `docs` writes docs/policies.md.
 * Exit status: 0 nothing mandatory is violated, 1 something is, 2 the arguments or files cannot be used.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { exemptions } from "./exemptions.ts";
import { rules } from "./rules.ts";
import { analyze } from "./tools/analyze.ts";
import { readPackConfig } from "./tools/config-file.ts";
import { InputFault } from "./tools/fault.ts";
import { formats, render, type Format } from "./tools/output.ts";
import { readState } from "./tools/state.ts";

const usage = `Usage:
  npm run policies -- analyze STATE [--config FILE] [--stack NAME] [--format ${formats.join("|")}]
  npm run policies -- docs

  analyze   evaluates the rules over STATE, the output of: pulumi stack export
              --config FILE  levels and options, as for pulumi's --policy-pack-config
              --stack NAME   name of the stack (default: as in the state)
              --format       ${formats.join(", ")} (default: text); sarif is for code scanning
  docs      writes docs/policies.md from the rules and their examples

Exit status: 0 nothing mandatory is violated, 1 something is, 2 the arguments or files cannot be used.`;

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new InputFault(`${file} cannot be read: ${(error as Error).message}`);
  }
}

function formatOf(text: string): Format {
  const format = formats.find((one) => one === text);
  if (format) return format;
  throw new InputFault(`--format is ${JSON.stringify(text)}; it must be one of ${formats.join(", ")}`);
}

function runAnalyze(file: string, options: { config?: string | undefined; stack?: string | undefined; format: string }): number {
  const format = formatOf(options.format);
  const text = read(file);
  const config =
    options.config === undefined
      ? { levels: new Map(), properties: new Map() }
      : readPackConfig(read(options.config), options.config, rules);
  const analysis = analyze(readState(text, file), { rules, exemptions, config, stack: options.stack });
  const { version } = JSON.parse(read(join(import.meta.dirname, "package.json"))) as { version: string };
  console.log(render(analysis, format, { file, text, version }));
  return analysis.violations.some(({ level }) => level === "mandatory") ? 1 : 0;
}

async function runDocs(): Promise<number> {
  const { policyDocs } = await import("./tools/docs.ts");
  const root = join(import.meta.dirname, "..");
  const file = join(root, "docs", "policies.md");
  writeFileSync(file, policyDocs(rules));
  execFileSync(process.execPath, [join(root, "node_modules/prettier/bin/prettier.cjs"), "--write", "--log-level", "warn", file]);
  return 0;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      config: { type: "string" },
      stack: { type: "string" },
      format: { type: "string", default: "text" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [verb, file, ...rest] = positionals;
  if (values.help) console.log(usage);
  else if (verb === "analyze" && file !== undefined && rest.length === 0) return runAnalyze(file, values);
  else if (verb === "docs" && file === undefined) return runDocs();
  else throw new InputFault(usage);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const usageError = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  if (!(error instanceof InputFault) && !usageError) throw error;
  console.error(`policies: ${error.message}`);
  process.exitCode = 2;
}
