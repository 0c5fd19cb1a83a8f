/** A resource type of the table as the protocol wants it: what is the same for all types. */
import { differences } from "../protocol/diff.ts";
import { messageOf } from "../protocol/errors.ts";
import { PartialFailure } from "../protocol/provider.ts";
import type { Call, Change, CreateCall, DeleteCall, DiffCall, Difference, ReadCall, Resource, UpdateCall } from "../protocol/provider.ts";
import { equal, hasUnknown, isObject, unknown } from "../protocol/values.ts";
import type { Properties, Value } from "../protocol/values.ts";
import { check, defaultsKey, filledIn } from "./check.ts";
import type { Clients } from "./clients.ts";
import type { Configuration } from "./config.ts";
import { Context } from "./context.ts";
import type { Definition, Found } from "./definition.ts";
import { equivalent, settled, spokenOf } from "./equivalence.ts";
import { replaceSetOf, resourceSchema } from "./schema.ts";
import type { ResourceSchema } from "./schema.ts";

/** What the real provider allows a step whose type sets no limit of its own. */
const defaultLimitSeconds = 20 * 60;
const readLimitSeconds = 2 * 60;

const withoutIndexes = (path: string): string => path.replace(/\[\d+\]/g, "");

export class AwsResource implements Resource {
  readonly #definition: Definition;
  readonly #schema: ResourceSchema;
  readonly #configuration: () => Configuration;

  constructor(definition: Definition, configuration: () => Configuration) {
    this.#definition = definition;
    this.#schema = resourceSchema(definition.token);
    this.#configuration = configuration;
  }

