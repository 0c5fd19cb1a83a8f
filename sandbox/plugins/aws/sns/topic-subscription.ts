import { isCode, unlessCode } from "../clients.ts";
import { object, textBoolean } from "../codec.ts";
import type { Definition } from "../definition.ts";

const attributes = object({
  deliveryPolicy: true,
  filterPolicy: true,
  filterPolicyScope: true,
  rawMessageDelivery: textBoolean,
  redrivePolicy: true,
  replayPolicy: true,
  subscriptionRoleArn: true,
});
const gone = ["NotFound", "NotFoundException"];
const protocols = ["application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"];

export const definition: Definition = {
  token: "aws:sns/topicSubscription:TopicSubscription",
  defaults: { confirmationTimeoutInMinutes: 1, endpointAutoConfirms: false, rawMessageDelivery: false },
  json: ["deliveryPolicy", "filterPolicy", "redrivePolicy", "replayPolicy"],
  validate: ({ protocol }) =>
    protocols.includes(protocol as string) || /^[0-9a-f-]{36}$/.test(protocol as string)
      ? []
      : [{ property: "protocol", reason: `protocol is ${JSON.stringify(protocol)}; allowed are ${protocols.join(", ")}` }],
  preview: (inputs) => ({
    filterPolicyScope: inputs["filterPolicy"] === undefined ? "" : "MessageAttributes",
    confirmationWasAuthenticated: true,
    pendingConfirmation: false,
  }),
  async create(inputs, context) {
    const made = await context.aws("sns", "Subscribe", {
      TopicArn: inputs["topic"],
      Protocol: inputs["protocol"],
      Endpoint: inputs["endpoint"],
      Attributes: attributes.encodeOnly(
        inputs,
        Object.keys(attributes.fields).filter((key) => inputs[key] !== false),
      ),
      ReturnSubscriptionArn: true,
    });
    if (made.SubscriptionArn === undefined) throw new Error("SNS gave no ARN for the new subscription");
    return made.SubscriptionArn;
  },
  async find(inputs, context) {
    for (let token: string | undefined; ;) {
      const page = await unlessCode(
        context.aws("sns", "ListSubscriptionsByTopic", { TopicArn: inputs["topic"], NextToken: token }),
        ...gone,
      );
      const found = page?.Subscriptions?.find((one) => one.Protocol === inputs["protocol"] && one.Endpoint === inputs["endpoint"]);
      if (found !== undefined) return found.SubscriptionArn;
      token = page?.NextToken;
      if (token === undefined || token === "") return undefined;
    }
  },
  async read(id, _state, context) {
    const found = await unlessCode(context.aws("sns", "GetSubscriptionAttributes", { SubscriptionArn: id }), ...gone);
    const all = found?.Attributes;
    if (all === undefined) return undefined;
    return {
      ...attributes.decodeAll({ RawMessageDelivery: "false", ...all }),
      filterPolicyScope: all["FilterPolicyScope"] ?? "",
      arn: id,
      topic: all["TopicArn"],
      protocol: all["Protocol"],
      endpoint: all["Endpoint"],
      ownerId: all["Owner"],
      confirmationWasAuthenticated: all["ConfirmationWasAuthenticated"] === "true",
      pendingConfirmation: all["PendingConfirmation"] === "true",
    };
  },
  async update({ id, news, changed }, context) {
    for (const key of changed) {
      const field = attributes.fields[key];
      if (field === undefined) continue;
      const none = key === "rawMessageDelivery" ? "false" : key === "filterPolicy" || key === "redrivePolicy" ? "{}" : "";
      const value = news[key] === undefined ? none : field.codec.encode(news[key]);
      await context.aws("sns", "SetSubscriptionAttributes", { SubscriptionArn: id, AttributeName: field.wire, AttributeValue: value });
    }
  },
  async delete(id, _state, context) {
    try {
      await unlessCode(context.aws("sns", "Unsubscribe", { SubscriptionArn: id }), ...gone);
    } catch (error) {
      // SNS keeps a pending subscription for three days and refuses to take it away; it then goes by itself.
      if (!isCode(error, "InvalidParameter") || !(error as Error).message.includes("pending confirmation")) throw error;
      context.log("warning", `the subscription ${id} was never confirmed; SNS removes it by itself within three days`);
    }
  },
};
