/**
 * Derives `sandbox/plugins/aws/schema.json` from the declarations of @pulumi/aws: the properties of each type that the
 * plugin serves, with their types, which are inputs and which outputs are always there.
 *
 *   node test/sandbox/plugins/declarations.ts     writes the file; a test holds it equal to the declarations
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const root = join(import.meta.dirname, "../../..");
const declarations = join(root, "node_modules/@pulumi/aws");
export const schemaPath = join(root, "sandbox/plugins/aws/schema.json");

/** `module/file:Name` of every resource type and data source that the plugin serves. */
const resourceTypes = [
  "autoscaling/group:Group",
  "autoscaling/lifecycleHook:LifecycleHook",
  "autoscaling/notification:Notification",
  "autoscaling/policy:Policy",
  "autoscaling/schedule:Schedule",
  "cloudwatch/compositeAlarm:CompositeAlarm",
  "cloudwatch/dashboard:Dashboard",
  "cloudwatch/eventRule:EventRule",
  "cloudwatch/eventTarget:EventTarget",
  "cloudwatch/logGroup:LogGroup",
  "cloudwatch/metricAlarm:MetricAlarm",
  "ec2/launchTemplate:LaunchTemplate",
  "ec2/securityGroup:SecurityGroup",
  "iam/instanceProfile:InstanceProfile",
  "iam/role:Role",
  "iam/rolePolicy:RolePolicy",
  "iam/rolePolicyAttachment:RolePolicyAttachment",
  "iam/serviceLinkedRole:ServiceLinkedRole",
  "kms/alias:Alias",
  "kms/key:Key",
  "lambda/eventSourceMapping:EventSourceMapping",
  "lambda/function:Function",
  "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
  "lambda/permission:Permission",
  "lb/listener:Listener",
  "lb/listenerRule:ListenerRule",
  "lb/loadBalancer:LoadBalancer",
  "lb/targetGroup:TargetGroup",
  "sns/topic:Topic",
  "sns/topicPolicy:TopicPolicy",
  "sns/topicSubscription:TopicSubscription",
  "sqs/queue:Queue",
  "sqs/queuePolicy:QueuePolicy",
  "sqs/redriveAllowPolicy:RedriveAllowPolicy",
  "sqs/redrivePolicy:RedrivePolicy",
  "ssm/association:Association",
  "ssm/document:Document",
  "ssm/parameter:Parameter",
  "vpc/securityGroupEgressRule:SecurityGroupEgressRule",
  "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
] as const;

const functions = [
  "index/getAvailabilityZones:getAvailabilityZones",
  "index/getCallerIdentity:getCallerIdentity",
  "index/getPartition:getPartition",
  "index/getRegion:getRegion",
  "index/getServicePrincipal:getServicePrincipal",
  "ebs/getSnapshot:getSnapshot",
  "ebs/getSnapshotIds:getSnapshotIds",
  "ec2/getAmi:getAmi",
  "ec2/getInstanceType:getInstanceType",
  "ec2/getLaunchTemplate:getLaunchTemplate",
  "ec2/getSubnet:getSubnet",
  "ec2/getSubnets:getSubnets",
  "ec2/getVpc:getVpc",
  "iam/getPolicyDocument:getPolicyDocument",
  "iam/getRole:getRole",
  "iam/getRoles:getRoles",
  "kms/getAlias:getAlias",
  "kms/getKey:getKey",
  "lb/getListener:getListener",
  "lb/getLoadBalancer:getLoadBalancer",
  "lb/getTargetGroup:getTargetGroup",
  "ssm/getParameter:getParameter",
] as const;

type Shape = "string" | "number" | "boolean" | "any" | { list: Shape } | { map: Shape } | { object: Record<string, Member> };
interface Member {
  readonly type: Shape;
  readonly optional?: true;
}
interface Property {
  readonly type: Shape;
  /** Absent = output only. */
  readonly input?: "required" | "optional";
  /** Absent = input only. `maybe` = the output may be undefined: the provider computes no value of its own. */
  readonly output?: "always" | "maybe";
}

const parse = (path: string) => ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, false);

/** Interfaces of a types file by `namespace.Name`. */
function namespaces(path: string): Map<string, ts.InterfaceDeclaration> {
  const found = new Map<string, ts.InterfaceDeclaration>();
  for (const statement of parse(path).statements) {
    if (ts.isInterfaceDeclaration(statement)) found.set(statement.name.text, statement);
    if (!ts.isModuleDeclaration(statement) || !statement.body || !ts.isModuleBlock(statement.body)) continue;
    for (const inner of statement.body.statements) {
      if (ts.isInterfaceDeclaration(inner)) found.set(`${statement.name.text}.${inner.name.text}`, inner);
    }
  }
  return found;
}

const nameOf = (name: ts.EntityName): string => (ts.isIdentifier(name) ? name.text : `${nameOf(name.left)}.${name.right.text}`);
const isUndefined = (type: ts.TypeNode) => type.kind === ts.SyntaxKind.UndefinedKeyword;

