import { isCode, unlessCode } from "../clients.ts";
import { list, object, same } from "../codec.ts";
import type { Codec } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Definition, Update } from "../definition.ts";
import { tagsOfCreate } from "../tags.ts";
import { equal } from "../../protocol/values.ts";
import type { Properties, Value } from "../../protocol/values.ts";
import { actionFailures, actions, actionsFrom } from "./actions.ts";
import { readTags, updateTags } from "./tags.ts";

const gone = ["RuleNotFound", "RuleNotFoundException", "ListenerNotFound", "ListenerNotFoundException"];
const strings = list({ encode: (value) => value, decode: (wire) => wire as string });
/** Priorities of a listener's rules, the default rule aside. */
const lastPriority = 50_000;
/** How often a free priority is looked for when another rule takes it in between. */
const priorityTries = 5;

/** One member of a condition says its field; AWS names the field as well. */
const fields: Readonly<Record<string, { readonly field: string; readonly config: string; readonly codec: Codec }>> = {
  hostHeader: { field: "host-header", config: "HostHeaderConfig", codec: object({ regexValues: strings, values: strings }) },
  httpHeader: {
    field: "http-header",
    config: "HttpHeaderConfig",
    codec: object({ httpHeaderName: true, regexValues: strings, values: strings }),
  },
  httpRequestMethod: { field: "http-request-method", config: "HttpRequestMethodConfig", codec: object({ values: strings }) },
  pathPattern: { field: "path-pattern", config: "PathPatternConfig", codec: object({ regexValues: strings, values: strings }) },
  sourceIp: { field: "source-ip", config: "SourceIpConfig", codec: object({ values: strings }) },
};
const queryStrings: Codec = {
  encode: (value) => ({ Values: list(object(same("key", "value"))).encode(value) }),
  decode: (wire) => list(object(same("key", "value"))).decode((wire as { Values?: unknown[] }).Values ?? []),
};

function encodeCondition(condition: Record<string, Value>): Record<string, unknown>[] {
  const known = Object.entries(fields).flatMap(([key, { field, config, codec }]) => {
    const value = condition[key];
    return value === undefined ? [] : [{ Field: field, [config]: codec.encode(value) }];
  });
  const query = condition["queryStrings"];
  return query === undefined ? known : [...known, { Field: "query-string", QueryStringConfig: queryStrings.encode(query) }];
}

function decodeCondition(wire: Readonly<Record<string, unknown>>): Record<string, Value> {
  const entry = Object.entries(fields).find(([, { field }]) => field === wire["Field"]);
  if (entry !== undefined) {
    const [key, { config, codec }] = entry;
    // Rules from before the typed settings have only a list of values.
    const value = wire[config] === undefined ? { values: (wire["Values"] ?? []) as Value } : codec.decode(wire[config]);
    return value === undefined ? {} : { [key]: value };
  }
  const value = wire["QueryStringConfig"] === undefined ? undefined : queryStrings.decode(wire["QueryStringConfig"]);
  return value === undefined ? {} : { queryStrings: value };
}

const conditionsOf = (inputs: Properties) => (inputs["conditions"] as Record<string, Value>[]).flatMap(encodeCondition);

async function freePriority(listener: unknown, context: Context): Promise<number> {
  const found = await context.aws("elbv2", "DescribeRules", { ListenerArn: listener });
  const taken = (found.Rules ?? []).map((rule) => Number(rule.Priority)).filter((priority) => !Number.isNaN(priority));
  return Math.min(Math.max(0, ...taken) + 1, lastPriority);
}

async function make(inputs: Properties, Priority: unknown, context: Context): Promise<string> {
  const made = await context.aws("elbv2", "CreateRule", {
    ListenerArn: inputs["listenerArn"],
    Priority,
    Actions: actions.encode(inputs["actions"] ?? []),
    Conditions: conditionsOf(inputs),
    ...tagsOfCreate(inputs, context),
  });
  const arn = made.Rules?.[0]?.RuleArn;
  if (arn === undefined) throw new Error("Elastic Load Balancing gave no ARN for the new rule");
  return arn;
}

async function create(inputs: Properties, context: Context): Promise<string> {
  if (inputs["priority"] !== undefined) return make(inputs, inputs["priority"], context);
  for (let tries = priorityTries; ; tries--) {
    try {
      return await make(inputs, await freePriority(inputs["listenerArn"], context), context);
    } catch (error) {
      if (tries === 1 || !isCode(error, "PriorityInUse", "PriorityInUseException")) throw error;
    }
  }
}

async function update(change: Update, context: Context): Promise<void> {
  const { id, news, changed } = change;
  if (changed.has("priority"))
    await context.aws("elbv2", "SetRulePriorities", { RulePriorities: [{ RuleArn: id, Priority: news["priority"] }] });
  const parts = {
    ...(changed.has("actions") ? { Actions: actions.encode(news["actions"] ?? []) } : {}),
    ...(changed.has("conditions") ? { Conditions: conditionsOf(news) } : {}),
  };
  if (Object.keys(parts).length > 0) await context.aws("elbv2", "ModifyRule", { RuleArn: id, ...parts });
  await updateTags(change, context);
}

export const definition: Definition = {
  token: "aws:lb/listenerRule:ListenerRule",
  sets: ["conditions"],
  unsupported: ["transforms"],
  validate(inputs) {
    const faults = actionFailures("actions", inputs["actions"]);
    const priority = inputs["priority"];
    if (typeof priority === "number" && (priority < 1 || priority > lastPriority))
      faults.push({ property: "priority", reason: `priority is ${priority}; allowed are 1 to ${lastPriority}` });
    return faults;
  },
  create,
  async find(inputs, context) {
    const found = await unlessCode(context.aws("elbv2", "DescribeRules", { ListenerArn: inputs["listenerArn"] }), ...gone);
    const wanted = inputs["priority"];
    const rule = found?.Rules?.find((one) =>
      wanted === undefined
        ? equal(
            (one.Conditions ?? []).map((condition) => decodeCondition({ ...condition })),
            inputs["conditions"],
          )
        : Number(one.Priority) === wanted,
    );
    return rule?.RuleArn;
  },
  async read(id, state, context) {
    const found = await unlessCode(context.aws("elbv2", "DescribeRules", { RuleArns: [id] }), ...gone);
    const rule = found?.Rules?.[0];
    if (rule === undefined) return undefined;
    return {
      arn: id,
      actions: actionsFrom(rule.Actions, state["actions"]),
      conditions: (rule.Conditions ?? []).map((one) => decodeCondition({ ...one })),
      // The rule's ARN is the listener's with `listener-rule` and an id of its own.
      listenerArn: id.replace(":listener-rule/", ":listener/").replace(/\/[^/]+$/, ""),
      priority: Number(rule.Priority),
      tagsAll: await readTags(id, context),
    };
  },
  update,
  async delete(id, _state, context) {
    await unlessCode(context.aws("elbv2", "DeleteRule", { RuleArn: id }), ...gone);
  },
};
