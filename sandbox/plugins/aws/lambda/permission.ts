import { unlessCode } from "../clients.ts";
import { object } from "../codec.ts";
import type { Context } from "../context.ts";
import { byInput } from "../definition.ts";
import type { Definition, Found } from "../definition.ts";
import { textOf } from "../../protocol/values.ts";
import type { Properties, Value } from "../../protocol/values.ts";

const parameters = object({
  action: true,
  eventSourceToken: true,
  function: "FunctionName",
  functionUrlAuthType: true,
  invokedViaFunctionUrl: true,
  principal: true,
  principalOrgId: "PrincipalOrgID",
  qualifier: true,
  sourceAccount: true,
  sourceArn: true,
  statementId: true,
});
const gone = ["ResourceNotFoundException"];

interface Statement {
  readonly Sid: string;
  readonly Action: string;
  readonly Principal: string | Readonly<Record<string, string>>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The conditions that AddPermission writes: operator, key, property. */
const conditions = [
  ["ArnLike", "AWS:SourceArn", "sourceArn"],
  ["StringEquals", "AWS:SourceAccount", "sourceAccount"],
  ["StringEquals", "lambda:EventSourceToken", "eventSourceToken"],
  ["StringEquals", "aws:PrincipalOrgID", "principalOrgId"],
  ["StringEquals", "lambda:FunctionUrlAuthType", "functionUrlAuthType"],
] as const;

function principalOf(principal: Statement["Principal"]): string {
  if (typeof principal === "string") return principal;
  const value = principal["Service"] ?? principal["AWS"] ?? "";
  // An account stands there as its root user.
  return /^arn:[^:]+:iam::(\d{12}):root$/.exec(value)?.[1] ?? value;
}

async function findStatement(id: string, state: Properties, context: Context): Promise<Statement | undefined> {
  const input = { FunctionName: state["function"], Qualifier: state["qualifier"] };
  const found = await unlessCode(context.aws("lambda", "GetPolicy", input), ...gone);
  if (found?.Policy === undefined) return undefined;
  const policy = JSON.parse(found.Policy) as { Statement?: Statement[] };
  return policy.Statement?.find((one) => one.Sid === id);
}

export const definition: Definition = {
  token: "aws:lambda/permission:Permission",
  naming: { property: "statementId", maxLength: 100 },
  same: { principal: samePrincipal, function: (one, other) => functionName(one) === functionName(other) },
  async create(inputs, context) {
    await context.aws("lambda", "AddPermission", parameters.encode(inputs));
    return inputs["statementId"] as string;
  },
  find: byInput("statementId"),
  async read(id, state, context): Promise<Found | undefined> {
    const statement = await findStatement(id, state, context);
    if (statement === undefined) return undefined;
    const found = conditions.map(([operator, key, property]) => {
      const keys = statement.Condition?.[operator] ?? {};
      const value = Object.entries(keys).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
      return [property, value] as const;
    });
    return {
      ...Object.fromEntries(found),
      action: statement.Action,
      principal: principalOf(statement.Principal),
      statementId: statement.Sid,
      function: state["function"],
      qualifier: state["qualifier"],
    };
  },
  async delete(id, state, context) {
    const input = { FunctionName: state["function"], Qualifier: state["qualifier"], StatementId: id };
    await unlessCode(context.aws("lambda", "RemovePermission", input), ...gone);
  },
};

function functionName(value: Value): string {
  return textOf(value).split(":function:").at(-1) ?? "";
}

function samePrincipal(one: Value, other: Value): boolean {
  return (
    principalOf(textOf(one)) === principalOf(textOf(other)) || principalOf({ AWS: textOf(one) }) === principalOf({ AWS: textOf(other) })
  );
}
