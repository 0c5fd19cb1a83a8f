/** Stands in for logger: what it is given goes to /var/log/syslog. */
import { createWriteStream } from "node:fs";
import process from "node:process";

process.stdin.pipe(createWriteStream("/var/log/syslog", { flags: "a" }));
