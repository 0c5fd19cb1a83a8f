/** Pulumi's raw provider service (proto/pulumi/provider.proto) over a {@link Provider}. */
import { status } from "@grpc/grpc-js";
import type { handleUnaryCall, sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import pb from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { EngineLog } from "./engine-log.ts";
import { rpcError } from "./errors.ts";
import { checkResponse, diffResponse } from "./messages.ts";
import { PartialFailure, type Call, type DiffCall, type Provider } from "./provider.ts";
import { fromStruct, markSecrets, plainProperties, secret, toStruct } from "./values.ts";
import type { Properties } from "./values.ts";

interface Named {
  getUrn(): string;
}
interface Timed extends Named {
  getTimeout(): number;
}

const typeOf = (urn: string): string => (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";
const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

/** What single requests may take after a Cancel: a step whose requests are answered ends with its outcome known. */
const requestGraceMilliseconds = 3000;

/** What ends all steps: `cancelled` what takes long, `gone` everything. */
interface Ends {
  readonly cancelled: AbortController;
  readonly gone: AbortController;
}
type Signals = Pick<Call, "signal" | "lost">;
type Work<Request, Response> = (request: Request, signals: Signals) => Promise<Response> | Response;

/** A handler from an async function; errors become gRPC ones, and a call that the engine gave up is aborted. */
function unary<Request, Response>(
  log: EngineLog,
  { cancelled, gone }: Ends,
  work: Work<Request, Response>,
): handleUnaryCall<Request, Response> {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
    const given = new AbortController();
    call.on("cancelled", () => given.abort(new Error("the engine gave the step up")));
    const lost = AbortSignal.any([gone.signal, given.signal]);
    const signal = AbortSignal.any([cancelled.signal, lost]);
    const finish = async () => {
      try {
        const response = await work(call.request, { signal, lost });
        await log.flush();
        callback(null, response);
      } catch (error) {
        await log.flush();
        callback(rpcError(error, signal.aborted));
      }
    };
    void finish();
  };
}

function refused(what: string): () => never {
  return () => {
    throw Object.assign(new Error(`${what} is not supported by this provider`), { code: status.UNIMPLEMENTED });
  };
}

/** Outputs for the engine: what was secret as an input, and what always is, stays secret. */
function outgoing(outputs: Properties, rawInputs: Properties, secretOutputs: readonly string[] = []): Properties {
  const marked = markSecrets(outputs, rawInputs);
  return Object.fromEntries(Object.entries(marked).map(([key, value]) => [key, secretOutputs.includes(key) ? secret(value) : value]));
}

/** What is there of a half-made resource is as secret as of a whole one. */
function outgoingFailure(error: unknown, rawInputs: Properties, secretOutputs: readonly string[] = []): unknown {
  if (!(error instanceof PartialFailure)) return error;
  const inputs = error.inputs && markSecrets(error.inputs, rawInputs);
  return new PartialFailure(error.message, error.id, outgoing(error.outputs, rawInputs, secretOutputs), inputs);
}

/** `gone` ends every step when the engine has gone. */
export function providerService(provider: Provider, log: EngineLog, gone: AbortController): IResourceProviderServer {
  const cancelled = new AbortController();
  const rpc: Rpc = (work) => unary(log, { cancelled, gone }, work);
  const call = (request: Named, signals: Signals): Call => ({
    urn: request.getUrn(),
    name: nameOf(request.getUrn()),
    ...signals,
    timeoutSeconds: "getTimeout" in request ? (request as Timed).getTimeout() || undefined : undefined,
    log: (severity, message, passing) => log.send(request.getUrn(), severity, message, passing),
  });
  return {
    ...housekeeping(provider, log, { cancelled, gone }, rpc),
    ...planningCalls(provider, rpc, call),
    ...changingCalls(provider, rpc, call),
  } as unknown as IResourceProviderServer;
}

type Rpc = <Request, Response>(work: Work<Request, Response>) => handleUnaryCall<Request, Response>;

function housekeeping(provider: Provider, log: EngineLog, { cancelled, gone }: Ends, rpc: Rpc): Partial<IResourceProviderServer> {
  return {
    handshake: rpc((request: InstanceType<typeof pb.ProviderHandshakeRequest>) => {
      if (request.getEngineAddress() !== "") log.attach(request.getEngineAddress());
      return new pb.ProviderHandshakeResponse().setAcceptSecrets(true);
    }),
    attach: rpc((request: InstanceType<typeof plugin.PluginAttach>) => {
      log.attach(request.getAddress());
      return new empty.Empty();
    }),
    getPluginInfo: rpc(() => new plugin.PluginInfo().setVersion(provider.version)),
    getSchema: rpc(() => {
      const members = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token) => [token, {}]));
      const { name, version, resources, functions } = provider;
      return new pb.GetSchemaResponse().setSchema(
        JSON.stringify({ name, version, resources: members(resources), functions: members(functions) }),
      );
    }),
    checkConfig: rpc((request: InstanceType<typeof pb.CheckRequest>) => {
      const raw = fromStruct(request.getNews());
      const checked = provider.checkConfig(plainProperties(raw));
      return checkResponse({ ...checked, inputs: raw });
    }),
    // A changed provider configuration never replaces what it made: a resource's own region is part of the resource.
    diffConfig: rpc(() => new pb.DiffResponse().setChanges(pb.DiffResponse.DiffChanges.DIFF_UNKNOWN)),
    configure: rpc(async (request: InstanceType<typeof pb.ConfigureRequest>) => {
      await provider.configure(plainProperties(fromStruct(request.getArgs())));
      return new pb.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),
    cancel: rpc(() => {
      const why = new Error("the engine cancelled the operation");
      cancelled.abort(why);
      setTimeout(() => gone.abort(why), requestGraceMilliseconds).unref();
      return new empty.Empty();
    }),
    getMapping: rpc(() => new pb.GetMappingResponse()),
    getMappings: rpc(() => new pb.GetMappingsResponse()),
    parameterize: rpc(refused("Parameterize")),
    construct: rpc(refused("Construct (components)")),
    call: rpc(refused("Call (methods)")),
    list: (stream) => void stream.emit("error", { code: status.UNIMPLEMENTED, details: "List is not supported by this provider" }),
    invoke: rpc(async (request: InstanceType<typeof pb.InvokeRequest>, signals) => {
      const raw = fromStruct(request.getArgs());
      const { result, failures } = await provider.invoke(request.getTok(), plainProperties(raw), {
        urn: "",
        name: request.getTok(),
        ...signals,
        timeoutSeconds: undefined,
        log: (severity, message, passing) => log.send("", severity, message, passing),
      });
      const response = new pb.InvokeResponse();
      if (failures.length > 0)
        return response.setFailuresList(failures.map((one) => new pb.CheckFailure().setProperty(one.property).setReason(one.reason)));
      return response.setReturn(toStruct(outgoing(result, raw)));
    }),
  };
}

