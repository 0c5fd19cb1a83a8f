/**
 * The life of a plugin process: serves on a free port of 127.0.0.1, writes the port as the first line of stdout, and ends
 * with the process that started it.
 */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { EngineLog } from "./engine-log.ts";
import type { Provider } from "./provider.ts";
import { providerService } from "./service.ts";

/** Pulumi's engine sends whole checkpoints' worth of properties in one message; its own limit is 400 MiB. */
const maxMessageBytes = 400 << 20;
/** How often the plugin looks whether its host is still there. */
const hostCheckMilliseconds = 500;

/** `arguments_` as Pulumi starts a plugin: flags are ignored, the engine's address is the one word. */
export async function serve(provider: Provider, arguments_: readonly string[]): Promise<void> {
  const log = new EngineLog(arguments_.find((argument) => !argument.startsWith("-")));
  const stop = new AbortController();
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
  });
  server.addService(ResourceProviderService, providerService(provider, log, stop));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  endWithHost(() => {
    stop.abort(new Error("the engine has gone"));
    log.close();
    server.forceShutdown();
    // Steps see the abort and end their own children; none may outlive the host by more than a moment.
    setTimeout(() => process.exit(0), 1000).unref();
  });
  process.stdout.write(`${port}\n`);
}

function endWithHost(end: () => void): void {
  const host = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== host) finish();
  }, hostCheckMilliseconds);
  const finish = () => {
    clearInterval(watch);
    end();
  };
  process.once("SIGTERM", finish).once("SIGINT", finish);
}