class Reader {
  readonly #types: Readonly<Record<string, Map<string, ts.InterfaceDeclaration>>>;
  constructor() {
    this.#types = {
      inputs: namespaces(join(declarations, "types/input.d.ts")),
      outputs: namespaces(join(declarations, "types/output.d.ts")),
    };
  }

  shape(type: ts.TypeNode): Shape {
    if (type.kind === ts.SyntaxKind.StringKeyword) return "string";
    if (type.kind === ts.SyntaxKind.NumberKeyword) return "number";
    if (type.kind === ts.SyntaxKind.BooleanKeyword) return "boolean";
    if (type.kind === ts.SyntaxKind.AnyKeyword) return "any";
    if (ts.isArrayTypeNode(type)) return { list: this.shape(type.elementType) };
    if (ts.isUnionTypeNode(type)) return this.#union(type);
    if (ts.isTypeLiteralNode(type)) return this.#literal(type);
    if (ts.isTypeReferenceNode(type)) return this.#reference(type);
    throw new Error(`unforeseen type: ${ts.SyntaxKind[type.kind]}`);
  }

  #union(type: ts.UnionTypeNode): Shape {
    const rest = type.types.filter((one) => !isUndefined(one));
    const shapes = rest.map((one) => this.shape(one));
    return shapes.includes("string") ? "string" : shapes[0]!;
  }

  #literal(type: ts.TypeLiteralNode): Shape {
    const [member] = type.members;
    if (member && ts.isIndexSignatureDeclaration(member)) return { map: this.shape(member.type) };
    throw new Error("an object type without an index signature");
  }

  #reference(type: ts.TypeReferenceNode): Shape {
    const name = nameOf(type.typeName);
    const argument = type.typeArguments?.[0];
    if ((name === "pulumi.Input" || name === "pulumi.Output") && argument) return this.shape(argument);
    if (name.startsWith("enums.") || name === "pulumi.ARN" || name === "ARN") return "string";
    if (name.startsWith("pulumi.asset.")) return "any";
    const [side, ...path] = name.split(".");
    const declaration = this.#types[side!]?.get(path.join("."));
    if (declaration) return { object: this.members(declaration) };
    return "string"; // a resource (`Topic`) or an alias of one: its ARN or name
  }

  members(declaration: ts.InterfaceDeclaration): Record<string, Member> {
    const result: Record<string, Member> = {};
    for (const member of declaration.members) {
      if (!ts.isPropertySignature(member) || !member.type || !ts.isIdentifier(member.name)) continue;
      result[member.name.text] = { type: this.shape(member.type), ...(member.questionToken ? { optional: true } : {}) };
    }
    return result;
  }
}

const file = (token: string) => join(declarations, `${token.split(":")[0]!.replace(/^index\//, "")}.d.ts`);

function interfaceNamed(source: ts.SourceFile, name: string): ts.InterfaceDeclaration | undefined {
  return source.statements.find((one): one is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(one) && one.name.text === name);
}

function resource(reader: Reader, token: string): Record<string, Property> {
  const source = parse(file(token));
  const name = token.split(":")[1]!;
  const inputs = reader.members(interfaceNamed(source, `${name}Args`)!);
  const declared = source.statements.find((one): one is ts.ClassDeclaration => ts.isClassDeclaration(one) && one.name?.text === name)!;
  const properties: Record<string, Property> = {};
  for (const member of declared.members) {
    if (!ts.isPropertyDeclaration(member) || !member.type || !ts.isIdentifier(member.name)) continue;
    const output = (member.type as ts.TypeReferenceNode).typeArguments![0]!;
    const maybe = ts.isUnionTypeNode(output) && output.types.some(isUndefined);
    const input = inputs[member.name.text];
    properties[member.name.text] = {
      type: input?.type ?? reader.shape(output),
      ...(input ? { input: input.optional ? "optional" : "required" } : {}),
      output: maybe ? "maybe" : "always",
    };
  }
  for (const [key, input] of Object.entries(inputs))
    properties[key] ??= { type: input.type, input: input.optional ? "optional" : "required" };
  return properties;
}

function dataSource(reader: Reader, token: string): { arguments: Record<string, Member>; result: Record<string, Member> } {
  const source = parse(file(token));
  const name = token.split(":")[1]!;
  const capital = name[0]!.toUpperCase() + name.slice(1);
  const members = (suffix: string) => {
    const declaration = interfaceNamed(source, `${capital}${suffix}`);
    return declaration ? reader.members(declaration) : {};
  };
  return { arguments: members("Args"), result: members("Result") };
}

export function schemaFromDeclarations(): string {
  const reader = new Reader();
  const schema = {
    resources: Object.fromEntries(resourceTypes.map((token) => [`aws:${token}`, resource(reader, token)])),
    functions: Object.fromEntries(functions.map((token) => [`aws:${token}`, dataSource(reader, token)])),
  };
  const lines = (part: Record<string, Record<string, unknown>>) =>
    Object.entries(part).map(
      ([token, members]) =>
        `    ${JSON.stringify(token)}: {\n${Object.entries(members)
          .map(([key, value]) => `      ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
          .join(",\n")}\n    }`,
    );
  const section = (key: "resources" | "functions") => `  "${key}": {\n${lines(schema[key]).join(",\n")}\n  }`;
  return `{\n${section("resources")},\n${section("functions")}\n}\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(schemaPath, schemaFromDeclarations());
