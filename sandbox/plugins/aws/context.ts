import type { Call } from "../protocol/provider.ts";
import { isObject } from "../protocol/values.ts";
import type { Properties } from "../protocol/values.ts";
import type { Clients, Operation, Output, Service } from "./clients.ts";
import type { Configuration } from "./config.ts";
import { Deadline, waitFor } from "./wait.ts";

/** What a step of one resource works with. */
export class Context {
  readonly region: string;
  readonly configuration: Configuration;
  readonly deadline: Deadline;
  readonly #clients: Clients;
  readonly #call: Call;

  constructor(configuration: Configuration, clients: Clients, call: Call, region: string, limitSeconds: number) {
    this.configuration = configuration;
    this.region = region;
    this.deadline = new Deadline(call.timeoutSeconds ?? limitSeconds, call);
    this.#clients = clients;
    this.#call = call;
  }

  /** Partition of the region, `aws` or one of the others. */
  get partition(): string {
    if (this.region.startsWith("cn-")) return "aws-cn";
    return this.region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  }

  aws<S extends Service, O extends Operation<S> & string>(
    service: S,
    operation: O,
    input: Readonly<Record<string, unknown>> = {},
  ): Promise<Output<S, O>> {
    return this.#clients.call(service, operation, input, this.region, this.deadline);
  }

  /** Twelve digits; asked once per run. */
  accountId(): Promise<string> {
    return this.configuration.accountId(this.region, this.deadline);
  }

  async arn(service: string, rest: string): Promise<string> {
    return `arn:${this.partition}:${service}:${this.region}:${await this.accountId()}:${rest}`;
  }

  waitFor<T>(what: string, probe: () => Promise<T | undefined>, progress?: () => string, limitSeconds?: number): Promise<T> {
    return waitFor(what, this.deadline, probe, progress, limitSeconds);
  }

  log(severity: "debug" | "info" | "warning", message: string): void {
    this.#call.log(severity, message);
  }

  /** The tags of a resource with the provider's default ones. */
  allTags(inputs: Properties): Record<string, string> {
    const own = isObject(inputs["tags"]) ? (inputs["tags"] as Record<string, string>) : {};
    return { ...this.configuration.defaultTags, ...own };
  }
}
