import assert from "node:assert/strict";
import grpc from "@grpc/grpc-js";
import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { RpcError, call } from "../../../sandbox/engine/rpc.ts";

describe("calls over gRPC", () => {
  const info = (client: grpc.Client) =>
    call(client, AnalyzerService.getAnalyzerInfo, new empty.Empty(), { server: "policy pack", seconds: 5 });
  const isGone = (error: unknown) =>
    error instanceof RpcError &&
    error.code === grpc.status.UNAVAILABLE &&
    error.message.startsWith("policy pack is gone (GetAnalyzerInfo: ");

  it("to a server that has ended say so, whether its connection is broken or closed already", async () => {
    const client = new grpc.Client("127.0.0.1:1", grpc.credentials.createInsecure());
    await assert.rejects(info(client), isGone);
    client.close();
    await assert.rejects(info(client), isGone);
  });
});
