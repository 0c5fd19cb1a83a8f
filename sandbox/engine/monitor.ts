/** The gRPC side of the engine: what programs, packs and plugins call. */
import grpc from "@grpc/grpc-js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProtocol from "@pulumi/pulumi/proto/engine_pb.js";
import monitorService from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import protocol from "@pulumi/pulumi/proto/resource_pb.js";
import providerProtocol from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { EngineError } from "./api.ts";
import type { ConfigMap, Severity } from "./api.ts";
import { hashedMap } from "./assets.ts";
import { aliasOf } from "./deploy/aliases.ts";
import { Stopped } from "./deploy/deployment.ts";
import { goalOf } from "./deploy/goal.ts";
import type { Recorder } from "./deploy/recorder.ts";
import type { Source } from "./deploy/source.ts";
import { channelOptions, fromStruct, toStruct } from "./rpc.ts";
import type { ResourceState } from "./state/resource-state.ts";

export interface MonitorOptions {
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  readonly config: ConfigMap;
  readonly parallel: number;
  /** What relative paths of assets start from. */
  readonly programDir: string;
}

const { ResourceMonitorFeature: Feature } = protocol;

/** What the SDK may use, in both of its spellings. */
const features = new Map<string, protocol.ResourceMonitorFeature>([
  ["secrets", Feature.RESOURCE_MONITOR_FEATURE_SECRETS],
  ["resourceReferences", Feature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES],
  ["aliasSpecs", Feature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS],
  ["replacementTrigger", Feature.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER],
  ["deletedWith", Feature.RESOURCE_MONITOR_FEATURE_DELETED_WITH],
  ["replaceWith", Feature.RESOURCE_MONITOR_FEATURE_REPLACE_WITH],
]);

/** By number in the protocol; the SDK's debug messages hold every property, secrets in plain text, and go no further. */
const severities = [undefined, "info", "warning", "error"] as const satisfies readonly (Severity | undefined)[];

type Handler<Request, Response> = (call: grpc.ServerUnaryCall<Request, Response>, callback: grpc.sendUnaryData<Response>) => void;

const wishOf = (request: protocol.ReadResourceRequest | protocol.ResourceInvokeRequest) => ({
  provider: request.getProvider(),
  parent: request.getParent(),
  version: request.getVersion(),
  pluginDownloadUrl: request.getPlugindownloadurl(),
});

function registered(state: ResourceState): protocol.RegisterResourceResponse {
  const outputs = state.custom ? (state.outputs ?? {}) : {};
  return new protocol.RegisterResourceResponse()
    .setUrn(state.urn)
    .setId(state.id ?? "")
    .setObject(toStruct(outputs))
    .setResult(protocol.Result.SUCCESS);
}

