/** The daemon process. Started by lifetime.ts with its options as one JSON argument; its output is the log. */
import { startDaemon, type DaemonOptions } from "./daemon.ts";
import { writeRecord } from "./record.ts";

type Argument = Omit<DaemonOptions, "log" | "onShutdown"> & { readonly startedAt: string };

const options = JSON.parse(process.argv[2] ?? "null") as Argument;
const stop = Promise.withResolvers<undefined>();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.resolve(undefined));

try {
  const daemon = await startDaemon({
    ...options,
    log: (line) => console.log(`${new Date().toISOString()} ${line}`),
    onShutdown: () => stop.resolve(undefined),
  });
  writeRecord(options.directory, { ...options, endpoint: daemon.endpoint, emulatorPids: daemon.emulatorPids });
  await stop.promise;
  await daemon.close();
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
