import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { fitName, stackPrefix } from "../contract/naming.ts";
import type { NamingInputs } from "../contract/naming.ts";
import { typeTokens } from "../contract/type-tokens.ts";
import type { Account } from "./account.ts";
import { createAlertTopic } from "./alert-topic.ts";
import type { AlertChoice } from "./alert-topic.ts";
import { createQueueAlarms } from "./notice-alarms.ts";
import { noticeTopicPolicy, queuePolicy, topicKeyPolicy } from "./notice-policies.ts";
import { stackTags } from "./tags.ts";
import type { Tags } from "./tags.ts";

export interface NoticePathArgs {
  readonly naming: NamingInputs;
  readonly account: Account;
  /** Who hears of old messages and dead letters. */
  readonly alerts: AlertChoice;
  /** Seconds that a message may be worked on before it is visible again, 0 to 43200. */
  readonly visibilityTimeoutSeconds: number;
  /** Receives before a message goes to the dead-letter queue, 1 to 1000. */
  readonly maxReceiveCount: number;
  /** Age of the oldest message that alarms, seconds. */
  readonly maxAgeSeconds: number;
  /** Days that the key of a removed stack can still be brought back, 7 to 30. */
  readonly keyDeletionDays: number;
}

/** The longest that SQS keeps a message: 14 days. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
const retentionSeconds = 1_209_600;
/** The longest poll: fewest empty answers. */
const receiveWaitSeconds = 20;

/**
 * Where notices go: topic, queue, dead-letter queue, and the role under which Auto Scaling publishes. One per stack;
 * stands before every group.
 */
export class NoticePath extends pulumi.ComponentResource {
  readonly topicArn: pulumi.Output<string>;
  readonly queueUrl: pulumi.Output<string>;
  readonly queueArn: pulumi.Output<string>;
  readonly deadLetterQueueUrl: pulumi.Output<string>;
  readonly deadLetterQueueArn: pulumi.Output<string>;
  readonly alertTopicArn: pulumi.Output<string>;
  /** Role under which Auto Scaling acts for the stack's groups. */
  readonly serviceLinkedRoleArn: pulumi.Output<string>;
  /** What has to stand before a group so that its first notice arrives, and outlive it so that its last one does. */
  readonly before: readonly pulumi.Resource[];

  constructor(name: string, args: NoticePathArgs, opts?: pulumi.ComponentResourceOptions) {
    super(typeTokens.noticePath, name, args, opts);
    const tags = stackTags(args.naming);
    const publisher = createPublisher(name, args, tags, this);
    const key = createKey(name, args, publisher, tags, this);
    const alerts = createAlertTopic(name, { alerts: args.alerts, account: args.account, keyArn: key.arn, tags }, this);
    const topic = createTopic(name, key, publisher, tags, this);
    const queues = createQueues(name, args, topic.topic, tags, this);
    createQueueAlarms(name, { ...queues, alertTopicArn: alerts.topicArn, maxAgeSeconds: args.maxAgeSeconds, tags }, this);

    this.topicArn = topic.topic.arn;
    this.queueUrl = queues.queue.url;
    this.queueArn = queues.queue.arn;
    this.deadLetterQueueUrl = queues.deadLetters.url;
    this.deadLetterQueueArn = queues.deadLetters.arn;
    this.alertTopicArn = alerts.topicArn;
    this.serviceLinkedRoleArn = publisher.arn;
    this.before = [topic.policy, ...queues.policies, subscribe(name, topic, queues, this)];
    this.registerOutputs({
      topicArn: this.topicArn,
      queueUrl: this.queueUrl,
      queueArn: this.queueArn,
      deadLetterQueueUrl: this.deadLetterQueueUrl,
      deadLetterQueueArn: this.deadLetterQueueArn,
      alertTopicArn: this.alertTopicArn,
      serviceLinkedRoleArn: this.serviceLinkedRoleArn,
    });
  }
}

/**
 * A service-linked role of the stack's own. The account's default one comes into being with the account's first group,
 * too late for a key policy that names it; this one is there first, and the key lets in nobody else.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html
 */
