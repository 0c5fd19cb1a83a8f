/** The settings for editors (JSON schema of a stack file) and for readers (a page of tables), from the one schema. */
import { z } from "zod";
import { allowedBy } from "./describe.ts";
import type { JsonSchema } from "./describe.ts";
import { fleetSchema } from "./fleet-schema.ts";
import { awsSchemas, projectSchemas } from "./schema.ts";

// Draft 7: what YAML language servers read best.
function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const json = z.toJSONSchema(schema, { io: "input", target: "draft-7" });
  delete json.$schema; // said once, by the whole file
  return json as JsonSchema;
}

const keys: Readonly<Record<string, z.ZodType>> = {
  ...Object.fromEntries(Object.entries(awsSchemas).map(([name, schema]) => [`aws:${name}`, schema])),
  ...Object.fromEntries(Object.entries(projectSchemas).map(([name, schema]) => [`fleet:${name}`, schema])),
};

const isOptional = (schema: z.ZodType) => schema.safeParse(undefined).success;

/** `pulumi config set` writes top-level numbers and booleans as text. */
function orText(schema: JsonSchema): object {
  return schema.type === "integer" || schema.type === "boolean" ? { ...schema, type: [schema.type, "string"] } : schema;
}

/** JSON schema of `Pulumi.<stack>.yaml`. */
export function stackFileSchema(): object {
  const project = Object.keys(projectSchemas).join("|");
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Settings of a fleet stack",
    type: "object",
    required: ["config"],
    properties: {
      config: {
        type: "object",
        required: Object.keys(keys).filter((key) => keys[key] !== undefined && !isOptional(keys[key])),
        propertyNames: { pattern: `^(?!fleet:)|^fleet:(?:${project})$` },
        properties: Object.fromEntries(Object.entries(keys).map(([key, schema]) => [key, orText(jsonSchemaOf(schema))])),
      },
    },
  };
}

interface Row {
  readonly key: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/** Every setting below `schema`, objects before what is in them. */
function rowsOf(key: string, schema: JsonSchema, required: boolean): Row[] {
  const row = { key, schema, required };
  const properties = Object.entries(schema.properties ?? {});
  const below = (prefix: string) =>
    properties.flatMap(([name, property]) => rowsOf(`${prefix}${name}`, property, schema.required?.includes(name) ?? false));
  if (properties.length > 0) return [row, ...below(`${key}.`)];
  const item = schema.items;
  if (item?.properties === undefined) return [row];
  return [row, ...rowsOf(`${key}[]`, item, true).slice(1)];
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

function defaultOf({ schema, required }: Row): string {
  if (required) return "required";
  if (schema.default === undefined || JSON.stringify(schema.default) === "{}") return "–";
  return `\`${JSON.stringify(schema.default)}\``;
}

function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { schema } = row;
    const allowed = schema.type === "object" || schema.type === "array" ? schema.type : allowedBy(schema);
    return `| \`${row.key}\` | ${cell(allowed)} | ${cell(defaultOf(row))} | ${cell(schema.description ?? "")} |`;
  });
  return ["| setting | allowed | default | what it is for |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

/** docs/settings.md */
export function settingsPage(): string {
  const top = Object.entries(keys).flatMap(([key, schema]) =>
    key === "fleet:fleets" ? [] : rowsOf(key, jsonSchemaOf(schema), !isOptional(schema)),
  );
  const fleet = jsonSchemaOf(fleetSchema);
  const inFleet = Object.entries(fleet.properties ?? {}).flatMap(([name, property]) =>
    rowsOf(name, property, fleet.required?.includes(name) ?? false),
  );
  return `${head}\n## The stack\n\n${table(top)}\n\n## A fleet\n\nSettings under \`fleet:fleets.<name>\`.\n\n${table(inFleet)}\n`;
}

const head = `<!-- Written by: node settings/generate.ts -->

# Settings

A stack's settings stand in \`Pulumi.<stack>.yaml\`; the stack's name is the environment. Together with product, platform and
major version it names and tags everything. The program checks all settings before it makes anything, and lists every fault
with the line that mends it. Editors that know YAML schemas check while you type (docs/settings.schema.json).

No setting holds a secret: settings name parameters and secrets, which instances read with their role.

A fleet that needs nothing special:

\`\`\`yaml
fleet:fleets:
  app:
    image: { id: ami-0a1b2c3d4e5f60718, bakeType: t3.small }
    instanceType: t3.small
    size: { min: 2, max: 6 }
    bootSeconds: 120
    scaling:
      up: { threshold: 70 }
      down: { threshold: 30 }
\`\`\`

To rename a fleet, change its key and add \`formerly\` with the old name. Nothing changes on AWS: names, tags and prefixes
there stay those that the fleet was made with, since most of them could only be changed by replacing the group.
`;
