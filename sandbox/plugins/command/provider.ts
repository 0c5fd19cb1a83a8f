/**
 * `command:local:Command` and `command:local:run` with the behaviour of Pulumi's own provider, 1.2.1
 * (https://github.com/pulumi/pulumi-command/tree/v1.2.1/provider/pkg/provider/local).
 */
import { randomBytes } from "node:crypto";
import { differences } from "../protocol/diff.ts";
import type { Call, CheckFailure, Difference, Provider, Resource } from "../protocol/provider.ts";
import { hasUnknown, isObject, unknown } from "../protocol/values.ts";
import type { Properties, Value } from "../protocol/values.ts";
import { runCommand } from "./run.ts";
import type { CommandInputs, CommandOutput } from "./run.ts";

const version = "1.2.1";
const resourceToken = "command:local:Command";
const runToken = "command:local:run";

type Kind = "string" | "boolean" | "strings" | "environment" | "anything";
const base: Readonly<Record<string, Kind>> = {
  stdin: "string",
  logging: "string",
  interpreter: "strings",
  dir: "string",
  environment: "environment",
  addPreviousOutputInEnv: "boolean",
};
const commandInputs: Readonly<Record<string, Kind>> = {
  ...base,
  create: "string",
  update: "string",
  delete: "string",
  triggers: "anything",
};
const runInputs: Readonly<Record<string, Kind>> = { ...base, command: "string" };
const loggings = ["stdout", "stderr", "stdoutAndStderr", "none"];

const unsupported = (key: string) => key === "assetPaths" || key === "archivePaths";

const fits: Readonly<Record<Kind, (value: Value) => boolean>> = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  strings: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
  environment: (value) => isObject(value) && Object.values(value).every((item) => typeof item === "string"),
  anything: () => true,
};
const described: Readonly<Record<Kind, string>> = {
  string: "a string",
  boolean: "a boolean",
  strings: "a list of strings",
  environment: "a map of strings",
  anything: "anything",
};

function failuresOf(inputs: Properties, allowed: Readonly<Record<string, Kind>>): CheckFailure[] {
  return Object.entries(inputs).flatMap(([property, value]) => {
    if (unsupported(property)) return [{ property, reason: `${property} is not supported by the sandbox's command provider` }];
    const kind = allowed[property];
    if (kind === undefined) return [{ property, reason: `${property} is unknown; known are ${Object.keys(allowed).sort().join(", ")}` }];
    if (value === unknown) return [];
    if (!fits[kind](value)) return [{ property, reason: `${property} is ${JSON.stringify(value)}, but must be ${described[kind]}` }];
    if (property === "logging" && !loggings.includes(value as string))
      return [{ property, reason: `logging is ${JSON.stringify(value)}; allowed are ${loggings.join(", ")}` }];
    return [];
  });
}

/** Only what the type knows may reach a run; a check has refused everything else. */
const asInputs = (properties: Properties): CommandInputs => properties;

const previousOf = (state: Properties): CommandOutput => ({
  stdout: typeof state["stdout"] === "string" ? state["stdout"] : "",
  stderr: typeof state["stderr"] === "string" ? state["stderr"] : "",
});

const none: CommandOutput = { stdout: "", stderr: "" };

function diff(oldInputs: Properties, news: Properties): Difference {
  const keys = [...new Set([...Object.keys(oldInputs), ...Object.keys(news)])].filter((key) => key in commandInputs);
  const changes = keys.flatMap((key) =>
    differences(key, oldInputs[key], news[key]).map((change) => ({ ...change, replace: key === "triggers" })),
  );
  return { changes, deleteBeforeReplace: false };
}

const command: Resource = {
  check: ({ news }) => ({ inputs: news, failures: failuresOf(news, commandInputs) }),
  diff: ({ oldInputs, news }) => diff(oldInputs, news),
  async create(call) {
    if (call.preview) return { id: "", outputs: { ...call.inputs, stdout: unknown, stderr: unknown } };
    const { create } = asInputs(call.inputs);
    const output = create === undefined ? none : await runCommand(create, asInputs(call.inputs), none, call);
    return { id: `${call.name}${randomBytes(4).toString("hex")}`, outputs: { ...call.inputs, ...output } };
  },
  // The real provider reads nothing: a command has no state of its own to look at.
  read: ({ id, state, inputs }) => Promise.resolve({ id, outputs: state, inputs }),
  async update(call) {
    if (call.preview) return { ...call.news, stdout: unknown, stderr: unknown };
    const { update, create } = asInputs(call.news);
    const line = update ?? create;
    const previous = previousOf(call.oldOutputs);
    const output = line === undefined ? previous : await runCommand(line, asInputs(call.news), previous, call);
    return { ...call.news, ...output };
  },
  async delete(call) {
    const line = asInputs(call.state).delete;
    if (line !== undefined) await runCommand(line, asInputs(call.state), previousOf(call.state), call);
  },
};

async function run(args: Properties, call: Call) {
  const failures = failuresOf(args, runInputs);
  if (args["command"] === undefined) failures.push({ property: "command", reason: "command is missing: the line to run" });
  if (failures.length > 0) return { result: {}, failures };
  if (hasUnknown(args)) return { result: { ...args, stdout: unknown, stderr: unknown }, failures };
  const output = await runCommand(args["command"] as string, asInputs(args), none, call);
  return { result: { ...args, ...output }, failures };
}

export const commandProvider: Provider = {
  name: "command",
  version,
  resources: [resourceToken],
  functions: [runToken],
  checkConfig: (inputs) => ({ inputs, failures: [] }),
  configure: () => Promise.resolve(),
  resource(token) {
    if (token === resourceToken) return Promise.resolve(command);
    return Promise.reject(new Error(`the sandbox's command provider does not know the type ${token}; it knows ${resourceToken}`));
  },
  invoke(token, args, call) {
    if (token === runToken) return run(args, call);
    return Promise.reject(new Error(`the sandbox's command provider does not know the function ${token}; it knows ${runToken}`));
  },
};
