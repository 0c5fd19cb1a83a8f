/** Stands in for knife: `client create` and `client delete`, signed by the user of its configuration. */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readConfig } from "./chef-config.ts";
import { ask, createClient } from "./chef-server.ts";
import { behaveAsTold, record, refuse } from "./record.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: "string", short: "c" },
    file: { type: "string", short: "f" },
    "disable-editing": { type: "boolean", short: "d", default: false },
    yes: { type: "boolean", short: "y", default: false },
  },
});
const [subject, verb, name = refuse("no name is given")] = positionals;

behaveAsTold();
const config = readConfig(values.config ?? refuse("no configuration is given"));
const { chef_server_url: serverUrl = refuse("no server is configured"), node_name: user = refuse("no user is configured") } = config;
const signer = { user, key: readFileSync(config["client_key"] ?? refuse("no key is configured"), "utf8") };

if (subject === "client" && verb === "create") {
  if (!values["disable-editing"]) refuse("without --disable-editing an editor would be opened");
  const key = await createClient(serverUrl, signer, name).catch((error: unknown) =>
    refuse(error instanceof Error ? error.message : String(error)),
  );
  writeFileSync(values.file ?? refuse("no file for the key is given"), key, { mode: 0o600 });
} else if (subject === "client" && verb === "delete") {
  if (!values.yes) refuse("without --yes a question would be asked");
  const { status } = await ask(serverUrl, signer, "DELETE", `clients/${name}`);
  if (status !== 200) refuse(`the client ${name} is not deleted: ${status}`);
} else refuse(`${positionals.join(" ")} is not known here`);
record({ config });
