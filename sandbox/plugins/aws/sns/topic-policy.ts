import { unlessCode } from "../clients.ts";
import type { Context } from "../context.ts";
import { byInput } from "../definition.ts";
import type { Definition } from "../definition.ts";
import { textOf } from "../../protocol/values.ts";

const gone = ["NotFound", "NotFoundException"];

const put = (arn: string, policy: string, context: Context) =>
  context.aws("sns", "SetTopicAttributes", { TopicArn: arn, AttributeName: "Policy", AttributeValue: policy });

/** The policy of a topic that nobody set one on; taking a policy away puts this one back. */
function defaultPolicy(arn: string, owner: string): string {
  const verbs = ["GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe"];
  const actions = [...verbs, "ListSubscriptionsByTopic", "Publish"].map((verb) => `SNS:${verb}`);
  const condition = { StringEquals: { "AWS:SourceOwner": owner } };
  const statement = { Sid: "__default_statement_ID", Effect: "Allow", Principal: { AWS: "*" }, Action: actions, Resource: arn };
  return JSON.stringify({ Version: "2008-10-17", Id: "__default_policy_ID", Statement: [{ ...statement, Condition: condition }] });
}

export const definition: Definition = {
  token: "aws:sns/topicPolicy:TopicPolicy",
  json: ["policy"],
  preview: (inputs) => {
    const [, , , , owner] = textOf(inputs["arn"]).split(":");
    return owner === undefined ? {} : { owner };
  },
  async create(inputs, context) {
    const arn = inputs["arn"] as string;
    await put(arn, inputs["policy"] as string, context);
    return arn;
  },
  find: byInput("arn"),
  async read(id, _state, context) {
    const found = await unlessCode(context.aws("sns", "GetTopicAttributes", { TopicArn: id }), ...gone);
    const policy = found?.Attributes?.["Policy"];
    return policy === undefined || policy === "" ? undefined : { arn: id, policy, owner: found?.Attributes?.["Owner"] };
  },
  async update({ id, news }, context) {
    await put(id, news["policy"] as string, context);
  },
  async delete(id, state, context) {
    await unlessCode(put(id, defaultPolicy(id, state["owner"] as string), context), ...gone);
  },
};
