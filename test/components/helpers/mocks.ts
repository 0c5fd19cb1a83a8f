/**
 * A monitor that answers for the provider, so that a component's wiring can be looked at: what was registered, with
 * which inputs and options. It proves nothing of AWS; whole programs run under the engine. Anything that it is asked and
 * does not know is an error.
 */
import * as pulumi from "@pulumi/pulumi";
import { bakeCommand } from "../../../contract/bake.ts";

export const accountId = "123456789012";
export const region = "eu-central-1";
export const project = "fleet";
export const stack = "staging";

export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly parent: string;
  readonly protect: boolean;
  readonly ignoreChanges: readonly string[];
  readonly deletedWith: string;
  readonly dependencies: readonly string[];
  readonly customTimeouts: { readonly create: string; readonly update: string; readonly delete: string } | undefined;
}

type Inputs = Readonly<Record<string, unknown>>;

/** What AWS assigns, per type; components and resources without such properties have an empty entry. */
const computed: Readonly<Record<string, (name: string, inputs: Inputs) => Inputs>> = {
  "aws:autoscaling/group:Group": (name) => ({
    name: `${name}-0a1b2c3`,
    arn: arn("autoscaling", `autoScalingGroup:uuid:autoScalingGroupName/${name}-0a1b2c3`),
  }),
  "aws:autoscaling/lifecycleHook:LifecycleHook": () => ({}),
  "aws:autoscaling/notification:Notification": () => ({}),
  "aws:autoscaling/policy:Policy": (name) => ({ name: `${name}-0a1b2c3`, arn: arn("autoscaling", `scalingPolicy:uuid:${name}`) }),
  "aws:autoscaling/schedule:Schedule": () => ({}),
  "aws:cloudwatch/compositeAlarm:CompositeAlarm": (_, { alarmName }) => ({ arn: arn("cloudwatch", `alarm:${String(alarmName)}`) }),
  "aws:cloudwatch/dashboard:Dashboard": (_, { dashboardName }) => ({
    dashboardArn: arn("cloudwatch", `dashboard/${String(dashboardName)}`),
  }),
  "aws:cloudwatch/eventRule:EventRule": (name) => ({ name: `${name}-0a1b2c3`, arn: arn("events", `rule/${name}-0a1b2c3`) }),
  "aws:cloudwatch/eventTarget:EventTarget": () => ({}),
  "aws:cloudwatch/logGroup:LogGroup": (_, { name }) => ({ arn: arn("logs", `log-group:${String(name)}`) }),
  "aws:cloudwatch/metricAlarm:MetricAlarm": (name) => ({ name: `${name}-0a1b2c3`, arn: arn("cloudwatch", `alarm:${name}-0a1b2c3`) }),
  "aws:ec2/launchTemplate:LaunchTemplate": (name) => ({
    name: `${name}-0a1b2c3`,
    latestVersion: 7,
    arn: arn("ec2", `launch-template/${name}`),
  }),
  "aws:ec2/securityGroup:SecurityGroup": (name) => ({ name: `${name}-0a1b2c3` }),
  "aws:iam/instanceProfile:InstanceProfile": (name) => ({
    name: `${name}-0a1b2c3`,
    arn: `arn:aws:iam::${accountId}:instance-profile/${name}-0a1b2c3`,
  }),
  "aws:iam/role:Role": (name) => ({ name: `${name}-0a1b2c3`, arn: `arn:aws:iam::${accountId}:role/${name}-0a1b2c3` }),
  "aws:iam/rolePolicy:RolePolicy": () => ({}),
  "aws:iam/serviceLinkedRole:ServiceLinkedRole": (_, { customSuffix }) => ({
    arn: `arn:aws:iam::${accountId}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_${String(customSuffix)}`,
  }),
  "aws:kms/key:Key": () => ({ arn: arn("kms", "key/11111111-2222-3333-4444-555555555555") }),
  "aws:lambda/eventSourceMapping:EventSourceMapping": () => ({}),
  "aws:lambda/function:Function": (name) => ({ name: `${name}-0a1b2c3`, arn: arn("lambda", `function:${name}-0a1b2c3`) }),
  "aws:lambda/permission:Permission": () => ({}),
  "aws:lb/listener:Listener": () => ({}),
  "aws:lb/listenerRule:ListenerRule": () => ({}),
  "aws:lb/targetGroup:TargetGroup": (name) => ({ arn: arn("elasticloadbalancing", `targetgroup/${name}/0123456789abcdef`) }),
  "aws:sns/topic:Topic": (name) => ({ name: `${name}-0a1b2c3`, arn: arn("sns", `${name}-0a1b2c3`) }),
  "aws:sns/topicPolicy:TopicPolicy": () => ({}),
  "aws:sns/topicSubscription:TopicSubscription": () => ({}),
  "aws:sqs/queue:Queue": (name) => ({
    name: `${name}-0a1b2c3`,
    arn: arn("sqs", `${name}-0a1b2c3`),
    url: `https://sqs.${region}.amazonaws.com/${accountId}/${name}-0a1b2c3`,
  }),
  "aws:sqs/queuePolicy:QueuePolicy": () => ({}),
  "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": () => ({}),
  // A bake prints which image it made.
  "aws:ssm/association:Association": (name) => ({ associationId: `${name}-id`, arn: arn("ssm", `association/${name}`) }),
  "command:local:Command": (_, { create }) => ({
    stdout: create === bakeCommand ? JSON.stringify({ imageId: "ami-0123456789abcdef0" }) : "",
    stderr: "",
  }),
};