function createPublisher(name: string, { naming, account }: NoticePathArgs, tags: Tags, parent: NoticePath): aws.iam.ServiceLinkedRole {
  return new aws.iam.ServiceLinkedRole(
    `${name}-publisher`,
    {
      awsServiceName: "autoscaling.amazonaws.com",
      // IAM knows no regions; two stacks of one name in two regions are two roles.
      customSuffix: fitName(`${stackPrefix(naming)}-${account.region}`, "serviceLinkedRoleSuffix"),
      description: `Auto Scaling of ${stackPrefix(naming)}`,
      tags,
    },
    { parent },
  );
}

function createKey(
  name: string,
  { account, keyDeletionDays }: NoticePathArgs,
  publisher: aws.iam.ServiceLinkedRole,
  tags: Tags,
  parent: NoticePath,
): aws.kms.Key {
  const policy = pulumi
    .all([account.partition, account.accountId, publisher.arn])
    .apply(([partition, accountId, publisherArn]) => topicKeyPolicy({ partition, accountId, publisherArn }));
  return new aws.kms.Key(
    `${name}-key`,
    { description: `Topics of ${name}`, policy, enableKeyRotation: true, deletionWindowInDays: keyDeletionDays, tags },
    { parent },
  );
}

interface NoticeTopic {
  readonly topic: aws.sns.Topic;
  readonly policy: aws.sns.TopicPolicy;
}

function createTopic(name: string, key: aws.kms.Key, publisher: aws.iam.ServiceLinkedRole, tags: Tags, parent: NoticePath): NoticeTopic {
  const topic = new aws.sns.Topic(fitName(`${name}-topic`, "topic"), { kmsMasterKeyId: key.arn, tags }, { parent });
  const policy = pulumi.all([topic.arn, publisher.arn]).apply(([arn, publisherArn]) => noticeTopicPolicy(arn, publisherArn));
  return { topic, policy: new aws.sns.TopicPolicy(`${name}-topic-policy`, { arn: topic.arn, policy }, { parent }) };
}

interface NoticeQueues {
  readonly queue: aws.sqs.Queue;
  readonly deadLetters: aws.sqs.Queue;
  readonly policies: readonly pulumi.Resource[];
}

/** Both queues are encrypted with SQS's own key, which asks nothing of the topic that sends to them. */
function createQueues(name: string, args: NoticePathArgs, topic: aws.sns.Topic, tags: Tags, parent: NoticePath): NoticeQueues {
  const common = { messageRetentionSeconds: retentionSeconds, sqsManagedSseEnabled: true, tags };
  const deadLetters = new aws.sqs.Queue(fitName(`${name}-dead-letters`, "queue"), common, { parent });
  const { maxReceiveCount } = args;
  const queue = new aws.sqs.Queue(
    fitName(`${name}-queue`, "queue"),
    {
      ...common,
      visibilityTimeoutSeconds: args.visibilityTimeoutSeconds,
      receiveWaitTimeSeconds: receiveWaitSeconds,
      redrivePolicy: deadLetters.arn.apply((deadLetterTargetArn) => JSON.stringify({ deadLetterTargetArn, maxReceiveCount })),
    },
    { parent },
  );
  const allow = (suffix: string, target: aws.sqs.Queue) => {
    const policy = pulumi
      .all([target.arn, topic.arn, args.account.accountId])
      .apply(([queueArn, topicArn, accountId]) => queuePolicy(queueArn, topicArn, accountId));
    return new aws.sqs.QueuePolicy(`${name}-${suffix}-policy`, { queueUrl: target.url, policy }, { parent });
  };
  const redriveAllowPolicy = queue.arn.apply((arn) => JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns: [arn] }));
  new aws.sqs.RedriveAllowPolicy(`${name}-redrive-allow`, { queueUrl: deadLetters.url, redriveAllowPolicy }, { parent });
  return { queue, deadLetters, policies: [allow("queue", queue), allow("dead-letters", deadLetters)] };
}

/** Raw delivery: the message body is the notice. What the queue will not take goes to the dead letters too. */
function subscribe(name: string, { topic }: NoticeTopic, queues: NoticeQueues, parent: NoticePath): aws.sns.TopicSubscription {
  return new aws.sns.TopicSubscription(
    `${name}-subscription`,
    {
      topic: topic.arn,
      protocol: "sqs",
      endpoint: queues.queue.arn,
      rawMessageDelivery: true,
      redrivePolicy: queues.deadLetters.arn.apply((deadLetterTargetArn) => JSON.stringify({ deadLetterTargetArn })),
    },
    { parent, dependsOn: [...queues.policies] },
  );
}
