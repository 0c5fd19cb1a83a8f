import { unlessCode } from "../clients.ts";
import { object, same } from "../codec.ts";
import type { Context } from "../context.ts";
import type { Definition } from "../definition.ts";
import type { Properties } from "../../protocol/values.ts";

const destination = object(same("destination"));
const parameters = object({
  destinationConfig: object({ onFailure: destination, onSuccess: destination }),
  functionName: true,
  ...same("maximumEventAgeInSeconds", "maximumRetryAttempts", "qualifier"),
});
const gone = ["ResourceNotFoundException"];

/** The id is the function, with its qualifier behind a colon. */
const place = (properties: Properties) => ({ FunctionName: properties["functionName"], Qualifier: properties["qualifier"] });

function idOf({ functionName, qualifier }: Properties): string {
  return qualifier === undefined ? (functionName as string) : `${functionName as string}:${qualifier as string}`;
}

/** A put forgets what it does not name. */
const put = (inputs: Properties, context: Context) => context.aws("lambda", "PutFunctionEventInvokeConfig", parameters.encode(inputs));

export const definition: Definition = {
  token: "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
  defaults: { maximumRetryAttempts: 2 },
  validate({ maximumEventAgeInSeconds: age, maximumRetryAttempts: attempts }) {
    const faults = [];
    if (typeof age === "number" && (age < 60 || age > 21_600))
      faults.push({ property: "maximumEventAgeInSeconds", reason: `maximumEventAgeInSeconds is ${age}; allowed are 60 to 21600` });
    if (typeof attempts === "number" && (attempts < 0 || attempts > 2))
      faults.push({ property: "maximumRetryAttempts", reason: `maximumRetryAttempts is ${attempts}; allowed are 0 to 2` });
    return faults;
  },
  async create(inputs, context) {
    await put(inputs, context);
    return idOf(inputs);
  },
  find: (inputs) => Promise.resolve(idOf(inputs)),
  async read(_id, state, context) {
    const found = await unlessCode(context.aws("lambda", "GetFunctionEventInvokeConfig", place(state)), ...gone);
    if (found === undefined) return undefined;
    const { destinationConfig, maximumEventAgeInSeconds, maximumRetryAttempts } = parameters.decodeAll(found);
    return { destinationConfig, maximumEventAgeInSeconds, maximumRetryAttempts: maximumRetryAttempts ?? 2 };
  },
  async update({ news }, context) {
    await put(news, context);
  },
  async delete(_id, state, context) {
    await unlessCode(context.aws("lambda", "DeleteFunctionEventInvokeConfig", place(state)), ...gone);
  },
};
