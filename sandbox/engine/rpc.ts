/** Calls over gRPC as promises, each with a deadline. */
import grpc from "@grpc/grpc-js";
import providerProtocol from "@pulumi/pulumi/proto/provider_pb.js";
import statusProtocol from "@pulumi/pulumi/proto/status_pb.js";
import runtime from "google-protobuf";
import structs from "google-protobuf/google/protobuf/struct_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { installStructCodec } from "./struct-codec.ts";
import type { PropertyMap } from "./values.ts";

installStructCodec({ runtime, structs });

/** Checks, diffs, configuring, policies: minutes at worst, on a machine under load. */
export const quickSeconds = 300;
/** To take note of a Cancel; nothing waits for what comes of it. */
export const cancelSeconds = 5;
/** A resource operation without `customTimeouts`: the longest that AWS's own waiters take is 2 hours. */
export const operationSeconds = 3 * 3600;

/** Pulumi allows messages of 400 MB. */
export const channelOptions = {
  "grpc.max_receive_message_length": 400 << 20,
  "grpc.max_send_message_length": 400 << 20,
};

/** A resource that came into being but did not become ready; the provider sends its state along. */
export interface InitFailure {
  readonly id: string;
  readonly properties: PropertyMap;
  readonly inputs?: PropertyMap;
  readonly reasons: readonly string[];
}

export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: grpc.status;
  readonly initFailure: InitFailure | undefined;

  constructor(message: string, code: grpc.status, initFailure?: InitFailure) {
    super(message);
    this.code = code;
    this.initFailure = initFailure;
  }
}

export const toStruct = (map: PropertyMap): Struct => structs.Struct.fromJavaScript(map);

export const fromStruct = (struct: Struct | undefined): PropertyMap => struct?.toJavaScript() ?? {};

const detailsKey = "grpc-status-details-bin";
const initFailedType = "pulumirpc.ErrorResourceInitFailed";

function initFailureOf(error: grpc.ServiceError): InitFailure | undefined {
  const [details] = error.metadata.get(detailsKey);
  if (!(details instanceof Buffer)) return undefined;
  for (const detail of statusProtocol.Status.deserializeBinary(details).getDetailsList()) {
    if (!detail.getTypeUrl().endsWith(initFailedType)) continue;
    const failed = providerProtocol.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
    const inputs = failed.getInputs();
    return {
      id: failed.getId(),
      properties: fromStruct(failed.getProperties()),
      ...(inputs && { inputs: fromStruct(inputs) }),
      reasons: failed.getReasonsList(),
    };
  }
  return undefined;
}

export interface CallOptions {
  /** For messages: `plugin aws`. */
  readonly server: string;
  readonly seconds: number;
}

/** What a caller needs to know of a method. */
export type Method<Request, Response> = Pick<grpc.MethodDefinition<Request, Response>, "path" | "requestSerialize" | "responseDeserialize">;

export function call<Request, Response>(
  client: grpc.Client,
  { path, requestSerialize, responseDeserialize }: Method<Request, Response>,
  request: Request,
  { server, seconds }: CallOptions,
): Promise<Response> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const options = { deadline: Date.now() + seconds * 1000 };
  try {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, new grpc.Metadata(), options, (error, response) => {
      if (error === null) resolve(response as Response);
      else reject(new RpcError(messageOf(error, server, name, seconds), error.code, initFailureOf(error)));
    });
  } catch (error) {
    // The connection was closed when the process ended.
    reject(new RpcError(`${server} is gone (${name}: ${(error as Error).message})`, grpc.status.UNAVAILABLE));
  }
  return promise;
}

function messageOf({ code, details }: grpc.ServiceError, server: string, name: string, seconds: number): string {
  if (code === grpc.status.DEADLINE_EXCEEDED) return `${server} did not answer ${name} within ${seconds} s`;
  return code === grpc.status.UNAVAILABLE ? `${server} is gone (${name}: ${details})` : details;
}

export const isUnimplemented = (error: unknown): boolean => error instanceof RpcError && error.code === grpc.status.UNIMPLEMENTED;
