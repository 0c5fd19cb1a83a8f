/** Clients of the AWS SDK, each package loaded with its first call, all of them bound to one local endpoint. */
import type * as autoscalingSdk from "@aws-sdk/client-auto-scaling";
import type * as cloudwatchSdk from "@aws-sdk/client-cloudwatch";
import type * as logsSdk from "@aws-sdk/client-cloudwatch-logs";
import type * as ec2Sdk from "@aws-sdk/client-ec2";
import type * as elbv2Sdk from "@aws-sdk/client-elastic-load-balancing-v2";
import type * as eventsSdk from "@aws-sdk/client-eventbridge";
import type * as iamSdk from "@aws-sdk/client-iam";
import type * as kmsSdk from "@aws-sdk/client-kms";
import type * as lambdaSdk from "@aws-sdk/client-lambda";
import type * as snsSdk from "@aws-sdk/client-sns";
import type * as sqsSdk from "@aws-sdk/client-sqs";
import type * as ssmSdk from "@aws-sdk/client-ssm";
import type * as stsSdk from "@aws-sdk/client-sts";
import type { Deadline } from "./wait.ts";

interface Modules {
  autoscaling: typeof autoscalingSdk;
  cloudwatch: typeof cloudwatchSdk;
  logs: typeof logsSdk;
  ec2: typeof ec2Sdk;
  elbv2: typeof elbv2Sdk;
  events: typeof eventsSdk;
  iam: typeof iamSdk;
  kms: typeof kmsSdk;
  lambda: typeof lambdaSdk;
  sns: typeof snsSdk;
  sqs: typeof sqsSdk;
  ssm: typeof ssmSdk;
  sts: typeof stsSdk;
}
export type Service = keyof Modules;

const load: { readonly [S in Service]: () => Promise<Modules[S]> } = {
  autoscaling: () => import("@aws-sdk/client-auto-scaling"),
  cloudwatch: () => import("@aws-sdk/client-cloudwatch"),
  logs: () => import("@aws-sdk/client-cloudwatch-logs"),
  ec2: () => import("@aws-sdk/client-ec2"),
  elbv2: () => import("@aws-sdk/client-elastic-load-balancing-v2"),
  events: () => import("@aws-sdk/client-eventbridge"),
  iam: () => import("@aws-sdk/client-iam"),
  kms: () => import("@aws-sdk/client-kms"),
  lambda: () => import("@aws-sdk/client-lambda"),
  sns: () => import("@aws-sdk/client-sns"),
  sqs: () => import("@aws-sdk/client-sqs"),
  ssm: () => import("@aws-sdk/client-ssm"),
  sts: () => import("@aws-sdk/client-sts"),
};

const clientNames: Readonly<Record<Service, string>> = {
  autoscaling: "AutoScalingClient",
  cloudwatch: "CloudWatchClient",
  logs: "CloudWatchLogsClient",
  ec2: "EC2Client",
  elbv2: "ElasticLoadBalancingV2Client",
  events: "EventBridgeClient",
  iam: "IAMClient",
  kms: "KMSClient",
  lambda: "LambdaClient",
  sns: "SNSClient",
  sqs: "SQSClient",
  ssm: "SSMClient",
  sts: "STSClient",
};

export type Operation<S extends Service> = { [K in keyof Modules[S]]: K extends `${infer O}Command` ? O : never }[keyof Modules[S]];
type CommandClass<S extends Service, O extends string> = Modules[S][`${O}Command` & keyof Modules[S]];
type CommandOf<S extends Service, O extends string> = CommandClass<S, O> extends new (...args: never[]) => infer C ? C : never;
type Handled<C> = C extends { resolveMiddleware(...args: never[]): (args: never) => Promise<{ output: infer Output }> } ? Output : never;
export type Output<S extends Service, O extends string> = Handled<CommandOf<S, O>>;

interface AnyClient {
  send(command: unknown, options: { abortSignal: AbortSignal }): Promise<unknown>;
}

export interface ClientSettings {
  readonly endpoint: string;
  /** Endpoints of single services, which go before `endpoint`. */
  readonly endpoints: Readonly<Partial<Record<Service, string>>>;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** Tries of one call, the first included; throttling and broken connections are tried again with a growing pause. */
  readonly maxAttempts: number;
}

const connectMilliseconds = 3_000;
const requestMilliseconds = 60_000;

export class Clients {
  readonly #settings: ClientSettings;
  readonly #clients = new Map<string, Promise<AnyClient>>();
  constructor(settings: ClientSettings) {
    this.#settings = settings;
  }

  #client(service: Service, region: string): Promise<AnyClient> {
    const key = `${service} ${region}`;
    const known = this.#clients.get(key);
    if (known) return known;
    const made = this.#make(service, region);
    this.#clients.set(key, made);
    return made;
  }

  async #make(service: Service, region: string): Promise<AnyClient> {
    const module = (await load[service]()) as unknown as Record<string, new (settings: unknown) => AnyClient>;
    const { endpoint, endpoints, accessKeyId, secretAccessKey, sessionToken, maxAttempts } = this.#settings;
    const Client = module[clientNames[service]];
    if (Client === undefined) throw new Error(`the AWS SDK has no ${clientNames[service]}`);
    return new Client({
      region,
      endpoint: endpoints[service] ?? endpoint,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
      maxAttempts,
      requestHandler: { connectionTimeout: connectMilliseconds, requestTimeout: requestMilliseconds, throwOnRequestTimeout: true },
    });
  }

  async call<S extends Service, O extends Operation<S> & string>(
    service: S,
    operation: O,
    input: Readonly<Record<string, unknown>>,
    region: string,
    deadline: Deadline,
  ): Promise<Output<S, O>> {
    const client = await this.#client(service, region);
    const module = (await load[service]()) as unknown as Record<string, new (input: unknown) => unknown>;
    const Command = module[`${operation}Command`];
    if (Command === undefined) throw new Error(`the AWS SDK has no ${service} operation ${operation}`);
    try {
      return (await client.send(new Command(input), { abortSignal: deadline.signal })) as Output<S, O>;
    } catch (error) {
      deadline.throwIfOver(`${service} ${operation}`);
      throw new AwsError(service, operation, this.#settings.endpoints[service] ?? this.#settings.endpoint, error);
    }
  }
}

const networkCodes = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EHOSTUNREACH", "TimeoutError"]);

/** A failed call: what AWS answered, or that nothing answered. `code` is AWS's error code. */
export class AwsError extends Error {
  readonly code: string;
  readonly operation: string;
  constructor(service: Service, operation: string, endpoint: string, cause: unknown) {
    const { name, code, message } = cause as { name?: string; code?: string; message?: string };
    const errorCode = networkCodes.has(code ?? "") ? code : name;
    super(
      networkCodes.has(errorCode ?? "")
        ? `${service} ${operation}: the AWS endpoint ${endpoint} does not answer (${errorCode}: ${message}); is the sandbox's AWS running?`
        : `${service} ${operation}: ${errorCode ?? "unknown error"}: ${message ?? ""}`,
      { cause },
    );
    this.code = errorCode ?? "";
    this.operation = operation;
  }
}

/** Whether `error` is AWS's answer with one of `codes` (a `*` at the end stands for any ending). */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  if (!(error instanceof AwsError)) return false;
  return codes.some((code) => (code.endsWith("*") ? error.code.startsWith(code.slice(0, -1)) : error.code === code));
}

/** The answer, or undefined when AWS says with one of `codes` that there is no such thing. */
export async function unlessCode<T>(answer: Promise<T>, ...codes: readonly string[]): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isCode(error, ...codes)) return undefined;
    throw error;
  }
}