function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

/** Answers to data sources: token to answer, or to a function of the arguments. */
export type Answers = Readonly<Record<string, (inputs: Inputs) => Inputs>>;

export const accountAnswers: Answers = {
  "aws:index/getCallerIdentity:getCallerIdentity": () => ({
    accountId,
    arn: `arn:aws:iam::${accountId}:user/x`,
    id: accountId,
    userId: "x",
  }),
  "aws:index/getPartition:getPartition": () => ({
    partition: "aws",
    dnsSuffix: "amazonaws.com",
    id: "aws",
    reverseDnsPrefix: "com.amazonaws",
  }),
};

export class Recorder {
  readonly all: Registered[] = [];
  readonly calls: { readonly token: string; readonly inputs: Inputs }[] = [];
  readonly outputs = new Map<string, unknown>();

  /** The one resource of a type whose name ends so. */
  one(type: string, nameEnd = ""): Registered {
    const found = this.all.filter((one) => one.type === type && one.name.endsWith(nameEnd));
    if (found.length !== 1)
      throw new Error(`${found.length} resources of type ${type} with a name …${nameEnd}: ${found.map((one) => one.name).join(", ")}`);
    return found[0]!;
  }

  ofType(type: string): Registered[] {
    return this.all.filter((one) => one.type === type);
  }

  names(): string[] {
    return this.all.map((one) => `${one.type} ${one.name}`).sort();
  }
}

export const urn = (type: string, name: string) => `urn:pulumi:${stack}::${project}::${type}::${name}`;

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProtect(): boolean;
  getIgnorechangesList(): string[];
  getDeletedwith(): string;
  getDependenciesList(): string[];
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string; getDelete(): string } | undefined;
}

/** Starts a fresh run under mocks; `answers` are all the data sources that it knows. */
export async function startMocks(answers: Answers = accountAnswers, preview = false): Promise<Recorder> {
  const recorder = new Recorder();
  const inputs = new Map<string, Inputs>();
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        inputs.set(`${args.type} ${args.name}`, args.inputs as Inputs);
        if (!args.custom) return { id: undefined, state: args.inputs as Inputs };
        const more = computed[args.type];
        if (more === undefined) throw new Error(`the mocks know no type ${args.type}`);
        return { id: `${args.name}-id`, state: { ...(args.inputs as Inputs), ...more(args.name, args.inputs as Inputs) } };
      },
      call: (args) => {
        recorder.calls.push({ token: args.token, inputs: args.inputs as Inputs });
        const answer = answers[args.token];
        if (answer === undefined) throw new Error(`the mocks know no data source ${args.token}`);
        return answer(args.inputs as Inputs);
      },
    },
    project,
    stack,
    preview,
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as Record<string, (request: Request, callback: unknown) => Promise<void>>;
  const register = monitor["registerResource"]!.bind(monitor);
  monitor["registerResource"] = async (request, callback) => {
    await register(request, callback);
    const timeouts = request.getCustomtimeouts();
    recorder.all.push({
      type: request.getType(),
      name: request.getName(),
      inputs: inputs.get(`${request.getType()} ${request.getName()}`) ?? {},
      parent: request.getParent(),
      protect: request.getProtect(),
      ignoreChanges: request.getIgnorechangesList(),
      deletedWith: request.getDeletedwith(),
      dependencies: request.getDependenciesList(),
      customTimeouts: timeouts && { create: timeouts.getCreate(), update: timeouts.getUpdate(), delete: timeouts.getDelete() },
    });
  };
  return recorder;
}

/** Waits until everything that was started has been registered. */
export async function settled(): Promise<void> {
  await pulumi.runtime.disconnect();
}

/** The value of an output; fails when it fails. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return (output as unknown as { promise(): Promise<T> }).promise();
}
