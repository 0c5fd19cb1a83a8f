/**
 * Stands in for systemctl. Units that boot wrote are looked at and noted, not run; the agent of Systems Manager, which an
 * image brings along, is started as a stand-in of its own.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { behaveAsTold, record, refuse } from "./record.ts";

const words = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const [verb, unit = ""] = words;

behaveAsTold();
if (verb === "enable") {
  if (unit === "amazon-ssm-agent") startAgent();
  else checkUnit(unit);
} else if (verb !== "daemon-reload") refuse(`${String(verb)} is not known here`);
record();

function startAgent(): void {
  mkdirSync("/run/services", { recursive: true });
  if (existsSync("/run/services/amazon-ssm-agent")) return;
  writeFileSync("/run/services/amazon-ssm-agent", "");
  const log = openSync("/var/log/sandbox/agent.txt", "a");
  spawn(process.execPath, [join(import.meta.dirname, "agent.ts")], { detached: true, stdio: ["ignore", log, log] }).unref();
}

function checkUnit(name: string): void {
  const path = join("/etc/systemd/system", name);
  if (!existsSync(path)) refuse(`Unit ${name} could not be found.`);
  const text = readFileSync(path, "utf8");
  const wanted = name.endsWith(".timer") ? ["[Timer]", "OnUnitActiveSec=", "[Install]"] : ["[Service]", "ExecStart=/", "[Install]"];
  for (const part of wanted) if (!text.includes(part)) refuse(`${name} has no ${part}`);
}
