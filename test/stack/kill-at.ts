/**
 * Imported before the engine (`node --import`): kills its process the moment that it says that the n-th resource of an update is
 * created. A kill from outside comes some time after the line was read, and on a busy machine after the end of the run.
 */
import process from "node:process";

const creations = Number(process.env["FLEET_KILL_AT_CREATION"]);
const write: (text: string) => boolean = process.stdout.write.bind(process.stdout);
let said = "";

process.stdout.write = (text: string | Uint8Array): boolean => {
  said += String(text);
  const updating = said.split("Updating:")[1] ?? "";
  if ((updating.match(/^ \+ create/gm) ?? []).length >= creations) process.kill(process.pid, "SIGKILL");
  return write(String(text));
};