type DiffRequest = InstanceType<typeof pb.DiffRequest>;
type UpdateRequest = InstanceType<typeof pb.UpdateRequest>;
type CallFrom = (request: Named, signals: Signals) => Call;

function diffCallFrom(request: DiffRequest | UpdateRequest, call: Call): DiffCall {
  const oldOutputs = plainProperties(fromStruct(request.getOlds()));
  return {
    ...call,
    id: request.getId(),
    oldOutputs,
    oldInputs: request.getOldInputs() ? plainProperties(fromStruct(request.getOldInputs())) : oldOutputs,
    news: plainProperties(fromStruct(request.getNews())),
  };
}

function planningCalls(provider: Provider, rpc: Rpc, call: CallFrom): Partial<IResourceProviderServer> {
  return {
    check: rpc(async (request: InstanceType<typeof pb.CheckRequest>, signals) => {
      const raw = fromStruct(request.getNews());
      const olds = fromStruct(request.getOlds());
      const type = await provider.resource(typeOf(request.getUrn()));
      const checked = await type.check({
        ...call(request, signals),
        olds: Object.keys(olds).length > 0 ? plainProperties(olds) : undefined,
        news: plainProperties(raw),
        randomSeed: request.getRandomseed_asU8(),
      });
      return checkResponse({ ...checked, inputs: markSecrets(checked.inputs, raw) });
    }),
    diff: rpc(async (request: DiffRequest, signals) => {
      const type = await provider.resource(typeOf(request.getUrn()));
      return diffResponse(await type.diff(diffCallFrom(request, call(request, signals))));
    }),
  };
}

function changingCalls(provider: Provider, rpc: Rpc, call: CallFrom): Partial<IResourceProviderServer> {
  const resource = (request: Named) => provider.resource(typeOf(request.getUrn()));
  return {
    create: rpc(async (request: InstanceType<typeof pb.CreateRequest>, signals) => {
      const raw = fromStruct(request.getProperties());
      const type = await resource(request);
      const wanted = { ...call(request, signals), inputs: plainProperties(raw), preview: request.getPreview() };
      const created = await type.create(wanted).catch((error: unknown) => {
        throw outgoingFailure(error, raw, type.secretOutputs);
      });
      return new pb.CreateResponse().setId(created.id).setProperties(toStruct(outgoing(created.outputs, raw, type.secretOutputs)));
    }),
    read: rpc(async (request: InstanceType<typeof pb.ReadRequest>, signals) => {
      const raw = { ...fromStruct(request.getProperties()), ...fromStruct(request.getInputs()) };
      const type = await resource(request);
      const found = await type.read({
        ...call(request, signals),
        id: request.getId(),
        state: plainProperties(fromStruct(request.getProperties())),
        inputs: plainProperties(fromStruct(request.getInputs())),
      });
      // An empty id is how the protocol says that the resource is gone.
      if (found === undefined) return new pb.ReadResponse();
      return new pb.ReadResponse()
        .setId(found.id)
        .setProperties(toStruct(outgoing(found.outputs, raw, type.secretOutputs)))
        .setInputs(toStruct(markSecrets(found.inputs, raw)));
    }),
    update: rpc(async (request: UpdateRequest, signals) => {
      const type = await resource(request);
      const raw = fromStruct(request.getNews());
      const wanted = { ...diffCallFrom(request, call(request, signals)), preview: request.getPreview() };
      const outputs = await type.update(wanted).catch((error: unknown) => {
        throw outgoingFailure(error, { ...fromStruct(request.getOldInputs()), ...raw }, type.secretOutputs);
      });
      return new pb.UpdateResponse().setProperties(toStruct(outgoing(outputs, raw, type.secretOutputs)));
    }),
    delete: rpc(async (request: InstanceType<typeof pb.DeleteRequest>, signals) => {
      const state = plainProperties(fromStruct(request.getProperties()));
      await (await resource(request)).delete({ ...call(request, signals), id: request.getId(), state });
      return new empty.Empty();
    }),
  };
}
