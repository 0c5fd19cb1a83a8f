import { unlessCode } from "../clients.ts";
import { list, object, same } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Definition } from "../definition.ts";
import type { Properties } from "../../protocol/values.ts";

const asIs = { encode: (value: unknown) => value, decode: (wire: unknown) => wire as string };
const target = object({
  ...same("arn", "input", "inputPath", "roleArn"),
  deadLetterConfig: object(same("arn")),
  httpTarget: ["HttpParameters", object({ headerParameters: true, pathParameterValues: list(asIs), queryStringParameters: true })],
  inputTransformer: object({ inputPaths: "InputPathsMap", inputTemplate: true }),
  kinesisTarget: ["KinesisParameters", object(same("partitionKeyPath"))],
  retryPolicy: object(same("maximumEventAgeInSeconds", "maximumRetryAttempts")),
  sqsTarget: ["SqsParameters", object(same("messageGroupId"))],
  targetId: "Id",
});
const gone = ["ResourceNotFoundException"];
const defaultBus = "default";

/** The id is `rule-target`, with the bus before it unless that is the default one. */
function idOf(inputs: Properties): string {
  const bus = inputs["eventBusName"] as string;
  const id = `${inputs["rule"] as string}-${inputs["targetId"] as string}`;
  return bus === defaultBus ? id : `${bus}-${id}`;
}

const place = (properties: Properties) => ({ Rule: properties["rule"], EventBusName: properties["eventBusName"] ?? defaultBus });

async function put(inputs: Properties, context: Context): Promise<void> {
  const answer = await context.aws("events", "PutTargets", { ...place(inputs), Targets: [target.encode(inputs)] });
  const [failed] = answer.FailedEntries ?? [];
  if (failed !== undefined) throw new Error(`EventBridge refused the target: ${failed.ErrorCode ?? ""}: ${failed.ErrorMessage ?? ""}`);
}

export const definition: Definition = {
  token: "aws:cloudwatch/eventTarget:EventTarget",
  naming: { property: "targetId", maxLength: 64 },
  defaults: { eventBusName: defaultBus, forceDestroy: false },
  json: ["input"],
  unsupported: ["appsyncTarget", "batchTarget", "ecsTarget", "redshiftTarget", "runCommandTargets", "sagemakerPipelineTarget"],
  validate(inputs) {
    const given = ["input", "inputPath", "inputTransformer"].filter((key) => inputs[key] !== undefined);
    return given.length > 1
      ? [{ property: given[1] ?? "input", reason: `${given.join(" and ")} exclude each other; give one of them` }]
      : [];
  },
  async create(inputs, context) {
    await put(inputs, context);
    return idOf(inputs);
  },
  find: (inputs) => Promise.resolve(idOf(inputs)),
  async read(_id, state, context) {
    for (let token: string | undefined; ;) {
      const page = await unlessCode(context.aws("events", "ListTargetsByRule", { ...place(state), NextToken: token }), ...gone);
      const found = page?.Targets?.find((one) => one.Id === state["targetId"]);
      if (found !== undefined) return { ...target.decodeAll(found), rule: state["rule"], eventBusName: state["eventBusName"] };
      token = page?.NextToken;
      if (token === undefined) return undefined;
    }
  },
  async update({ news }, context) {
    await put(news, context);
  },
  async delete(_id, state, context) {
    const input = { ...place(state), Ids: [state["targetId"]], Force: state["forceDestroy"] === true };
    await unlessCode(context.aws("events", "RemoveTargets", input), ...gone);
  },
};