export class Monitor {
  readonly #server = new grpc.Server(channelOptions);
  readonly #options: MonitorOptions;
  /** The deployment that the running program belongs to; a program may ask before the state is read. */
  source: Promise<Source> | undefined;
  recorder: Recorder | undefined;
  address = "";

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#server.addService(monitorService.ResourceMonitorService, { ...this.#monitorHandlers(), ...refusedHandlers });
    this.#server.addService(engineService.EngineService, this.#engineHandlers());
  }

  async listen(): Promise<void> {
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    this.address = `127.0.0.1:${port}`;
  }

  close(): void {
    this.#server.forceShutdown();
  }

  async #source(): Promise<Source> {
    if (this.source === undefined) throw new Stopped();
    return this.source;
  }

  #monitorHandlers(): grpc.UntypedServiceImplementation {
    return {
      getDeploymentInfo: answer(async () => this.#deploymentInfo((await this.#source()).deployment.options.dryRun)),
      supportsFeature: answer((request: protocol.SupportsFeatureRequest) =>
        new protocol.SupportsFeatureResponse().setHassupport(features.has(request.getId())),
      ),
      registerResource: answer(async (request: protocol.RegisterResourceRequest) => registered(await this.#register(request))),
      registerResourceOutputs: answer(async (request: protocol.RegisterResourceOutputsRequest) => {
        const source = await this.#source();
        source.registerOutputs(request.getUrn(), await hashedMap(fromStruct(request.getOutputs()), this.#options.programDir));
        return new empty.Empty();
      }),
      readResource: answer((request: protocol.ReadResourceRequest) => this.#read(request)),
      invoke: answer((request: protocol.ResourceInvokeRequest) => this.#invoke(request)),
      // The program has registered everything; it may end while the engine deletes what is no longer wanted.
      signalAndWaitForShutdown: answer(() => new empty.Empty()),
    };
  }

  #deploymentInfo(dryRun: boolean): protocol.DeploymentInfo {
    const { project, stack, organization, config, parallel } = this.#options;
    const info = new protocol.DeploymentInfo().setProject(project).setStack(stack).setOrganization(organization);
    for (const [key, { value }] of Object.entries(config)) info.getConfigMap().set(key, value);
    info.setConfigsecretkeysList(Object.keys(config).filter((key) => config[key]?.secret));
    return info
      .setDryrun(dryRun)
      .setParallel(parallel)
      .setSupportedfeaturesList([...features.values()]);
  }

  async #register(request: protocol.RegisterResourceRequest): Promise<ResourceState> {
    const source = await this.#source();
    const urns = request.getAliasurnsList().map((urn) => ({ urn }));
    try {
      const goal = goalOf(request, [...urns, ...request.getAliasesList().map(aliasOf)]);
      const inputs = await hashedMap(goal.inputs, this.#options.programDir);
      return await source.deployment.track(source.register({ ...goal, inputs }));
    } catch (error) {
      throw source.deployment.fail(error);
    }
  }

  async #read(request: protocol.ReadResourceRequest): Promise<protocol.ReadResourceResponse> {
    const source = await this.#source();
    const goal = {
      type: request.getType(),
      name: request.getName(),
      id: request.getId(),
      parent: request.getParent(),
      provider: "",
      inputs: fromStruct(request.getProperties()),
      dependencies: request.getDependenciesList(),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    };
    const { urn, outputs = {} } = await source.deployment.track(source.read(goal, wishOf(request)));
    return new protocol.ReadResourceResponse().setUrn(urn).setProperties(toStruct(outputs));
  }

  async #invoke(request: protocol.ResourceInvokeRequest): Promise<protocol.ResourceInvokeResponse> {
    const source = await this.#source();
    const { value, failures } = await source.invoke(request.getTok(), fromStruct(request.getArgs()), wishOf(request));
    return new protocol.ResourceInvokeResponse()
      .setReturn(toStruct(value))
      .setFailuresList(failures.map(({ property, reason }) => new providerProtocol.CheckFailure().setProperty(property).setReason(reason)));
  }

  #engineHandlers(): grpc.UntypedServiceImplementation {
    return {
      log: answer((request: engineProtocol.LogRequest) => {
        const recorder = this.recorder;
        const severity = severities[request.getSeverity()];
        const message = request.getMessage().trimEnd();
        if (recorder !== undefined && message !== "" && severity !== undefined) {
          if (request.getEphemeral()) recorder.status(severity, message, request.getUrn());
          else recorder.diagnostic(severity, message, request.getUrn());
        }
        return new empty.Empty();
      }),
      getRootResource: answer(async () =>
        new engineProtocol.GetRootResourceResponse().setUrn((await this.source)?.deployment.rootUrn ?? ""),
      ),
      setRootResource: answer(() => new engineProtocol.SetRootResourceResponse()),
      requirePulumiVersion: answer(() => new engineProtocol.RequirePulumiVersionResponse()),
    };
  }
}

/** A handler from a function; what it throws becomes a gRPC status. */
function answer<Request, Response>(work: (request: Request) => Response | Promise<Response>): Handler<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => work(call.request))
      .then(
        (response) => callback(null, response),
        (error: unknown) => {
          // The SDK ends the program quietly at this status: what is wrong has been reported.
          if (error instanceof Stopped) callback({ code: grpc.status.UNAVAILABLE, details: "the deployment has ended" });
          else callback({ code: grpc.status.UNKNOWN, details: (error as Error).message });
        },
      );
  };
}

const refused = (what: string) => () => {
  throw new EngineError(`the embedded engine does not support ${what}; use Pulumi's CLI (--engine pulumi)`);
};

const refusedHandlers: grpc.UntypedServiceImplementation = {
  call: answer(refused("methods of resources (call)")),
  existsResource: answer(refused("existsResource")),
  registerStackTransform: answer(refused("resource transforms")),
  registerStackInvokeTransform: answer(refused("invoke transforms")),
  registerResourceHook: answer(refused("resource hooks")),
  registerErrorHook: answer(refused("error hooks")),
  registerPackage: answer(refused("parameterized packages")),
};
