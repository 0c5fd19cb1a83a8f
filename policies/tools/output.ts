/** An analysis as text for people, as JSON for scripts, and as SARIF for code scanning. */
import { placeOf, type Analysis, type Violation } from "./analyze.ts";
import { asSarif, type Source } from "./sarif.ts";

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
    violations: violations.map(({ rule, level, message, urn, urns }) => ({
      rule: rule.id,
      level,
      severity: rule.severity,
      ...(urn !== undefined && { urn }),
      ...(urns && { urns }),
      message,
      title: rule.title,
      remediation: rule.remediation,
      url: rule.url,
      controls: rule.controls,
    })),
  };
}

export function render(analysis: Analysis, format: Format, source: Source): string {
  switch (format) {
    case "text":
      return asText(analysis);
    case "json":
      return JSON.stringify(asJson(analysis), undefined, 2);
    case "sarif":
      return JSON.stringify(asSarif(analysis, source), undefined, 2);
  }
}
