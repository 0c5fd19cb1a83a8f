/** docs/policies.md, from the rules and their examples; a test holds the two equal. */
import type { AnyRule } from "../core/rule.ts";
import { kinds, type Kind } from "../model/kinds.ts";
import { exampleText, readExamples, type Example, type Saying } from "./examples.ts";

const intro = `# Policies

Generated from \`policies/rules\` and \`policies/examples\` by \`npm run policies -- docs\`.

## Using the pack

\`\`\`sh
pulumi preview --policy-pack policies                                      # by flag
export PULUMI_OPTION_POLICY_PACK=policies                                  # or for every command of the shell
pulumi preview --policy-pack policies --policy-pack-config levels.json     # with levels and options
export PULUMI_OPTION_POLICY_PACK_CONFIG=levels.json                        # the same for every command
npm run policies -- analyze state.json --format sarif                      # an exported state, without the CLI
\`\`\`

The pack works on any Pulumi program that uses \`@pulumi/aws\` 7. It needs Node 22.18 or newer and no build step.

**Levels.** Each rule has a level: \`advisory\` reports, \`mandatory\` stops the deployment, \`remediate\` repairs where the rule
can, \`disabled\` is off. The stack's setting \`fleet:policies\` decides for a whole stack and travels with it, whichever way
the pack is started: \`advisory\` turns every mandatory rule into an advisory one, \`required\` leaves the levels as they are,
and the program then refuses to run without the pack. A configuration file changes single rules and wins over the setting:

\`\`\`json
{
  "image-instance-type-match": { "enforcementLevel": "mandatory", "mode": "family" },
  "queue-has-consumer": { "workers": ["departures"] },
  "consumer-tracing": "advisory"
}
\`\`\`

\`"all": "advisory"\` in that file sets every rule, those that are disabled too. Unknown rules and options are violations of
\`pack-config-known\`. Editors complete and check such a file by \`docs/policies.schema.json\`; in Visual Studio Code:

\`\`\`json
{ "json.schemas": [{ "fileMatch": ["levels*.json"], "url": "./docs/policies.schema.json" }] }
\`\`\`

**Unproved.** A check that meets a value which is only known after the deployment, or which is encrypted in an exported
state, has proved nothing. It is reported by \`pack-nothing-unproved\`, at that rule's level, in one line for each rule that
names every resource and what is missing, and hides no other check. With
\`"whenUnproved": "violation"\` a rule reports it itself, at its own level. Before the first deployment the rules that read
the policies of topics, queues and keys are unproved, because these contain ARNs that AWS has yet to assign; they are
proved at the end of that deployment and at every later preview.

**Exemptions** name one rule, one resource, a reason and the last day on which they hold. They stand in
\`policies/exemptions.ts\`, in the option \`exemptions\` of \`pack-exemptions-valid\`, or in the settings of a fleet for
everything in it. An expired one, and one that names nothing, is a violation.

**Values in messages.** A policy sees secrets in plain text. Messages quote only properties that hold no credentials;
findings in user data and in variables say what kind of credential it is and where, never its text.
`;

const escape = (text: string) => text.replaceAll("|", "\\|");

function table(rules: readonly AnyRule[]): string {
  const rows = rules.map(
    (rule) => `| [${rule.id}](#${rule.id}) | ${escape(rule.title)} | ${rule.severity} | ${rule.level} | ${remediates(rule)} |`,
  );
  return ["| rule | what holds | severity | level | repairs |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

const remediates = (rule: AnyRule) => (Object.keys(rule.repairs).length > 0 ? "yes" : "");

function scope(rule: AnyRule): string {
  const types = (Object.keys(rule.resources) as Kind[]).map((kind) => `\`${kinds[kind]}\``);
  const each = types.length > 0 ? [`each ${types.join(", ")} before it is created or changed`] : [];
  return [...each, ...(rule.stack ? ["the stack as a whole"] : [])].join("; ");
}

/** Every rule also has `whenUnproved`, which the introduction explains. */
function options(rule: AnyRule): string[] {
  const rows = Object.entries(rule.options)
    .filter(([key]) => key !== "whenUnproved")
    .map(([key, option]) => `| \`${key}\` | \`${JSON.stringify(option.default)}\` | ${escape(option.about)} |`);
  return rows.length === 0 ? [] : ["| option | default | meaning |", "| --- | --- | --- |", ...rows, ""];
}

function saying({ resource, message }: Saying): string {
  return `> ${resource === undefined ? "the stack" : `\`${resource}\``}: ${message}`;
}

/** The example as Pulumi YAML, with the configuration that it needs. */
function example(one: Example, index: number, kind: "good" | "bad", rule: AnyRule): string[] {
  const configuration = { ...one.configOf, ...(one.config && { [rule.id]: one.config }) };
  const conditions = [
    ...(one.stack === undefined ? [] : [`in the stack \`${one.stack}\``]),
    ...(one.now === undefined ? [] : [`on ${one.now.slice(0, 10)}`]),
  ];
  const given = Object.keys(configuration).length > 0;
  const resources = Object.keys(one.resources).length > 0;
  return [
    `**${kind === "good" ? "Good" : "Bad"}**: ${one.title}${conditions.length > 0 ? ` (${conditions.join(", ")})` : ""}`,
    "",
    ...(given ? ["```json", JSON.stringify(configuration, undefined, 2), "```", ""] : []),
    ...(resources ? ["```yaml", exampleText(rule.id, kind, index), "```", ""] : []),
    ...(one.says ?? []).flatMap((text) => [saying(text), ""]),
  ];
}

function section(rule: AnyRule): string[] {
  const { good, bad } = readExamples(rule.id);
  return [
    `### ${rule.id}`,
    "",
    `**${rule.title}** ${rule.why}`,
    "",
    `Severity ${rule.severity}, level ${rule.level}. Looks at ${scope(rule)}. [More](${rule.url})`,
    "",
    `What to do: ${rule.remediation}`,
    "",
    ...(rule.controls.length > 0 ? [`Asked for, wholly or in part, by ${rule.controls.join(", ")}.`, ""] : []),
    ...(rule.contradicts ? [`Contradicts ${rule.contradicts.join(", ")}.`, ""] : []),
    ...options(rule),
    ...good.flatMap((one, index) => example(one, index, "good", rule)),
    ...bad.flatMap((one, index) => example(one, index, "bad", rule)),
  ];
}

export function policyDocs(rules: readonly AnyRule[]): string {
  const sections = rules.flatMap(section).join("\n");
  return `${intro}\n## Rules\n\n${table(rules)}\n\n## Each rule\n\n${sections.trimEnd()}\n`;
}
