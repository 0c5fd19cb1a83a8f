/**
 * Stands in for chef-client, which the registries do not have. It records what it was given, refuses what the real one
 * refuses, and leaves behind what a first run leaves: a client with its key, and the node with its attributes; or, in local
 * mode, the node's file. It converges nothing.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readConfig, readFirstBoot, readRunList, type Config, type FirstBoot } from "./chef-config.ts";
import { ask, createClient } from "./chef-server.ts";
import { identity } from "./metadata.ts";
import { behaveAsTold, record, refuse } from "./record.ts";

const clientKey = "/etc/chef/client.pem";

const { values } = parseArgs({
  options: {
    config: { type: "string", short: "c", default: "/etc/chef/client.rb" },
    "json-attributes": { type: "string", short: "j" },
    "local-mode": { type: "boolean", short: "z", default: false },
    once: { type: "boolean", default: false },
    "no-color": { type: "boolean", default: false },
  },
});

const nodeName = ({ node_name: name }: Config) => name ?? refuse("the configuration names no node");

/** What Ohai finds out; without its hint it does not know that this is EC2. */
async function automatic(): Promise<object> {
  const ohai_time = Date.now() / 1000;
  if (!existsSync("/etc/chef/ohai/hints/ec2.json")) return { ohai_time };
  const { instanceId, accountId, region } = await identity();
  return { ohai_time, ec2: { instance_id: instanceId, account_id: accountId, region } };
}

async function node(config: Config, { run_list: runList = [], ...normal }: FirstBoot): Promise<Record<string, unknown>> {
  const policy = config["policy_name"] === undefined ? {} : { policy_name: config["policy_name"], policy_group: config["policy_group"] };
  return {
    name: nodeName(config),
    chef_environment: config["environment"] ?? "_default",
    run_list: runList,
    ...policy,
    normal,
    automatic: await automatic(),
    json_class: "Chef::Node",
    chef_type: "node",
  };
}

async function registered(config: Config, serverUrl: string): Promise<string> {
  if (existsSync(clientKey)) return readFileSync(clientKey, "utf8");
  const { validation_client_name: user, validation_key: path } = config;
  if (user === undefined || path === undefined || !existsSync(path)) return refuse("there is neither a client key nor a validation key");
  const key = await createClient(serverUrl, { user, key: readFileSync(path, "utf8") }, nodeName(config)).catch((error: unknown) =>
    refuse(error instanceof Error ? error.message : String(error)),
  );
  writeFileSync(clientKey, key, { mode: 0o600 });
  return key;
}

async function runWithServer(config: Config, given: FirstBoot | undefined): Promise<void> {
  const serverUrl = config["chef_server_url"] ?? refuse("the configuration names no server");
  const signer = { user: nodeName(config), key: await registered(config, serverUrl) };
  const path = `nodes/${signer.user}`;
  const found = await ask(serverUrl, signer, "GET", path);
  const document = await node(config, given ?? found.body);
  const answer =
    found.status === 404 ? await ask(serverUrl, signer, "POST", "nodes", document) : await ask(serverUrl, signer, "PUT", path, document);
  if (answer.status >= 300) refuse(`the server refuses the node: ${answer.status} ${JSON.stringify(answer.body["error"])}`);
}

/** Roles and cookbooks of the run list are looked for where the repository has them. */
async function runLocally(config: Config, given: FirstBoot): Promise<void> {
  const repository = config["chef_repo_path"] ?? refuse("the configuration names no repository");
  for (const { role, cookbook, recipe } of readRunList(given.run_list)) {
    const wanted = role === undefined ? [`cookbooks/${cookbook ?? ""}/recipes/${recipe}.rb`] : [`roles/${role}.json`, `roles/${role}.rb`];
    if (!wanted.some((path) => existsSync(join(repository, path)))) refuse(`${repository} has no ${wanted.join(" and no ")}`);
  }
  const folder = config["node_path"] ?? join(repository, "nodes");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${nodeName(config)}.json`), JSON.stringify(await node(config, given), undefined, 2));
}

behaveAsTold();
const config = readConfig(values.config);
const given = readFirstBoot(values["json-attributes"]);
if (given?.run_list === undefined && config["policy_name"] === undefined && given !== undefined)
  refuse("there is neither a run list nor a policy");
if (given?.run_list !== undefined) readRunList(given.run_list);
if (values["local-mode"]) await runLocally(config, given ?? refuse("a local run needs a run list"));
else await runWithServer(config, given);
record({ config, given });
console.log(`chef-client (stand-in): run complete for ${nodeName(config)}`);
