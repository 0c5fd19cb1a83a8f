/** Starts a plugin as an engine does and speaks gRPC with it. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import statuses from "@pulumi/pulumi/proto/status_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { join } from "node:path";
import { fromStruct, toStruct } from "../../../sandbox/plugins/protocol/values.ts";
import type { Properties } from "../../../sandbox/plugins/protocol/values.ts";

export const binaries = join(import.meta.dirname, "../../../sandbox/plugins/bin");

/** The part of an engine that a plugin speaks to: its log. */
export class EngineDouble {
  readonly messages: { readonly urn: string; readonly severity: number; readonly message: string; readonly status: boolean }[] = [];
  readonly #server = new Server();
  address = "";

  async start(): Promise<this> {
    const log = (call: { request: LogRequest }, callback: (error: null, reply: unknown) => void) => {
      const { request } = call;
      this.messages.push({
        urn: request.getUrn(),
        severity: request.getSeverity(),
        message: request.getMessage(),
        status: request.getEphemeral(),
      });
      callback(null, new empty.Empty());
    };
    this.#server.addService(EngineService, { log });
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
    );
    this.address = `127.0.0.1:${port}`;
    return this;
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}

export interface DiffResult {
  readonly changes: "none" | "some" | "unknown";
  readonly replaces: readonly string[];
  readonly diffs: readonly string[];
  readonly detailed: Readonly<Record<string, number>>;
  readonly deleteBeforeReplace: boolean;
}

/** An error of a step that left a resource behind. */
export interface StepError extends ServiceError {
  readonly partial?: {
    readonly id: string;
    readonly properties: Properties;
    readonly inputs: Properties;
    readonly reasons: readonly string[];
  };
}

type Method = keyof ResourceProviderClient;

export class PluginProcess {
  readonly child: ChildProcess;
  readonly port: number;
  readonly client: ResourceProviderClient;

  constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
    this.client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
  }

  static async start(name: "aws" | "command", engineAddress: string, environment: NodeJS.ProcessEnv = {}): Promise<PluginProcess> {
    const child = spawn(join(binaries, `pulumi-resource-${name}`), [engineAddress], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], FLEET_TEST_RUN: process.env["FLEET_TEST_RUN"], ...environment },
    });
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once("line", resolve);
      child.once("exit", (code) => reject(new Error(`the plugin ended with ${code} before it wrote its port`)));
    });
    return new PluginProcess(child, Number(line));
  }

  call<Response>(method: Method, request: unknown): Promise<Response> {
    return new Promise((resolve, reject) => {
      const methods = this.client as unknown as Record<
        Method,
        (request: unknown, callback: (error: ServiceError | null, response: Response) => void) => void
      >;
      methods[method](request, (error, response) => (error ? reject(withPartial(error)) : resolve(response)));
    });
  }

  async configure(args: Record<string, unknown> = {}): Promise<InstanceType<typeof pb.ConfigureResponse>> {
    return this.call("configure", new pb.ConfigureRequest().setArgs(toStruct(args)).setAcceptsecrets(true));
  }

  async check(urn: string, news: Record<string, unknown>, olds: Record<string, unknown> = {}, seed = "seed") {
    const request = new pb.CheckRequest().setUrn(urn).setNews(toStruct(news)).setOlds(toStruct(olds)).setRandomseed(Buffer.from(seed));
    const response = await this.call<InstanceType<typeof pb.CheckResponse>>("check", request);
    return {
      inputs: fromStruct(response.getInputs()),
      failures: response.getFailuresList().map((one) => `${one.getProperty()}: ${one.getReason()}`),
    };
  }

  async diff(urn: string, id: string, oldInputs: Properties, olds: Properties, news: Properties): Promise<DiffResult> {
    const request = new pb.DiffRequest()
      .setUrn(urn)
      .setId(id)
      .setOldInputs(toStruct(oldInputs))
      .setOlds(toStruct(olds))
      .setNews(toStruct(news));
    const response = await this.call<InstanceType<typeof pb.DiffResponse>>("diff", request);
    const detailed: Record<string, number> = {};
    response.getDetaileddiffMap().forEach((value, key) => {
      detailed[key] = value.getKind();
    });
    return {
      changes: (["unknown", "none", "some"] as const)[response.getChanges()],
      replaces: response.getReplacesList(),
      diffs: response.getDiffsList(),
      detailed,
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(urn: string, inputs: Properties, preview = false, timeoutSeconds = 0) {
    const request = new pb.CreateRequest().setUrn(urn).setProperties(toStruct(inputs)).setPreview(preview).setTimeout(timeoutSeconds);
    const response = await this.call<InstanceType<typeof pb.CreateResponse>>("create", request);
    return { id: response.getId(), outputs: fromStruct(response.getProperties()) };
  }

  async read(urn: string, id: string, state: Properties = {}, inputs: Properties = {}) {
    const request = new pb.ReadRequest().setUrn(urn).setId(id).setProperties(toStruct(state)).setInputs(toStruct(inputs));
    const response = await this.call<InstanceType<typeof pb.ReadResponse>>("read", request);
    return { id: response.getId(), outputs: fromStruct(response.getProperties()), inputs: fromStruct(response.getInputs()) };
  }

  async update(urn: string, id: string, oldInputs: Properties, olds: Properties, news: Properties, preview = false, timeoutSeconds = 0) {
    const request = new pb.UpdateRequest()
      .setUrn(urn)
      .setId(id)
      .setOldInputs(toStruct(oldInputs))
      .setOlds(toStruct(olds))
      .setNews(toStruct(news))
      .setPreview(preview)
      .setTimeout(timeoutSeconds);
    return fromStruct((await this.call<InstanceType<typeof pb.UpdateResponse>>("update", request)).getProperties());
  }

  async delete(urn: string, id: string, state: Properties, timeoutSeconds = 0): Promise<void> {
    await this.call("delete", new pb.DeleteRequest().setUrn(urn).setId(id).setProperties(toStruct(state)).setTimeout(timeoutSeconds));
  }

  async invoke(token: string, args: Record<string, unknown>) {
    const response = await this.call<InstanceType<typeof pb.InvokeResponse>>(
      "invoke",
      new pb.InvokeRequest().setTok(token).setArgs(toStruct(args)),
    );
    return {
      result: fromStruct(response.getReturn()),
      failures: response.getFailuresList().map((one) => `${one.getProperty()}: ${one.getReason()}`),
    };
  }

  async stop(): Promise<void> {
    this.client.close();
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    await ended;
  }
}

function withPartial(error: ServiceError): StepError {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (bytes === undefined) return error;
  const [detail] = statuses.Status.deserializeBinary(bytes as Buffer).getDetailsList();
  if (detail === undefined) return error;
  const failed = pb.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
  return Object.assign(error, {
    partial: {
      id: failed.getId(),
      properties: fromStruct(failed.getProperties()),
      inputs: fromStruct(failed.getInputs()),
      reasons: failed.getReasonsList(),
    },
  });
}

export const urnOf = (type: string, name: string): string => `urn:pulumi:staging::fleet::${type}::${name}`;
