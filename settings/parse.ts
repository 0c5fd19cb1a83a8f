import { z } from "zod";
import { fleetPrefix, groupsCollide } from "../contract/naming.ts";
import { fault } from "../scaling/checks/fault.ts";
import { allowedBy } from "./describe.ts";
import type { JsonSchema } from "./describe.ts";
import { checkedFault, faultsOf, removeLine, setLine, unknownKey } from "./faults.ts";
import type { SettingFault } from "./faults.ts";
import { opsWorksEnd } from "./boot-faults.ts";
import { consumerFaults } from "./consumer-faults.ts";
import { fleetFaults } from "./fleet-faults.ts";
import { fleetNameSchema, fleetSchema } from "./fleet-schema.ts";
import { bakingStackFaults } from "./image-faults.ts";
import { identityName, resolveSettings } from "./resolve.ts";
import type { Settings } from "./resolve.ts";
import { awsSchemas, projectSchemas } from "./schema.ts";
import type { AwsSettings, ProjectSettings } from "./schema.ts";
import { looksLikeSecret, redacted, shown } from "./secrets.ts";

/** Where the settings come from, as Pulumi hands it to a program. */
export interface SettingsSource {
  readonly stack: string;
  /** `namespace:name` to text; for structured values their JSON. */
  readonly config: Readonly<Record<string, string>>;
  /** Keys whose values are encrypted in the stack file. */
  readonly secretKeys: readonly string[];
  /** `PULUMI_OPTION_POLICY_PACK` of the program's environment. */
  readonly policyPack: string | undefined;
}

export type ParsedSettings = { readonly settings: Settings } | { readonly faults: readonly SettingFault[] };

const project = "fleet";
export const jsonSchemaOf = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { io: "input" }) as JsonSchema;

/** Every setting, checked; or every fault of them. */
export function parseSettings(source: SettingsSource): ParsedSettings {
  const values = new Map(Object.entries(source.config).map(([key, text]) => [key, valueOf(text, typeOf(key))]));
  const faults = [
    ...stackFaults(source.stack),
    ...Object.entries(source.config).flatMap(([key, text]) => secretFaults(key, text, source.secretKeys.includes(key))),
    ...unknownFaults([...values.keys()]),
    ...keyFaults(project, projectSchemas, values),
    ...keyFaults("aws", awsSchemas, values),
    ...choiceFaults(values),
    ...consumerFaults(project, values),
    ...fleetsFaults(source.stack, values.get(`${project}:fleets`)),
    ...policyFaults(values.get(`${project}:policies`), source.policyPack),
  ];
  // What is encrypted is not looked into: a fault in it would show it.
  const told = faults.filter((one) => one.problem === secretProblem || !source.secretKeys.some((key) => one.key.startsWith(key)));
  if (told.length > 0) {
    return { faults: told.map(({ key, problem, mend }) => ({ key: redacted(key), problem: redacted(problem), mend: redacted(mend) })) };
  }
  const projectSettings = parsed(project, projectSchemas, values) as unknown as ProjectSettings;
  return { settings: resolveSettings(source.stack, projectSettings, parsed("aws", awsSchemas, values) as unknown as AwsSettings) };
}

type Schemas = Readonly<Record<string, z.ZodType>>;

function parsed(namespace: string, schemas: Schemas, values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, schema.parse(values.get(`${namespace}:${name}`))]));
}

function typeOf(key: string): string | undefined {
  const [namespace, name = ""] = key.split(":");
  const schemas: Schemas = namespace === project ? projectSchemas : namespace === "aws" ? awsSchemas : {};
  const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
  return schema === undefined ? undefined : jsonSchemaOf(schema).type;
}

