/** docs/policies.schema.json: what editors complete and check in a configuration file, from the options of the rules. */
import type { EnforcementLevel } from "@pulumi/policy";
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema.js";
import { optionSchema } from "../core/config.ts";
import { unprovedOption, type AnyRule } from "../core/rule.ts";

export const levels = ["advisory", "mandatory", "remediate", "disabled"] as const satisfies EnforcementLevel[];

type Schema = PolicyConfigJSONSchema;

const refersTo = (definition: string) => ({ $ref: `#/definitions/${definition}` });

/** The rules take no keys beside those that they name; the engine would let others pass. */
function closed(schema: Schema): Schema {
  const { items, properties, additionalProperties } = schema;
  return {
    ...schema,
    ...(typeof items === "object" && !Array.isArray(items) && { items: closed(items) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, typeof one === "object" ? closed(one) : one])),
      additionalProperties: false,
    }),
    ...(typeof additionalProperties === "object" && { additionalProperties: closed(additionalProperties) }),
  };
}

function ruleSchema(rule: AnyRule) {
  const options = Object.entries(rule.options).map(
    ([key, option]) => [key, option === unprovedOption ? refersTo("whenUnproved") : closed(optionSchema(option))] as const,
  );
  return {
    description: `${rule.title} ${rule.why} By default ${rule.level}.`,
    anyOf: [
      refersTo("level"),
      {
        type: "object",
        properties: { enforcementLevel: refersTo("level"), ...Object.fromEntries(options) },
        additionalProperties: false,
      },
    ],
  };
}

export function configFileSchema(rules: readonly AnyRule[]): unknown {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Configuration of the policy pack fleet",
    description: "Levels and options that take the place of the rules' own; given as --policy-pack-config.",
    type: "object",
    properties: {
      all: { description: "Level of every rule that is not named, also of those that are disabled.", allOf: [refersTo("level")] },
      ...Object.fromEntries(rules.map((rule) => [rule.id, ruleSchema(rule)])),
    },
    additionalProperties: false,
    definitions: {
      level: { description: "What becomes of a violation.", type: "string", enum: levels },
      whenUnproved: optionSchema(unprovedOption),
    },
  };
}
