/** The provider's configuration, by the real provider's keys (https://www.pulumi.com/registry/packages/aws/installation-configuration/). */
import type { CheckFailure } from "../protocol/provider.ts";
import { isObject, unknown } from "../protocol/values.ts";
import type { Properties, Value } from "../protocol/values.ts";
import { Clients } from "./clients.ts";
import type { Service } from "./clients.ts";
import type { Deadline } from "./wait.ts";

type Kind = "text" | "boolean" | "number" | "texts" | "tags" | "endpoints";

/** What is read; the skip… keys are accepted, for nothing that they skip is done here. */
const keys: Readonly<Record<string, Kind>> = {
  region: "text",
  accessKey: "text",
  secretKey: "text",
  token: "text",
  allowedAccountIds: "texts",
  forbiddenAccountIds: "texts",
  defaultTags: "tags",
  endpoints: "endpoints",
  maxRetries: "number",
  skipCredentialsValidation: "boolean",
  skipMetadataApiCheck: "boolean",
  skipRegionValidation: "boolean",
  skipRequestingAccountId: "boolean",
};
/** What the engine adds for itself. */
const engineKeys = new Set(["version", "pluginDownloadURL", "__internal"]);

const serviceNames: Readonly<Record<string, Service>> = {
  autoscaling: "autoscaling",
  cloudwatch: "cloudwatch",
  cloudwatchlogs: "logs",
  logs: "logs",
  ec2: "ec2",
  elbv2: "elbv2",
  elb: "elbv2",
  cloudwatchevents: "events",
  eventbridge: "events",
  events: "events",
  iam: "iam",
  kms: "kms",
  lambda: "lambda",
  sns: "sns",
  sqs: "sqs",
  ssm: "ssm",
  sts: "sts",
};

/** The sandbox must never reach AWS: only a port of this machine will do. */
const localEndpoint = /^http:\/\/127\.0\.0\.1:\d{1,5}\/?$/;

const expected: Readonly<Record<Kind, string>> = {
  text: "a string",
  boolean: "true or false",
  number: "a number",
  texts: "a list of strings",
  tags: 'an object such as {"tags": {"key": "value"}}',
  endpoints: 'a list such as [{"sqs": "http://127.0.0.1:4566"}]',
};

/** Values that are not plain strings travel as JSON text. */
function parsed(kind: Kind, value: Value): Value {
  if (kind === "text" || typeof value !== "string" || value === unknown) return value;
  try {
    return JSON.parse(value) as Value;
  } catch {
    return value;
  }
}

function fits(kind: Kind, value: Value): boolean {
  const text = (one: Value) => typeof one === "string";
  if (value === unknown) return true;
  if (kind === "text") return text(value);
  if (kind === "boolean") return typeof value === "boolean";
  if (kind === "number") return typeof value === "number";
  if (kind === "texts") return Array.isArray(value) && value.every(text);
  if (kind === "endpoints") return Array.isArray(value) && value.every((one) => isObject(one) && Object.values(one).every(text));
  const tags = isObject(value) ? (value["tags"] ?? {}) : undefined;
  return isObject(tags) && Object.values(tags).every(text);
}

function endpointFailures(endpoints: Value): CheckFailure[] {
  return (endpoints as Record<string, string>[])
    .flatMap((one) => Object.entries(one))
    .flatMap(([name, url]) => {
      if (serviceNames[name] === undefined)
        return [
          { property: "endpoints", reason: `endpoints names ${name}; known services are ${Object.keys(serviceNames).sort().join(", ")}` },
        ];
      return localEndpoint.test(url) ? [] : [{ property: "endpoints", reason: notLocal(`the endpoint of ${name}`, url) }];
    });
}

const notLocal = (what: string, url: string): string =>
  `${what} is ${JSON.stringify(url)}; the sandbox's AWS provider talks only to http://127.0.0.1:PORT, never to AWS itself`;

