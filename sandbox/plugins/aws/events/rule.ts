import { unlessCode } from "../clients.ts";
import { object, same, tagsOf } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Definition } from "../definition.ts";
import { awsTags, tagChanges, tagsOfCreate } from "../tags.ts";
import type { Properties } from "../../protocol/values.ts";

const parameters = object(same("description", "eventBusName", "eventPattern", "name", "roleArn", "scheduleExpression"));
const gone = ["ResourceNotFoundException"];
const defaultBus = "default";

/** The id is the name, with the bus before it unless that is the default one. */
export function ruleId(bus: string, name: string): string {
  return bus === defaultBus ? name : `${bus}/${name}`;
}
function placeOf(id: string): { EventBusName: string; Name: string } {
  const slash = id.lastIndexOf("/");
  return slash < 0 ? { EventBusName: defaultBus, Name: id } : { EventBusName: id.slice(0, slash), Name: id.slice(slash + 1) };
}

/** `isEnabled` is the deprecated way to say `state`. */
const stateOf = (inputs: Properties): unknown => (inputs["isEnabled"] === false ? "DISABLED" : (inputs["state"] ?? "ENABLED"));

const put = (inputs: Properties, tags: object, context: Context) =>
  context.aws("events", "PutRule", { ...parameters.encode(inputs), State: stateOf(inputs), ...tags });

export const definition: Definition = {
  token: "aws:cloudwatch/eventRule:EventRule",
  naming: { maxLength: 64 },
  defaults: { eventBusName: defaultBus, forceDestroy: false },
  json: ["eventPattern"],
  validate(inputs) {
    const faults = [];
    if (inputs["eventPattern"] === undefined && inputs["scheduleExpression"] === undefined)
      faults.push({ property: "scheduleExpression", reason: "at least one of eventPattern and scheduleExpression must be given" });
    if (inputs["isEnabled"] !== undefined && inputs["state"] !== undefined)
      faults.push({ property: "isEnabled", reason: "isEnabled and state exclude each other; give state" });
    return faults;
  },
  following: (_changed, news) => ({ state: stateOf(news) as string, isEnabled: stateOf(news) !== "DISABLED" }),
  preview: (inputs) => ({ state: stateOf(inputs) as string, isEnabled: stateOf(inputs) !== "DISABLED" }),
  async create(inputs, context) {
    await put(inputs, tagsOfCreate(inputs, context), context);
    return ruleId(inputs["eventBusName"] as string, inputs["name"] as string);
  },
  find: (inputs) => Promise.resolve(ruleId(inputs["eventBusName"] as string, inputs["name"] as string)),
  async read(id, _state, context) {
    const rule = await unlessCode(context.aws("events", "DescribeRule", placeOf(id)), ...gone);
    if (rule === undefined) return undefined;
    const { Tags } = await context.aws("events", "ListTagsForResource", { ResourceARN: rule.Arn });
    return {
      ...parameters.decodeAll(rule),
      eventBusName: rule.EventBusName ?? defaultBus,
      arn: rule.Arn,
      state: rule.State,
      isEnabled: rule.State !== "DISABLED",
      tagsAll: tagsOf(Tags),
    };
  },
  async update({ olds, news, changed }, context) {
    if ([...changed].some((key) => !["tags", "tagsAll", "forceDestroy"].includes(key))) await put(news, {}, context);
    const { set, removed } = tagChanges(olds, news, changed, context);
    const ResourceARN = olds["arn"];
    if (removed.length > 0) await context.aws("events", "UntagResource", { ResourceARN, TagKeys: removed });
    if (set !== undefined) await context.aws("events", "TagResource", { ResourceARN, Tags: awsTags(set) });
  },
  async delete(id, state, context) {
    await unlessCode(context.aws("events", "DeleteRule", { ...placeOf(id), Force: state["forceDestroy"] === true }), ...gone);
  },
};
