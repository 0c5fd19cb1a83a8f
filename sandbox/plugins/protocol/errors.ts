import { Metadata, status } from "@grpc/grpc-js";
import errors from "@pulumi/pulumi/proto/provider_pb.js";
import statuses from "@pulumi/pulumi/proto/status_pb.js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import { PartialFailure } from "./provider.ts";
import { toStruct } from "./values.ts";

interface RpcError {
  readonly code: status;
  readonly message: string;
  readonly metadata?: Metadata;
}

/** The message of anything thrown, with its causes. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * A gRPC error; a {@link PartialFailure} carries the resource along in the status details, as Pulumi's SDKs do. Otherwise nobody
 * knows what a `cancelled` step has done.
 */
export function rpcError(error: unknown, cancelled = false): RpcError {
  const message = messageOf(error);
  if (!(error instanceof PartialFailure)) {
    const unimplemented = error instanceof Error && "code" in error && error.code === status.UNIMPLEMENTED;
    return { code: unimplemented ? status.UNIMPLEMENTED : cancelled ? status.CANCELLED : status.UNKNOWN, message };
  }
  const detail = new errors.ErrorResourceInitFailed().setId(error.id).setProperties(toStruct(error.outputs)).setReasonsList([message]);
  if (error.inputs !== undefined) detail.setInputs(toStruct(error.inputs));
  const packed = new any.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const wire = new statuses.Status().setCode(status.UNKNOWN).setMessage(message).setDetailsList([packed]);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(wire.serializeBinary()));
  return { code: status.UNKNOWN, message, metadata };
}
