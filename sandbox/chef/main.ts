/**
 * The Chef double as a process on 127.0.0.1; prints its address as the first line.
 *
 *   node sandbox/chef/main.ts [--file STATE.json] [--port N] [--latency-ms N] [--index-lag-ms N]
 */
import { parseArgs } from "node:util";
import { ChefServer } from "./server.ts";

const { values } = parseArgs({
  options: { file: { type: "string" }, port: { type: "string" }, "latency-ms": { type: "string" }, "index-lag-ms": { type: "string" } },
});

/** A whole number of an option; ends the process with a sentence when it is none. */
function whole(name: "port" | "latency-ms" | "index-lag-ms", most: number): number {
  const text = values[name] ?? "0";
  if (/^\d+$/.test(text) && Number(text) <= most) return Number(text);
  console.error(`--${name} is ${JSON.stringify(text)}; it must be a whole number from 0 to ${most}`);
  process.exit(2);
}

const server = new ChefServer({ port: whole("port", 65_535), ...(values.file === undefined ? {} : { file: values.file }) });
server.latencyMs = whole("latency-ms", 60_000);
server.api.indexLagMs = whole("index-lag-ms", 86_400_000);
server.start().then(
  () => console.log(server.url),
  (error: unknown) => {
    console.error(`the Chef double does not start: ${String(error)}`);
    process.exit(1);
  },
);
// Ends with whoever started it: their end of the pipe closes, also when they are killed.
process.stdin.resume().on("end", () => process.exit(0));
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void server.stop().then(() => process.exit(0)));
