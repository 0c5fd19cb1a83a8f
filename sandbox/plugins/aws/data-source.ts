import type { Call, CheckFailure } from "../protocol/provider.ts";
import { hasUnknown, secret, unknown } from "../protocol/values.ts";
import type { Properties } from "../protocol/values.ts";
import type { Configuration } from "./config.ts";
import { Context } from "./context.ts";
import type { Found } from "./definition.ts";
import { functionSchema } from "./schema.ts";
import { fitted, shapeName } from "./shape.ts";

/** One entry of the table of data sources. */
export interface DataSource {
  readonly token: string;
  readonly unsupported?: readonly string[];
  /** Results that are secret whatever the arguments were. */
  readonly secrets?: readonly string[];
  read(args: Properties, context: Context): Promise<Found>;
}

/** How long a data source may take, in seconds. */
const limitSeconds = 120;

export interface Invoked {
  readonly result: Properties;
  readonly failures: readonly CheckFailure[];
}

export async function invoke(source: DataSource, given: Properties, configuration: Configuration, call: Call): Promise<Invoked> {
  const schema = functionSchema(source.token);
  const failures: CheckFailure[] = [];
  const args: Properties = {};
  for (const [key, value] of Object.entries(given)) {
    const member = schema.arguments[key];
    if (member === undefined)
      failures.push({
        property: key,
        reason: `${key} is not an argument of ${source.token}; it takes ${Object.keys(schema.arguments).sort().join(", ")}`,
      });
    else if (source.unsupported?.includes(key))
      failures.push({ property: key, reason: `${key} of ${source.token} is not supported by the sandbox's AWS provider` });
    else args[key] = fitted(value, member.type, key, failures);
  }
  for (const [key, member] of Object.entries(schema.arguments)) {
    if (member.optional !== true && args[key] === undefined)
      failures.push({ property: key, reason: `${key} is missing; it must be ${shapeName(member.type)}` });
  }
  if (failures.length > 0) return { result: {}, failures };
  if (hasUnknown(args)) return { result: { ...unknownResult(source.token), ...args }, failures };
  const region = typeof args["region"] === "string" ? args["region"] : configuration.region;
  const context = new Context(configuration, configuration.clients, call, region, limitSeconds);
  const found = await source.read(args, context);
  const result: Properties = {};
  for (const key of Object.keys(schema.result)) {
    const value = key in found ? found[key] : (args[key] ?? (key === "region" ? region : undefined));
    if (value !== undefined) result[key] = source.secrets?.includes(key) ? secret(value) : value;
  }
  return { result, failures };
}

function unknownResult(token: string): Properties {
  return Object.fromEntries(Object.keys(functionSchema(token).result).map((key) => [key, unknown]));
}