/** Every fault of the inputs of an `aws.Provider`, or of the `aws:` configuration. */
export function configFailures(inputs: Properties): CheckFailure[] {
  return Object.entries(inputs).flatMap(([property, raw]) => {
    if (engineKeys.has(property)) return [];
    const kind = keys[property];
    if (kind === undefined) {
      const known = Object.keys(keys).sort().join(", ");
      return [{ property, reason: `aws:${property} is not a setting of the sandbox's AWS provider; it knows ${known}` }];
    }
    const value = parsed(kind, raw);
    if (!fits(kind, value)) return [{ property, reason: `aws:${property} is ${JSON.stringify(raw)}, but must be ${expected[kind]}` }];
    return kind === "endpoints" && value !== unknown ? endpointFailures(value) : [];
  });
}

export interface Configuration {
  readonly region: string;
  readonly defaultTags: Readonly<Record<string, string>>;
  readonly clients: Clients;
  accountId(region: string, deadline: Deadline): Promise<string>;
}

/** Throws with every fault. Reads AWS_ENDPOINT_URL, AWS_REGION and the access key of the environment, never a profile. */
export function configurationFrom(inputs: Properties, environment: NodeJS.ProcessEnv): Configuration {
  const value = (key: string): Value | undefined => {
    const raw = inputs[key];
    return raw === undefined ? undefined : parsed(keys[key] ?? "text", raw);
  };
  const text = (key: string, ...variables: readonly string[]): string | undefined =>
    [value(key) as string | undefined, ...variables.map((name) => environment[name])].find((one) => one !== undefined && one !== "");
  const endpoint = environment["AWS_ENDPOINT_URL"] ?? "";
  const region = text("region", "AWS_REGION", "AWS_DEFAULT_REGION");
  const faults = configFailures(inputs).map((one) => one.reason);
  if (!localEndpoint.test(endpoint)) faults.push(notLocal("AWS_ENDPOINT_URL", endpoint));
  if (region === undefined) faults.push("aws:region is missing; set it with `pulumi config set aws:region <region>` or AWS_REGION");
  if (faults.length > 0 || region === undefined) throw new Error(faults.join("\n"));
  const clients = new Clients({
    endpoint,
    endpoints: endpointsOf(value("endpoints")),
    accessKeyId: text("accessKey", "AWS_ACCESS_KEY_ID") ?? "sandbox",
    secretAccessKey: text("secretKey", "AWS_SECRET_ACCESS_KEY") ?? "sandbox",
    sessionToken: text("token", "AWS_SESSION_TOKEN"),
    maxAttempts: 1 + ((value("maxRetries") as number | undefined) ?? defaultRetries),
  });
  let accountId: Promise<string> | undefined;
  return {
    region,
    clients,
    defaultTags: tagsFrom(value("defaultTags")),
    accountId: (inRegion, deadline) =>
      (accountId ??= clients.call("sts", "GetCallerIdentity", {}, inRegion, deadline).then((identity) => identity.Account ?? "")),
  };
}

/** Enough for a second or two of throttling; the real provider tries 25 times over many minutes. */
const defaultRetries = 5;

function endpointsOf(value: Value | undefined): Partial<Record<Service, string>> {
  const entries = ((value ?? []) as Record<string, string>[]).flatMap((one) => Object.entries(one));
  return Object.fromEntries(entries.map(([name, url]) => [serviceNames[name] ?? name, url]));
}

function tagsFrom(value: Value | undefined): Record<string, string> {
  return isObject(value) ? ((value["tags"] ?? {}) as Record<string, string>) : {};
}

/** Throws when the account of the credentials is not allowed; asks AWS only when the settings name accounts. */
export async function checkAccount(inputs: Properties, configuration: Configuration, deadline: Deadline): Promise<void> {
  const ids = (key: string): readonly string[] | undefined => {
    const value = inputs[key] === undefined ? undefined : parsed("texts", inputs[key]);
    return Array.isArray(value) && value.length > 0 ? value.map(String) : undefined;
  };
  const allowed = ids("allowedAccountIds");
  const forbidden = ids("forbiddenAccountIds");
  if (allowed === undefined && forbidden === undefined) return;
  const account = await configuration.accountId(configuration.region, deadline);
  if (allowed && !allowed.includes(account))
    throw new Error(`the credentials belong to account ${account}, but aws:allowedAccountIds allows only ${allowed.join(", ")}`);
  if (forbidden?.includes(account))
    throw new Error(`the credentials belong to account ${account}, which aws:forbiddenAccountIds forbids (${forbidden.join(", ")})`);
}
