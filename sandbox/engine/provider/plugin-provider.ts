/** One plugin process, configured for one provider resource. */
import grpc from "@grpc/grpc-js";
import protocol from "@pulumi/pulumi/proto/provider_pb.js";
import providerService from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { PropertyDiff } from "../api.ts";
import type { Child } from "../processes.ts";
import {
  RpcError,
  call,
  cancelSeconds,
  channelOptions,
  fromStruct,
  isUnimplemented,
  operationSeconds,
  quickSeconds,
  toStruct,
} from "../rpc.ts";
import { urnName, urnType } from "../urn.ts";
import type { PropertyMap, Value } from "../values.ts";
import {
  containsSecret,
  containsUnknown,
  isUnknown,
  makeSecret,
  mapWithoutSecrets,
  markSecrets,
  withoutReferences,
  withoutSecrets,
} from "../values.ts";
import type * as types from "./provider.ts";

/** Above the resource's own limit, so that the plugin's message, which says more, comes first. */
const marginSeconds = 60;

interface Abilities {
  readonly secrets: boolean;
  readonly references: boolean;
  readonly preview: boolean;
}

interface Named<Self> {
  setUrn(urn: string): Self;
  setName(name: string): unknown;
  setType(type: string): unknown;
}

function named<Request extends Named<Request>>(request: Request, urn: string): Request {
  request.setUrn(urn).setName(urnName(urn));
  request.setType(urnType(urn));
  return request;
}

const service = providerService.ResourceProviderService;
const diffKinds = ["add", "add-replace", "delete", "delete-replace", "update", "update-replace"] as const;

export function readDiff(response: protocol.DiffResponse): types.DiffResult {
  const detailed: [string, PropertyDiff][] = [];
  response
    .getDetaileddiffMap()
    .forEach((diff, path) => detailed.push([path, { kind: diffKinds[diff.getKind()], inputDiff: diff.getInputdiff() }]));
  const changes = (["unknown", "none", "some"] as const)[response.getChanges()];
  return {
    changes,
    replaceKeys: response.getReplacesList(),
    changedKeys: response.getDiffsList(),
    deleteBeforeReplace: response.getDeletebeforereplace(),
    ...(response.getHasdetaileddiff() && { detailedDiff: Object.fromEntries(detailed) }),
  };
}

const readFailures = (list: protocol.CheckFailure[]): types.CheckFailure[] =>
  list.map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() }));

export class PluginProvider implements types.Provider {
  readonly child: Child;
  readonly #client: grpc.Client;
  /** Undefined until configured; stays so in a preview in which the configuration is not known. */
  #abilities: Abilities | undefined;
  #agreed: Abilities | undefined;
  /** What the plugin was configured with; a plugin is configured once. */
  configuredWith: PropertyMap | undefined;

  constructor(child: Child, port: number) {
    this.child = child;
    this.#client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), channelOptions);
  }

  #call<Request, Response>(method: grpc.MethodDefinition<Request, Response>, request: Request, seconds = quickSeconds): Promise<Response> {
    return call(this.#client, method, request, { server: this.child.name, seconds });
  }

  /** Properties as this plugin can take them. */
  #out(map: PropertyMap) {
    const open = this.#abilities?.secrets ? map : mapWithoutSecrets(map);
    return toStruct(this.#abilities?.references ? open : withoutReferences(open));
  }

