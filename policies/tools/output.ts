/** An analysis as text for people, as JSON for scripts, and as SARIF for code scanning. */
import type { AnyRule } from "../core/rule.ts";
import { placeOf, type Analysis, type Violation } from "./analyze.ts";

export const formats = ["text", "json", "sarif"] as const;
export type Format = (typeof formats)[number];

const count = (violations: readonly Violation[], level: Violation["level"]) => violations.filter((one) => one.level === level).length;

export function summary({ rules, resources, violations }: Analysis): string {
  return `${resources} resources, ${rules.length} rules: ${count(violations, "mandatory")} mandatory and ${count(violations, "advisory")} advisory violations`;
}

function asText(analysis: Analysis): string {
  const blocks = analysis.violations.map((one) =>
    [`${one.level} ${one.rule.id} (${one.rule.severity}): ${placeOf(one)}`, `  ${one.message}`, `  ${one.rule.remediation}`].join("\n"),
  );
  return [...blocks, summary(analysis)].join("\n\n");
}

function asJson({ rules, resources, violations }: Analysis): unknown {
  return {
    summary: { resources, rules: rules.length, mandatory: count(violations, "mandatory"), advisory: count(violations, "advisory") },
    violations: violations.map(({ rule, level, message, urn }) => ({
      rule: rule.id,
      level,
      severity: rule.severity,
      ...(urn !== undefined && { urn }),
      message,
      title: rule.title,
      remediation: rule.remediation,
      url: rule.url,
      controls: rule.controls,
    })),
  };
}

/** GitHub sorts by a number from 0 to 10. https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning */
const securitySeverity: Readonly<Record<AnyRule["severity"], string>> = { low: "3.0", medium: "5.5", high: "8.0", critical: "9.5" };
const sarifLevel = { mandatory: "error", advisory: "warning" } as const;

function sarifRule(rule: AnyRule): unknown {
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

function asSarif({ rules, violations }: Analysis, file: string, text: string, version: string): unknown {
  const lines = linesOf(text);
  const index = new Map(rules.map((rule, position) => [rule.id, position]));
  const results = violations.map(({ rule, level, message, urn }) => ({
    ruleId: rule.id,
    ruleIndex: index.get(rule.id),
    level: sarifLevel[level],
    message: { text: `${placeOf(urn === undefined ? {} : { urn })}: ${message}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: file }, region: { startLine: lines.get(urn ?? "") ?? 1 } },
        ...(urn !== undefined && { logicalLocations: [{ fullyQualifiedName: urn, kind: "resource" }] }),
      },
    ],
    // The message names values that change; rule and resource stay the same finding.
    partialFingerprints: { ruleAndResource: `${rule.id} ${urn ?? ""}` },
  }));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver: { name: "fleet policies", version, rules: rules.map(sarifRule) } }, results }],
  };
}

export interface Source {
  readonly file: string;
  readonly text: string;
  /** Version of the pack. */
  readonly version: string;
}

export function render(analysis: Analysis, format: Format, { file, text, version }: Source): string {
  switch (format) {
    case "text":
      return asText(analysis);
    case "json":
      return JSON.stringify(asJson(analysis), undefined, 2);
    case "sarif":
      return JSON.stringify(asSarif(analysis, file, text, version), undefined, 2);
  }
}