/** The text of a setting as the type that it should have; as it is when it does not look like one. */
function valueOf(text: string, type: string | undefined): unknown {
  if (type === "integer") return /^-?\d+$/.test(text) ? Number(text) : text;
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (type !== "object" && type !== "array") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function stackFaults(stack: string): SettingFault[] {
  if (/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(stack) && stack.length <= 24) return [];
  return [
    {
      key: "the stack's name",
      problem: `is ${shown(stack)}; allowed: up to 24 lower-case letters, digits and single hyphens: it is the environment in every name`,
      mend: "pulumi stack rename staging",
    },
  ];
}

const secretProblem = "holds what looks like a secret; allowed: the name of a parameter or secret that instances read with their role";

function secretFaults(key: string, text: string, encrypted: boolean): SettingFault[] {
  if (!key.startsWith(`${project}:`) && !/^aws:(?:accessKey|secretKey|token)$/.test(key)) return [];
  if (key.startsWith("aws:") || encrypted || looksLikeSecret(text)) return [{ key, problem: secretProblem, mend: removeLine(key) }];
  return [];
}

function unknownFaults(keys: readonly string[]): SettingFault[] {
  return keys
    .filter((key) => key.startsWith(`${project}:`) && !Object.hasOwn(projectSchemas, key.slice(project.length + 1)))
    .map((key) => unknownKey(key, key.slice(project.length + 1), Object.keys(projectSchemas)));
}

function keyFaults(namespace: string, schemas: Schemas, values: ReadonlyMap<string, unknown>): SettingFault[] {
  return Object.entries(schemas).flatMap(([name, schema]) => {
    const key = `${namespace}:${name}`;
    const value = values.get(key);
    if (key === `${project}:fleets` && isRecord(value)) return []; // fleet by fleet, below
    const result = schema.safeParse(value);
    return result.success ? [] : faultsOf(key, jsonSchemaOf(schema), value, result.error);
  });
}

/** Settings that stand in each other's place. */
function choiceFaults(values: ReadonlyMap<string, unknown>): SettingFault[] {
  const faults: SettingFault[] = [];
  const network = projectSchemas.network.safeParse(values.get(`${project}:network`));
  if (network.success) {
    const { vpcId, subnetIds, subnetTags } = network.data;
    const key = `${project}:network`;
    if (vpcId === undefined && subnetIds === undefined) faults.push(checkedFault(key, fault("vpcId", undefined, "a VPC, or subnetIds")));
    if (subnetIds !== undefined && subnetTags !== undefined) {
      faults.push(checkedFault(key, fault("subnetTags", subnetTags, "absent, since subnetIds are given")));
    }
  }
  const alerts = projectSchemas.alerts.safeParse(values.get(`${project}:alerts`));
  if (alerts.success && (alerts.data.topicArn === undefined) === (alerts.data.email === undefined)) {
    faults.push(checkedFault(`${project}:alerts`, fault("email", alerts.data.email, "an address or topicArn, not both")));
  }
  return faults;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function fleetsFaults(stack: string, fleets: unknown): SettingFault[] {
  if (!isRecord(fleets)) return [];
  const key = `${project}:fleets`;
  if (Object.keys(fleets).length === 0) {
    return [{ key, problem: "is empty; allowed: one fleet or more", mend: setLine(`${key}.app.instanceType`, "t3.small") }];
  }
  return [
    ...Object.entries(fleets).flatMap(([name, fleet]) => fleetFaultsOf(`${key}.${name}`, name, fleet, stack)),
    ...nameFaults(key, fleets),
  ];
}

const fleetJsonSchema = jsonSchemaOf(fleetSchema);

function fleetFaultsOf(key: string, name: string, fleet: unknown, stack: string): SettingFault[] {
  const names = fleetNameSchema.safeParse(name).success
    ? []
    : [{ key, problem: `has a wrong name; allowed: ${allowedBy(jsonSchemaOf(fleetNameSchema))}`, mend: removeLine(key) }];
  const shape = fleetSchema.safeParse(fleet);
  return [
    ...names,
    ...(shape.success ? [] : faultsOf(key, fleetJsonSchema, fleet, shape.error).map((one) => endOfLife(key, fleet, one))),
    ...(isRecord(fleet) ? [...fleetFaults(fleet), ...bakingStackFaults(stack, fleet["image"])].map((one) => checkedFault(key, one)) : []),
  ];
}

const endOfLife = (key: string, fleet: unknown, one: SettingFault): SettingFault =>
  one.key === `${key}.provisioning` && isRecord(fleet) && fleet["provisioning"] === "opsworks"
    ? { ...one, problem: opsWorksEnd, mend: setLine(one.key, "managed-node") }
    : one;

/** Two fleets whose groups could be taken for each other's by a role that knows them by their prefixes. */
function nameFaults(key: string, fleets: Readonly<Record<string, unknown>>): SettingFault[] {
  const naming = { product: "p", environment: "e", platform: "p", majorVersion: 0 };
  const identities = Object.entries(fleets).map(([name, fleet]) => {
    const formerly = isRecord(fleet) && typeof fleet["formerly"] === "string" ? fleet["formerly"] : undefined;
    return { name, prefix: fleetPrefix(naming, identityName(name, formerly)) };
  });
  return identities.flatMap(({ name, prefix }, index) => {
    const other = identities.slice(0, index).find((one) => groupsCollide(one.prefix, prefix));
    if (other === undefined) return [];
    const problem = `has the names of fleet ${other.name}; allowed: a name, or formerly, that is not the other's and does not begin with the other's and -group`;
    return [{ key: `${key}.${name}`, problem, mend: removeLine(`${key}.${name}`) }];
  });
}

function policyFaults(policies: unknown, policyPack: string | undefined): SettingFault[] {
  if (policies !== "required" || (policyPack ?? "") !== "") return [];
  return [
    {
      key: `${project}:policies`,
      problem: 'is "required", but no policy pack runs with the program (PULUMI_OPTION_POLICY_PACK is not set)',
      mend: "export PULUMI_OPTION_POLICY_PACK=policies",
    },
  ];
}