  #in(answer: PropertyMap, asked: PropertyMap): PropertyMap {
    return this.#abilities?.secrets ? answer : markSecrets(answer, asked);
  }

  /** Optional: plugins without it answer about their abilities when they are configured. */
  async handshake(engineAddress: string): Promise<void> {
    const request = new protocol.ProviderHandshakeRequest().setEngineAddress(engineAddress).setConfigureWithUrn(true);
    try {
      const response = await this.#call(service.handshake, request);
      this.#agreed = { secrets: response.getAcceptSecrets(), references: response.getAcceptResources(), preview: true };
    } catch (error) {
      if (!isUnimplemented(error)) throw error;
    }
  }

  async checkConfig({ urn, olds, news }: Omit<types.CheckRequest, "seed">): Promise<types.CheckResult> {
    const request = named(new protocol.CheckRequest(), urn);
    request.setOlds(this.#out(olds ?? {})).setNews(this.#out(news));
    try {
      const response = await this.#call(service.checkConfig, request);
      return { inputs: markSecrets(fromStruct(response.getInputs()), news), failures: readFailures(response.getFailuresList()) };
    } catch (error) {
      if (isUnimplemented(error)) return { inputs: news, failures: [] };
      throw error;
    }
  }

  async diffConfig({ urn, id, oldInputs, oldOutputs, newInputs, ignoreChanges }: types.DiffRequest): Promise<types.DiffResult> {
    const request = named(new protocol.DiffRequest(), urn);
    request.setId(id).setOldInputs(this.#out(oldInputs)).setOlds(this.#out(oldOutputs)).setNews(this.#out(newInputs));
    request.setIgnorechangesList([...ignoreChanges]);
    try {
      return readDiff(await this.#call(service.diffConfig, request));
    } catch (error) {
      if (isUnimplemented(error)) return { changes: "unknown", replaceKeys: [], changedKeys: [], deleteBeforeReplace: false };
      throw error;
    }
  }

  /** Leaves the plugin alone when something in the configuration is not known yet. */
  async configure(packageName: string, urn: string, id: string, inputs: PropertyMap): Promise<void> {
    if (containsUnknown(inputs)) return;
    const request = new protocol.ConfigureRequest();
    request.setUrn(urn).setName(urnName(urn)).setType(urnType(urn)).setId(id);
    request.setAcceptsecrets(true).setAcceptresources(true).setSendsOldInputs(true).setSendsOldInputsToDelete(true);
    request.setArgs(toStruct(inputs));
    const variables = request.getVariablesMap();
    for (const [key, value] of Object.entries(inputs)) {
      if (key !== "version") variables.set(`${packageName}:config:${key}`, asVariable(withoutSecrets(value)));
    }
    this.configuredWith = inputs;
    const response = await this.#call(service.configure, request);
    this.#abilities = this.#agreed ?? {
      secrets: response.getAcceptsecrets(),
      references: response.getAcceptresources(),
      preview: response.getSupportspreview(),
    };
  }

  async check({ urn, olds, news, seed }: types.CheckRequest): Promise<types.CheckResult> {
    if (this.#abilities === undefined) return { inputs: news, failures: [] };
    const request = named(new protocol.CheckRequest(), urn);
    request.setOlds(this.#out(olds ?? {}));
    request.setNews(this.#out(news)).setRandomseed(seed);
    const response = await this.#call(service.check, request);
    return { inputs: this.#in(fromStruct(response.getInputs()), news), failures: readFailures(response.getFailuresList()) };
  }

  async diff({ urn, id, oldInputs, oldOutputs, newInputs, ignoreChanges }: types.DiffRequest): Promise<types.DiffResult> {
    // The configuration is not known before the update: whatever the resource is, it may change.
    if (this.#abilities === undefined) return { changes: "some", replaceKeys: [], changedKeys: [], deleteBeforeReplace: false };
    const request = named(new protocol.DiffRequest(), urn);
    request.setId(id).setOldInputs(this.#out(oldInputs)).setOlds(this.#out(oldOutputs)).setNews(this.#out(newInputs));
    request.setIgnorechangesList([...ignoreChanges]);
    return readDiff(await this.#call(service.diff, request));
  }

  async create({ urn, inputs, preview, timeoutSeconds }: types.CreateRequest): Promise<types.CreateResult> {
    if (preview && this.#abilities === undefined) return { id: "", outputs: {} };
    if (preview && !this.#abilities?.preview) return { id: "", outputs: inputs };
    const request = named(new protocol.CreateRequest(), urn);
    request
      .setProperties(this.#out(inputs))
      .setPreview(preview)
      .setTimeout(timeoutSeconds ?? 0);
    try {
      const response = await this.#call(service.create, request, limit(timeoutSeconds));
      const id = response.getId();
      if (!preview && id === "") throw new RpcError(`${this.child.name} answered Create without an id`, grpc.status.INTERNAL);
      return { id: preview && isUnknown(id) ? "" : id, outputs: this.#in(fromStruct(response.getProperties()), inputs) };
    } catch (error) {
      throw this.#markedFailure(error, inputs);
    }
  }

  async update(options: types.UpdateRequest): Promise<PropertyMap> {
    const { urn, id, oldInputs, oldOutputs, newInputs, ignoreChanges, preview, timeoutSeconds } = options;
    if (preview && this.#abilities === undefined) return {};
    if (preview && !this.#abilities?.preview) return newInputs;
    const request = named(new protocol.UpdateRequest(), urn);
    request.setId(id).setOldInputs(this.#out(oldInputs)).setOlds(this.#out(oldOutputs)).setNews(this.#out(newInputs));
    request
      .setIgnorechangesList([...ignoreChanges])
      .setPreview(preview)
      .setTimeout(timeoutSeconds ?? 0);
    try {
      const response = await this.#call(service.update, request, limit(timeoutSeconds));
      return this.#in(fromStruct(response.getProperties()), newInputs);
    } catch (error) {
      throw this.#markedFailure(error, newInputs);
    }
  }

  async delete({ urn, id, inputs, outputs, timeoutSeconds }: types.DeleteRequest): Promise<void> {
    const request = named(new protocol.DeleteRequest(), urn);
    request
      .setId(id)
      .setOldInputs(this.#out(inputs))
      .setProperties(this.#out(outputs))
      .setTimeout(timeoutSeconds ?? 0);
    await this.#call(service.delete, request, limit(timeoutSeconds));
  }

  async read({ urn, id, inputs, state, timeoutSeconds }: types.ReadRequest): Promise<types.ReadResult> {
    if (this.#abilities === undefined) return { id, outputs: {} };
    const request = named(new protocol.ReadRequest(), urn);
    request
      .setId(id)
      .setProperties(this.#out(state))
      .setTimeout(timeoutSeconds ?? 0);
    if (inputs !== undefined) request.setInputs(this.#out(inputs));
    try {
      const response = await this.#call(service.read, request, limit(timeoutSeconds));
      const newInputs = response.getInputs();
      return {
        id: response.getId(),
        outputs: this.#in(fromStruct(response.getProperties()), state),
        ...(newInputs && { inputs: this.#in(fromStruct(newInputs), inputs ?? {}) }),
      };
    } catch (error) {
      throw this.#markedFailure(error, state);
    }
  }

  async invoke(token: string, args: PropertyMap, preview: boolean): Promise<types.InvokeResult> {
    if (this.#abilities === undefined) return { value: {}, failures: [] };
    const request = new protocol.InvokeRequest();
    request.setTok(token).setArgs(this.#out(args)).setPreview(preview);
    const response = await this.#call(service.invoke, request);
    const value = fromStruct(response.getReturn());
    const secret = !this.#abilities.secrets && containsSecret(args);
    return {
      value: secret ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, makeSecret(item)])) : value,
      failures: readFailures(response.getFailuresList()),
    };
  }

  /** Asks the plugin to give up what it waits for. One that does not know the call goes on; one that is dead needs no asking. */
  async cancel(): Promise<void> {
    await this.#call(service.cancel, new empty.Empty(), cancelSeconds).catch(() => undefined);
  }

  close(): void {
    this.#client.close();
  }

  #markedFailure(error: unknown, asked: PropertyMap): unknown {
    if (!(error instanceof RpcError) || error.initFailure === undefined) return error;
    const { properties, inputs } = error.initFailure;
    return new RpcError(error.message, error.code, {
      ...error.initFailure,
      properties: this.#in(properties, asked),
      ...(inputs && { inputs: this.#in(inputs, asked) }),
    });
  }
}

const asVariable = (value: Value): string => (typeof value === "string" ? value : JSON.stringify(value));

const limit = (timeoutSeconds: number | undefined) => (timeoutSeconds ? timeoutSeconds + marginSeconds : operationSeconds);