  /** The prefix of a name that was not made from one is empty, not undefined. */
  get #noPrefix(): Properties {
    const prefix = `${this.#definition.naming?.property ?? "name"}Prefix`;
    return prefix in this.#schema ? { [prefix]: "" } : {};
  }

  get secretOutputs(): readonly string[] {
    return this.#definition.secretOutputs ?? [];
  }

  check: Resource["check"] = (call) => check(this.#definition, call);

  diff({ oldInputs, oldOutputs, news }: DiffCall): Difference {
    const changes = this.#changes(oldInputs, oldOutputs, news);
    const replaced = changes.some((change) => change.replace);
    const { naming } = this.#definition;
    const name = naming?.property ?? "name";
    const fixedName = naming !== undefined && name in news && !filledIn(news).includes(name) && equal(oldInputs[name], news[name]);
    return { changes, deleteBeforeReplace: replaced && fixedName };
  }

  #changes(oldInputs: Properties, oldOutputs: Properties, news: Properties): Change[] {
    const keys = Object.keys(this.#schema).filter((key) => this.#schema[key]?.input !== undefined && key !== "tagsAll");
    // A region that is not set is the provider's: naming that one is no change.
    const { region } = oldOutputs;
    const old: Properties = { ...(region === undefined ? {} : { region }), ...oldInputs };
    const wanted: Properties = { ...(region === undefined ? {} : { region: this.#configuration().region }), ...news };
    const changes = keys
      .filter((key) => !equivalent(this.#definition, key, old[key], wanted[key]))
      .filter((key) => wanted[key] !== undefined || !this.#keptByProvider(key))
      .flatMap((key) => differences(key, old[key], wanted[key]));
    if (this.#tagsAllChanged(oldOutputs, news) && !changes.some((change) => change.path.startsWith("tags")))
      changes.push(...differences("tagsAll", oldOutputs["tagsAll"], this.#allTags(news)));
    const replacing = [...replaceSetOf(this.#definition.token), ...(this.#definition.replacing?.(oldInputs, news) ?? [])];
    const replaces = (path: string) => replacing.some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`));
    return changes.map((change) => ({ ...change, replace: replaces(withoutIndexes(change.path)) || replaces(change.path) }));
  }

  /** An input that is taken away and that the provider also computes keeps its value. */
  #keptByProvider(key: string): boolean {
    return this.#schema[key]?.output === "always" && this.#schema[key].input === "optional";
  }

  #tagsAllChanged(oldOutputs: Properties, news: Properties): boolean {
    const old = oldOutputs["tagsAll"];
    return this.#schema["tagsAll"] !== undefined && old !== undefined && !hasUnknown(news["tags"]) && !equal(old, this.#allTags(news));
  }

  #allTags(inputs: Properties): Value {
    const own = inputs["tags"];
    if (own === unknown) return unknown;
    return { ...this.#configuration().defaultTags, ...(isObject(own) ? own : {}) };
  }

  async create(call: CreateCall): Promise<{ id: string; outputs: Properties }> {
    const inputs = withoutMarks(call.inputs);
    const context = this.#context(call, inputs, "create");
    if (call.preview) return { id: "", outputs: this.#previewOfCreate(inputs, context) };
    const id = await this.#named("creating", call, () => this.#definition.create(inputs, context));
    try {
      await this.#definition.finish?.(id, inputs, context);
      const outputs = await this.#outputs(id, inputs, inputs, context);
      if (outputs === undefined) throw new Error("it was made, but then it was not to be found");
      return { id, outputs };
    } catch (error) {
      const found = await this.read({ ...call, id, state: inputs }).catch(() => undefined);
      throw new PartialFailure(this.#message("creating", call, error), id, found?.outputs ?? inputs, found?.inputs);
    }
  }

  #previewOfCreate(inputs: Properties, context: Context): Properties {
    const outputs: Properties = {};
    const known: Found = {
      ...this.#noPrefix,
      ...this.#definition.preview?.(inputs, context),
      ...inputs,
      region: inputs["region"] ?? context.region,
    };
    for (const [key, property] of Object.entries(this.#schema)) {
      if (property.output === undefined) continue;
      const value = key === "tagsAll" ? this.#allTags(inputs) : known[key];
      if (value !== undefined) outputs[key] = value;
      else if (property.output === "always" && !(key in known)) outputs[key] = unknown;
    }
    return outputs;
  }

  async read(call: ReadCall): Promise<{ id: string; outputs: Properties; inputs: Properties } | undefined> {
    const inputs = withoutMarks(call.inputs);
    const context = this.#context(call, { ...call.state, ...inputs }, "read");
    // The engine asks so after it was killed in a create, when nobody noted the id.
    const id = call.id === "" ? await this.#named("looking for", call, () => this.#definition.find(inputs, context)) : call.id;
    if (id === undefined) return undefined;
    const state = call.id === "" ? inputs : call.state;
    const outputs = await this.#named("reading", call, () => this.#outputs(id, state, inputs, context));
    return outputs && { id, outputs, inputs: this.#inputsFrom(outputs, call) };
  }

  /** The inputs as AWS has them now: a difference from the program's then shows as a change in the next preview. */
  #inputsFrom(outputs: Properties, call: ReadCall): Properties {
    const imported = Object.keys(call.inputs).length === 0;
    const inputs: Properties = {};
    for (const [key, property] of Object.entries(this.#schema)) {
      if (property.input === undefined || key === "tagsAll" || this.#definition.unsupported?.includes(key)) continue;
      const given = call.inputs[key];
      const found = outputs[key];
      if (given !== undefined) {
        if (found !== undefined) inputs[key] = spokenOf(found, given);
        continue;
      }
      const appeared = found !== undefined && (imported || (property.output === "maybe" && !equal(found, call.state[key])));
      if (appeared && key !== "region" && !key.endsWith("Prefix")) inputs[key] = found;
    }
    const filled = filledIn(call.inputs).filter((key) => key in inputs);
    return filled.length > 0 ? { ...inputs, [defaultsKey]: filled } : inputs;
  }

  async #outputs(id: string, state: Properties, given: Properties, context: Context): Promise<Properties | undefined> {
    const found = await this.#definition.read(id, state, context);
    if (found === undefined) return undefined;
    const tags = this.#tagOutputs(found, given, context);
    const outputs: Properties = {};
    for (const [key, property] of Object.entries(this.#schema)) {
      if (property.output === undefined) continue;
      const value = key in tags ? tags[key] : key in found ? found[key] : (given[key] ?? state[key]);
      if (value !== undefined) outputs[key] = settled(this.#definition, key, value, given[key]);
    }
    if ("region" in this.#schema) outputs["region"] = context.region;
    for (const [key, value] of Object.entries(this.#noPrefix)) outputs[key] ??= value;
    return outputs;
  }

  /** `tagsAll` as found; `tags` without those that come from the provider's default ones. */
  #tagOutputs(found: Found, given: Properties, context: Context): Found {
    const all = found["tagsAll"];
    if (this.#schema["tagsAll"] === undefined || !isObject(all)) return {};
    const defaults = context.configuration.defaultTags;
    const own = isObject(given["tags"]) ? given["tags"] : {};
    const tags = Object.entries(all).filter(([key, value]) => key in own || defaults[key] !== value);
    return { tagsAll: all, tags: tags.length > 0 ? Object.fromEntries(tags) : undefined };
  }

  async update(call: UpdateCall): Promise<Properties> {
    const news = withoutMarks(call.news);
    const changes = this.#changes(call.oldInputs, call.oldOutputs, call.news);
    const changed = new Set(changes.map((change) => change.path.split(/[.[]/, 1)[0] ?? change.path));
    const tagged = this.#schema["tagsAll"] !== undefined && changed.has("tags");
    if (tagged || this.#tagsAllChanged(call.oldOutputs, call.news)) changed.add("tagsAll");
    if (call.preview) return this.#previewOfUpdate(call, news, changed);
    const context = this.#context(call, { ...call.oldOutputs, ...news }, "update");
    const olds = { ...call.oldOutputs, ...withoutMarks(call.oldInputs) };
    if (this.#definition.update === undefined) throw new Error(`${this.#definition.token} cannot be changed in place`);
    try {
      await this.#definition.update({ id: call.id, olds, news, changed }, context);
      const outputs = await this.#outputs(call.id, call.oldOutputs, news, context);
      if (outputs === undefined) throw new Error("it is gone; `pulumi refresh` takes it out of the state");
      return outputs;
    } catch (error) {
      // What was changed before the fault must stand in the state, and nothing else, or the next preview would not see it.
      const inputs = { ...call.oldInputs, ...call.news };
      const found = await this.read({ ...call, state: call.oldOutputs, inputs }).catch(() => undefined);
      if (found === undefined) throw new Error(this.#message("updating", call, error), { cause: error });
      throw new PartialFailure(this.#message("updating", call, error), call.id, found.outputs, found.inputs);
    }
  }

  #previewOfUpdate(call: UpdateCall, news: Properties, changed: ReadonlySet<string>): Properties {
    const outputs: Properties = { ...call.oldOutputs };
    for (const key of changed) {
      const value = key === "tagsAll" ? this.#allTags(news) : news[key];
      if (value !== undefined) outputs[key] = merged(outputs[key], value);
      else if (this.#schema[key]?.output === "maybe") Reflect.deleteProperty(outputs, key);
    }
    for (const [key, value] of Object.entries(this.#definition.following?.(changed, news) ?? {}))
      if (!(key in news) && value !== undefined) outputs[key] = value;
    return outputs;
  }

  async delete(call: DeleteCall): Promise<void> {
    const context = this.#context(call, call.state, "delete");
    await this.#named("deleting", call, () => this.#definition.delete(call.id, call.state, context));
  }

  #context(call: Call, properties: Properties, step: "create" | "read" | "update" | "delete"): Context {
    const configuration = this.#configuration();
    const own = properties["region"];
    const region = typeof own === "string" && own !== unknown ? own : configuration.region;
    const limit = step === "read" ? readLimitSeconds : (this.#definition.timeouts?.[step] ?? defaultLimitSeconds);
    const clients: Clients = configuration.clients;
    return new Context(configuration, clients, step === "read" ? { ...call, timeoutSeconds: undefined } : call, region, limit);
  }

  async #named<T>(doing: string, call: Call, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new Error(this.#message(doing, call, error), { cause: error });
    }
  }

  #message(doing: string, call: Call, error: unknown): string {
    const message = messageOf(error);
    const reason: unknown = call.signal.aborted ? call.signal.reason : undefined;
    const cancelled = reason instanceof Error && !message.includes(reason.message) ? ` (${reason.message})` : "";
    return `${doing} ${this.#definition.token} ${call.name}: ${message}${cancelled}`;
  }
}

function withoutMarks(inputs: Properties): Properties {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== defaultsKey));
}

/** New members over old ones: what AWS computes inside an object stays known. */
function merged(old: Value | undefined, value: Value): Value {
  if (!isObject(old) || !isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, merged(old[key], item)]));
}
