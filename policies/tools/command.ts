/** The verbs of the command line, as functions of their arguments; `policies/cli.ts` is their process. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { exemptions } from "../exemptions.ts";
import { rules } from "../rules.ts";
import { analyze } from "./analyze.ts";
import { readPackConfig } from "./config-file.ts";
import { InputFault } from "./fault.ts";
import { formats, render, type Format } from "./output.ts";
import { readState } from "./state.ts";

const usage = `Usage:
  npm run policies -- analyze STATE [--config FILE] [--stack NAME] [--format ${formats.join("|")}]
  npm run policies -- docs

  analyze   evaluates the rules over STATE, the output of: pulumi stack export
              --config FILE  levels and options, as for pulumi's --policy-pack-config
              --stack NAME   name of the stack (default: as in the state)
              --format       ${formats.join(", ")} (default: text); sarif is for code scanning
  docs      writes docs/policies.md and docs/policies.schema.json from the rules and their examples

Exit status: 0 nothing mandatory is violated, 1 something is, 2 the arguments or files cannot be used.`;

export interface Outcome {
  readonly status: 0 | 1 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

const printed = (stdout: string, status: 0 | 1 = 0): Outcome => ({ status, stdout, stderr: "" });

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

function runAnalyze(file: string, options: { config?: string | undefined; stack?: string | undefined; format: string }): Outcome {
  const format = formatOf(options.format);
  const text = read(file);
  const config =
    options.config === undefined
      ? { levels: new Map(), properties: new Map() }
      : readPackConfig(read(options.config), options.config, rules);
  const analysis = analyze(readState(text, file), { rules, exemptions, config, stack: options.stack });
  const { version } = JSON.parse(read(join(import.meta.dirname, "../package.json"))) as { version: string };
  const violated = analysis.violations.some(({ level }) => level === "mandatory");
  return printed(render(analysis, format, { file, text, version }), violated ? 1 : 0);
}

async function runDocs(): Promise<Outcome> {
  const { policyDocs } = await import("./docs.ts");
  const { configFileSchema } = await import("./schema.ts");
  const root = join(import.meta.dirname, "../..");
  const [page, schema] = [join(root, "docs/policies.md"), join(root, "docs/policies.schema.json")];
  writeFileSync(page, policyDocs(rules));
  writeFileSync(schema, JSON.stringify(configFileSchema(rules)));
  execFileSync(process.execPath, [join(root, "node_modules/prettier/bin/prettier.cjs"), "--write", "--log-level", "warn", page, schema]);
  return printed("");
}

async function run(args: readonly string[]): Promise<Outcome> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: "string" },
      stack: { type: "string" },
      format: { type: "string", default: "text" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [verb, file, ...rest] = positionals;
  if (values.help) return printed(usage);
  if (verb === "analyze" && file !== undefined && rest.length === 0) return runAnalyze(file, values);
  if (verb === "docs" && file === undefined) return runDocs();
  throw new InputFault(usage);
}

/** What the process prints and ends with. @throws whatever is no fault of arguments and files. */
export async function command(args: readonly string[]): Promise<Outcome> {
  try {
    return await run(args);
  } catch (error) {
    const usageError = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
    if (!(error instanceof InputFault) && !usageError) throw error;
    return { status: 2, stdout: "", stderr: `policies: ${error.message}` };
  }
}
