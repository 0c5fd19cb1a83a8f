/** Stands in for hostnamectl, which asks a service that does not run here. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { behaveAsTold, record, refuse } from "./record.ts";

behaveAsTold();
const [verb, name = ""] = process.argv.slice(2);
if (verb !== "set-hostname") refuse(`${String(verb)} is not known here`);
if (!/^(?=.{1,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)) refuse(`${JSON.stringify(name)} is no host name`);
execFileSync("/usr/bin/hostname", [name]);
writeFileSync("/etc/hostname", `${name}\n`);
record();
