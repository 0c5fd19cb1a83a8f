/** The services of ours, built from the world behind the endpoint. */
import { createAutoScaling } from "./autoscaling/service.ts";
import type { AutoScalingService } from "./autoscaling/service.ts";
import { CloudWatch } from "./cloudwatch/service.ts";
import { Directory } from "./delivery/directory.ts";
import { Gate } from "./delivery/gate.ts";
import { Publisher } from "./delivery/publisher.ts";
import { SnsService } from "./delivery/sns-service.ts";
import { DeliveryError } from "./deps.ts";
import type { Direct } from "./endpoint/direct.ts";
import { LambdaService } from "./functions/lambda-service.ts";
import { MetadataService } from "./metadata/service.ts";
import { QueueMetrics } from "./delivery/queue-metrics.ts";
import { StsService } from "./endpoint/sts-service.ts";
import type { Sessions } from "./endpoint/sessions.ts";
import { SsmService } from "./ssm/ssm-service.ts";
import { RolePermissions } from "./policy/role-permissions.ts";
import type { AwsService } from "./service.ts";
import type { World } from "./world.ts";

export interface OwnServices {
  /** By signing name; one that an emulator has too stands in front of it. */
  readonly all: readonly AwsService[];
  readonly metadata: MetadataService;
  readonly cloudWatch: CloudWatch;
  readonly publisher: Publisher;
  readonly autoScaling: AutoScalingService;
  /** Ends what is no service of its own. */
  close(): Promise<void>;
}

export interface ServicePorts {
  readonly direct: Direct;
  readonly sessions: Sessions;
  /** The service of that name as its emulator has it. */
  readonly emulated: (name: string) => AwsService;
}

export function ownServices(world: World, { direct, sessions, emulated }: ServicePorts): OwnServices {
  const cloudWatch = new CloudWatch(world);
  const directory = new Directory(direct);
  const gate = new Gate(directory, world);
  const publisher = new Publisher({
    clock: world.clock,
    region: world.region,
    endpoint: world.endpoint,
    directory,
    gate,
    sendMessage: async (QueueUrl, MessageBody, MessageAttributes) => {
      await direct.json("sqs", "SendMessage", { QueueUrl, MessageBody, MessageAttributes });
    },
    invoke: (functionArn, payload, topicArn) => invoke(direct, gate, functionArn, payload, topicArn),
    putMetric: (values) => cloudWatch.put("AWS/SNS", values),
    log: (line) => world.log(line),
  });
  world.connect({ delivery: publisher, metrics: cloudWatch });
  const autoScaling = createAutoScaling(world);
  const permissions = new RolePermissions(direct);
  const sns = new SnsService(emulated("sns"), publisher, directory);
  const lambda = new LambdaService(emulated("lambda"), world, direct, permissions);
  const ssm = new SsmService(emulated("ssm"), world, direct, permissions);
  const sts = new StsService(emulated("sts"), sessions);
  const queueMetrics = new QueueMetrics({
    clock: world.clock,
    direct,
    put: (values) => cloudWatch.put("AWS/SQS", values),
    background: (work) => world.background(work),
  });
  const metadata = new MetadataService(world, direct, sessions);
  return {
    all: [cloudWatch, autoScaling, sns, lambda, ssm, sts],
    metadata,
    cloudWatch,
    publisher,
    autoScaling,
    close: async () => {
      queueMetrics.close();
      await metadata.close();
    },
  };
}

/** An asynchronous invocation on behalf of a topic, when the function's policy lets SNS in. */
async function invoke(direct: Direct, gate: Gate, functionArn: string, payload: string, topicArn: string): Promise<void> {
  const path = `/2015-03-31/functions/${encodeURIComponent(functionArn)}`;
  const { status, body } = await direct.rest("lambda", { method: "GET", path: `${path}/policy` });
  const policy = status === 200 ? (body as { readonly Policy?: string }).Policy : undefined;
  gate.checkInvoke(functionArn, policy, { principal: { service: "sns.amazonaws.com" }, sourceArn: topicArn });
  const invoked = await direct.rest("lambda", {
    method: "POST",
    path: `${path}/invocations`,
    body: payload,
    headers: { "x-amz-invocation-type": "Event" },
  });
  if (invoked.status >= 300) throw new DeliveryError(`The function ${functionArn} was not invoked: ${JSON.stringify(invoked.body)}`);
}
