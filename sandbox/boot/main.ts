/**
 * Boots the instances of a local AWS, as a process that ends with it: prints one line when it has begun.
 *
 *   node sandbox/boot/main.ts --endpoint URL --region NAME --home FOLDER
 */
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { clearHome, Watch } from "./watch.ts";

const { values } = parseArgs({ options: { endpoint: { type: "string" }, region: { type: "string" }, home: { type: "string" } } });
const { endpoint, region, home } = values;
if (endpoint === undefined || region === undefined || home === undefined) {
  console.error("--endpoint, --region and --home are needed");
  process.exit(2);
}

clearHome(home);
const log = (line: string) => console.error(`${new Date().toISOString()} ${line}`);
const watch = new Watch({ checkout: join(import.meta.dirname, "../.."), home, endpoint, region, log });
await watch.start();
console.log("booting");
const end = () => void watch.stop().then(() => process.exit(0));
// Ends with whoever started it: their end of the pipe closes, also when they are killed; and with it, by the kernel, every machine.
process.stdin.resume().on("end", end);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, end);
