/**
 * An analysis as SARIF 2.1.0, for code scanning.
 * https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
 */
import { isAbsolute, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { Log, ReportingDescriptor, Result } from "sarif";
import type { AnyRule } from "../core/rule.ts";
import { placeOf, type Analysis, type Violation } from "./analyze.ts";

export interface Source {
  /** As given on the command line, from the working directory. */
  readonly file: string;
  readonly text: string;
  /** Version of the pack. */
  readonly version: string;
}

/** GitHub sorts by a number from 0 to 10. */
const securitySeverity: Readonly<Record<AnyRule["severity"], string>> = { low: "3.0", medium: "5.5", high: "8.0", critical: "9.5" };
const sarifLevel = { mandatory: "error", advisory: "warning" } as const;

function sarifRule(rule: AnyRule): ReportingDescriptor {
  return {
    id: rule.id,
    name: rule.id,
    shortDescription: { text: rule.title },
    fullDescription: { text: rule.why },
    help: { text: rule.remediation },
    helpUri: rule.url,
    defaultConfiguration: { level: rule.level === "mandatory" ? "error" : "warning" },
    properties: { tags: ["security", ...rule.controls], "security-severity": securitySeverity[rule.severity] },
  };
}

/** Lines of the file, from 1, on which each resource stands; code scanning shows nothing without a line. */
function linesOf(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  for (const [index, line] of text.split("\n").entries()) {
    const urn = /"urn":\s*("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
    if (urn !== undefined) lines.set(JSON.parse(urn) as string, index + 1);
  }
  return lines;
}

/** Code scanning takes paths from the root of the repository, in which it runs; what lies elsewhere is named in full. */
export function uriOf(file: string, directory: string): string {
  const path = isAbsolute(file) ? relative(directory, file) : file;
  const outside = path.split(sep)[0] === ".." || isAbsolute(path);
  return outside ? pathToFileURL(file).href : path.split(sep).map(encodeURIComponent).join("/");
}

function sarifResult(violation: Violation, ruleIndex: number, uri: string, lines: ReadonlyMap<string, number>): Result {
  const { rule, level, message, urn, urns = urn === undefined ? [] : [urn] } = violation;
  const place = (startLine = 1) => ({ physicalLocation: { artifactLocation: { uri }, region: { startLine } } });
  return {
    ruleId: rule.id,
    ruleIndex,
    level: sarifLevel[level],
    message: { text: `${placeOf(violation)}: ${message}` },
    locations:
      urns.length === 0
        ? [place()]
        : urns.map((one) => ({ ...place(lines.get(one)), logicalLocations: [{ fullyQualifiedName: one, kind: "resource" }] })),
    // The message names values that change; rule and resource stay the same finding.
    partialFingerprints: { ruleAndResource: `${rule.id} ${urns.join(" ")}` },
  };
}

export function asSarif({ rules, violations }: Analysis, { file, text, version }: Source): Log {
  const lines = linesOf(text);
  const index = new Map(rules.map((rule, position) => [rule.id, position]));
  const uri = uriOf(file, process.cwd());
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "fleet policies", version, rules: rules.map(sarifRule) } },
        results: violations.map((one) => sarifResult(one, index.get(one.rule.id) ?? -1, uri, lines)),
      },
    ],
  };
}
