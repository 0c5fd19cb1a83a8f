/** Cases beside the examples of the documentation: where a rule must keep quiet, and where it must say that it cannot tell. */
import assert from "node:assert/strict";
import { Run } from "../../policies/core/run.ts";
import { runSettings } from "../../policies/engine/run-settings.ts";
import { Deployment } from "../../policies/model/deployment.ts";
import { Resource, nameOf } from "../../policies/model/resource.ts";
import { rules } from "../../policies/rules.ts";
import { materialise, type ExampleResource } from "../../policies/tools/examples.ts";

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const account = "111122223333";

interface Case {
  readonly title: string;
  readonly rule: string;
  readonly resources: Readonly<Record<string, ExampleResource>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly configOf?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly stack?: string;
  readonly deployed?: boolean;
  /** `name: message`, in the order of the names. */
  readonly violations?: readonly string[];
  readonly unproved?: readonly string[];
}

const resource = (type: string, properties: Record<string, unknown> = {}, options: ExampleResource["options"] = {}): ExampleResource => ({
  type,
  properties,
  options,
});
const group = (properties: Record<string, unknown> = {}, options = {}) => resource("aws:autoscaling:Group", properties, options);
const policy = (properties: Record<string, unknown>) => resource("aws:autoscaling:Policy", properties);
const alarm = (properties: Record<string, unknown>) => resource("aws:cloudwatch:MetricAlarm", properties);
const topic = (properties: Record<string, unknown> = {}) => resource("aws:sns:Topic", properties);
const queue = (properties: Record<string, unknown> = {}) => resource("aws:sqs:Queue", properties);
const subscription = (properties: Record<string, unknown>) => resource("aws:sns:TopicSubscription", properties);
const template = (properties: Record<string, unknown>) => resource("aws:ec2:LaunchTemplate", properties);
const lambda = (properties: Record<string, unknown> = {}) => resource("aws:lambda:Function", properties);
const mapping = (properties: Record<string, unknown>) => resource("aws:lambda:EventSourceMapping", properties);
const key = (properties: Record<string, unknown>) => resource("aws:kms:Key", properties);
const notification = (properties: Record<string, unknown>) => resource("aws:autoscaling:Notification", properties);
const document = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const launch = { launchTemplate: { id: "${template.id}", version: "1" } };
const delivered = { topic: "${notices.arn}", protocol: "sqs", endpoint: "${departures.arn}" };
const external = { launchTemplate: { id: "lt-0123456789abcdef0", version: "1" } };
const outside = 'launchTemplate.id of Group "web" is lt-0123456789abcdef0, which is not part of this stack';
const byTag = { Condition: { StringEquals: { "aws:PrincipalTag/team": "web" } } };
const queueArn = `arn:aws:sqs:eu-west-1:${account}:departures`;
const topicArn = `arn:aws:sns:eu-west-1:${account}:notices`;

const step = (scalingAdjustment: number) => ({
  policyType: "StepScaling",
  adjustmentType: "ChangeInCapacity",
  stepAdjustments: [
    scalingAdjustment > 0 ? { metricIntervalLowerBound: "0", scalingAdjustment } : { metricIntervalUpperBound: "0", scalingAdjustment },
  ],
});
/** A group of 1 to 6 with an alarm on either side of its average load, each on a policy that moves one instance. */
function pair(
  busy: Record<string, unknown>,
  idle: Record<string, unknown>,
  grow: Record<string, unknown> = {},
  both: Record<string, unknown> = {},
  web: Record<string, unknown> = {},
): Record<string, ExampleResource> {
  const watch = {
    namespace: "AWS/EC2",
    metricName: "CPUUtilization",
    statistic: "Average",
    period: 60,
    evaluationPeriods: 1,
    dimensions: { AutoScalingGroupName: "${web.name}" },
  };
  return {
    web: group({ minSize: 1, maxSize: 6, ...web }),
    grow: policy({ autoscalingGroupName: "${web.name}", ...step(1), ...both, ...grow }),
    shrink: policy({
      autoscalingGroupName: "${web.name}",
      ...step(-1),
      ...both,
      ...("scalingAdjustment" in both && { scalingAdjustment: -1 }),
    }),
    busy: alarm({ ...watch, comparisonOperator: "GreaterThanThreshold", threshold: 60, ...busy, alarmActions: ["${grow.arn}"] }),
    idle: alarm({ ...watch, comparisonOperator: "LessThanThreshold", threshold: 50, ...idle, alarmActions: ["${shrink.arn}"] }),
  };
}
/** A function that reads `jobs`, whose dead letters are `lost`, with these statements in its role. */
const privileged = (...statements: object[]): Record<string, ExampleResource> => ({
  lost: queue(),
  jobs: queue({ redrivePolicy: '{"deadLetterTargetArn":"${lost.arn}","maxReceiveCount":5}' }),
  role: resource("aws:iam:Role"),
  reader: lambda({ role: "${role.arn}" }),
  source: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${reader.name}" }),
  inline: resource("aws:iam:RolePolicy", { role: "${role.name}", policy: document(...statements) }),
});

const cases: readonly Case[] = [
  // images and templates
  {
    title: "a template of another stack leaves the age open",
    rule: "image-max-age",
    resources: { web: group(external) },
    unproved: [`web: ${outside}`],
  },
  {
    title: "a template of another stack leaves the architecture open",
    rule: "image-architecture-match",
    resources: { web: group(external) },
    unproved: [`web: ${outside}`],
  },
  {
    title: "a template of another stack leaves the promotion open",
    rule: "image-promoted",
    stack: "production",
    resources: { web: group(external) },
    unproved: [`web: ${outside}`],
  },
  {
    title: "a template of another stack leaves the facts open",
    rule: "image-facts-known",
    resources: { web: group(external) },
    unproved: [`web: ${outside}`],
  },
  {
    title: "what a fleet says of its image counts, not the tags of its template",
    rule: "image-max-age",
    resources: {
      fleet: resource("fleet:components:Fleet", { image: { bakedAt: "2099-01-01T00:00:00Z" } }),
      template: template({ tags: { "fleet:baked-at": "2001-01-01T00:00:00Z" } }),
      web: group(launch, { parent: "fleet" }),
    },
  },
  {
    title: "what a fleet says of its architecture counts, not the tags of its template",
    rule: "image-architecture-match",
    resources: {
      fleet: resource("fleet:components:Fleet", { image: { architecture: "arm64" }, instanceType: "m7g.large" }),
      template: template({ instanceType: "m7g.large", tags: { "fleet:architecture": "x86_64" } }),
      web: group(launch, { parent: "fleet" }),
    },
  },
  {
    title: "what a fleet says of its promotion counts, not the tags of its template",
    rule: "image-promoted",
    stack: "production",
    resources: {
      fleet: resource("fleet:components:Fleet", { identity: { environment: "production" }, image: { promotedFrom: "staging" } }),
      template: template({}),
      web: group(launch, { parent: "fleet" }),
    },
  },
  {
    title: "a type that hides in the arguments of a fleet in spite of its declaration is found",
    rule: "image-instance-type-match",
    resources: {
      fleet: resource("fleet:components:Fleet", {
        image: { bakeType: "m7g.large" },
        instanceType: "m7g.large",
        launchTemplate: { instanceType: "m7g.2xlarge", instanceRequirements: { vcpuCount: { min: 2 } } },
        group: { mixedInstancesPolicy: { launchTemplate: { overrides: [{ instanceType: "c7g.large" }, { instanceRequirements: {} }] } } },
      }),
    },
    violations: [
      'fleet: group.mixedInstancesPolicy.launchTemplate.overrides[0].instanceType is "c7g.large", but the image was built on m7g.large; allowed is the very type that the image was built on: change the type, or bake an image on it',
      "fleet: group.mixedInstancesPolicy.launchTemplate.overrides[1].instanceRequirements asks for attributes instead of a type, so that instances may differ from the type that the image was built on; name the type",
      "fleet: launchTemplate.instanceRequirements asks for attributes instead of a type, so that instances may differ from the type that the image was built on; name the type",
      'fleet: launchTemplate.instanceType is "m7g.2xlarge", but the image was built on m7g.large; allowed is the very type that the image was built on: change the type, or bake an image on it',
    ],
  },
  {
    title: "overrides that all name a type hide that of the template",
    rule: "image-instance-type-match",
    resources: {
      template: template({ instanceType: "t3.nano", tags: { "fleet:bake-type": "m7g.large" } }),
      web: group({
        mixedInstancesPolicy: {
          launchTemplate: {
            launchTemplateSpecification: { launchTemplateId: "${template.id}", version: "1" },
            overrides: [{ instanceType: "m7g.large" }],
          },
        },
      }),
    },
  },
  {
    title: "a template that an override names is looked at too",
    rule: "image-instance-type-match",
    resources: {
      template: template({ instanceType: "m7g.large", tags: { "fleet:bake-type": "m7g.large" } }),
      other: template({ instanceType: "m7g.large", tags: { "fleet:bake-type": "m7i.large" } }),
      web: group({
        mixedInstancesPolicy: {
          launchTemplate: {
            launchTemplateSpecification: { launchTemplateName: "${template.name}", version: "1" },
            overrides: [{ launchTemplateSpecification: { launchTemplateId: "${other.id}", version: "1" } }],
          },
        },
      }),
    },
    violations: [
      'web: instanceType is "m7g.large", but the image was built on m7i.large; allowed is the very type that the image was built on: change the type, or bake an image on it',
      'web: instanceType is "m7g.large", but the image was built on m7i.large; allowed is the very type that the image was built on: change the type, or bake an image on it',
    ],
  },
  {
    title: "an image without a place to encrypt is none of its business",
    rule: "image-encrypted",
    resources: { image: resource("aws:ec2:Ami", { ebsBlockDevices: [{ snapshotId: "snap-1" }] }) },
  },
  {
    title: "a device that is taken away needs no encryption",
    rule: "template-ebs-encrypted",
    resources: { old: resource("aws:ec2:LaunchConfiguration", { ebsBlockDevices: [{ noDevice: true }] }) },
  },
  {
    title: "secrets of several kinds are told apart",
    rule: "template-no-secrets",
    resources: {
      old: resource("aws:ec2:LaunchConfiguration", {
        userData: [
          "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
          "ghp_0123456789abcdefghijABCDEFGHIJ012345",
          "xoxb-123456789012-abcdef",
          "PASSWORD=$SECRET",
          "token: <token>",
        ].join("\n"),
        userDataBase64: Buffer.from("api_key: 0123456789abcdef").toString("base64"),
      }),
    },
    violations: [
      "old: line 1 of userData holds an AWS secret access key; pass the name of a parameter or secret, and let the instance read it with its role",
      "old: line 1 of userDataBase64 holds a password or token; pass the name of a parameter or secret, and let the instance read it with its role",
      "old: line 2 of userData holds a GitHub token; pass the name of a parameter or secret, and let the instance read it with its role",
      "old: line 3 of userData holds a Slack token; pass the name of a parameter or secret, and let the instance read it with its role",
    ],
  },
  // groups
  {
    title: "an unknown number of subnets is left open",
    rule: "group-multi-az",
    resources: { web: group({ vpcZoneIdentifiers: unknown }) },
    unproved: ["web: vpcZoneIdentifiers is known only after the deployment"],
  },
  {
    title: "a subnet without a zone is asked for one",
    rule: "group-multi-az",
    resources: {
      a: resource("aws:ec2:Subnet", { availabilityZone: "eu-west-1a" }),
      b: resource("aws:ec2:Subnet"),
      web: group({ vpcZoneIdentifiers: ["${a.id}", "${b.id}"] }),
    },
    violations: ['web: a subnet of Group "web" names no zone; name one for each'],
  },
  {
    title: "a group without ELB, attached to nobody knows what",
    rule: "group-health-check",
    resources: { web: group({ targetGroupArns: unknown }) },
    unproved: ["web: targetGroupArns is known only after the deployment"],
  },
  {
    title: "ELB among other checks is enough",
    rule: "group-health-check",
    resources: { web: group({ trafficSources: [{ identifier: "x" }], healthCheckType: "EBS, ELB" }) },
  },
  {
    title: "a tag whose key is not known may be the required one",
    rule: "group-tags-propagate",
    config: { required: ["owner"] },
    resources: { web: group({ tags: [{ key: unknown, value: "x", propagateAtLaunch: true }] }) },
    unproved: ["web: tags[0].key is known only after the deployment"],
  },
  {
    title: "a minimum of two is enough outside of production",
    rule: "group-size-bounds",
    stack: "staging",
    resources: { web: group({ minSize: 1, maxSize: 2 }) },
  },
  { title: "the cap itself is allowed", rule: "group-size-bounds", resources: { web: group({ minSize: 0, maxSize: 100 }) } },
  {
    title: "a refresh in the group, and templates rolled out elsewhere",
    rule: "group-replaces-on-new-image",
    resources: { web: group({ instanceRefresh: { strategy: "Rolling" } }, { ignoreChanges: ["launchTemplate"] }) },
  },
  // scaling
  {
    title: "a group that does not scale needs no directions, whatever alarms there are",
    rule: "scaling-out-and-in-exist",
    resources: { web: group(), odd: alarm({ alarmActions: [unknown] }) },
  },
  {
    title: "policies of unknown groups leave it open",
    rule: "scaling-out-and-in-exist",
    resources: {
      web: group(),
      grow: policy({ autoscalingGroupName: "${web.name}", scalingAdjustment: 1 }),
      odd: policy({ autoscalingGroupName: unknown }),
    },
    unproved: ['web: autoscalingGroupName of Policy "odd" is not known yet and comes from no Group of this stack'],
  },
  {
    title: "an adjustment of zero moves nothing",
    rule: "scaling-out-and-in-exist",
    resources: {
      web: group(),
      stay: policy({ autoscalingGroupName: "${web.name}", adjustmentType: "ChangeInCapacity", scalingAdjustment: 0 }),
    },
    violations: [
      'web: Group "web" has no policy that adds instances; add one',
      'web: Group "web" has no policy that removes instances; add one',
    ],
  },
  {
    title: "an exact capacity goes either way",
    rule: "scaling-out-and-in-exist",
    resources: {
      web: group(),
      set: policy({ autoscalingGroupName: "${web.name}", adjustmentType: "ExactCapacity", scalingAdjustment: 3 }),
    },
  },
  {
    title: "a forecast only adds",
    rule: "scaling-out-and-in-exist",
    resources: { web: group(), forecast: policy({ autoscalingGroupName: "${web.name}", policyType: "PredictiveScaling" }) },
    violations: ['web: Group "web" has no policy that removes instances; add one'],
  },
  {
    title: "one adding step among others that do nothing",
    rule: "scaling-out-and-in-exist",
    resources: {
      web: group(),
      grow: policy({
        autoscalingGroupName: "${web.name}",
        policyType: "StepScaling",
        adjustmentType: "ChangeInCapacity",
        stepAdjustments: [{ scalingAdjustment: 0 }, { scalingAdjustment: 2 }],
      }),
      shrink: policy({
        autoscalingGroupName: "${web.name}",
        policyType: "StepScaling",
        adjustmentType: "ChangeInCapacity",
        stepAdjustments: [{ scalingAdjustment: 0 }, { scalingAdjustment: -2 }],
      }),
    },
  },
  {
    title: "target tracking has no cooldown of ours",
    rule: "scaling-cooldown-covers-boot",
    resources: { web: group(), follow: policy({ autoscalingGroupName: "${web.name}", policyType: "TargetTrackingScaling", cooldown: 1 }) },
  },
  {
    title: "a default warm-up that was taken back leaves the default cooldown",
    rule: "scaling-cooldown-covers-boot",
    configOf: { "group-warmup-covers-boot": { bootSeconds: 200 } },
    resources: {
      web: group({ defaultInstanceWarmup: -1, defaultCooldown: 100 }),
      grow: policy({ autoscalingGroupName: "${web.name}", policyType: "StepScaling" }),
    },
    violations: ["grow: defaultCooldown is 100, but it takes 200 s for an instance to serve; wait at least as long"],
  },
  {
    title: "a policy's own wait may be exactly the boot",
    rule: "scaling-cooldown-covers-boot",
    configOf: { "group-warmup-covers-boot": { bootSeconds: 200 } },
    resources: {
      web: group(),
      grow: policy({ autoscalingGroupName: "${web.name}", policyType: "StepScaling", estimatedInstanceWarmup: 200 }),
    },
  },
  {
    title: "a group without policies is not asked about alarms",
    rule: "scaling-no-oscillation",
    resources: {
      web: group({ minSize: 1, maxSize: 3 }),
      odd: alarm({ alarmActions: [unknown] }),
      other: policy({ autoscalingGroupName: "elsewhere" }),
    },
  },
  {
    title: "sums, queues and different metrics are not applicable, with the reason",
    rule: "scaling-no-oscillation",
    resources: {
      web: group({ minSize: 1, maxSize: 3 }),
      grow: policy({ autoscalingGroupName: "${web.name}", adjustmentType: "ChangeInCapacity", scalingAdjustment: 1 }),
      shrink: policy({ autoscalingGroupName: "${web.name}", adjustmentType: "ChangeInCapacity", scalingAdjustment: -1 }),
      busy: alarm({
        statistic: "Sum",
        comparisonOperator: "GreaterThanThreshold",
        threshold: 70,
        alarmActions: ["${grow.arn}"],
        dimensions: { AutoScalingGroupName: "${web.name}" },
      }),
      idle: alarm({
        statistic: "Average",
        comparisonOperator: "LessThanThreshold",
        threshold: 30,
        alarmActions: ["${shrink.arn}"],
        dimensions: { AutoScalingGroupName: "${web.name}" },
      }),
      backlog: alarm({
        statistic: "Average",
        comparisonOperator: "GreaterThanThreshold",
        threshold: 9,
        alarmActions: ["${grow.arn}"],
        dimensions: { QueueName: "jobs" },
      }),
      memory: alarm({
        statistic: "Average",
        metricName: "mem_used_percent",
        comparisonOperator: "GreaterThanThreshold",
        threshold: 9,
        alarmActions: ["${grow.arn}"],
        dimensions: { AutoScalingGroupName: "${web.name}" },
      }),
      computed: alarm({
        metricQueries: [{ id: "m" }],
        comparisonOperator: "GreaterThanThreshold",
        threshold: 9,
        alarmActions: ["${grow.arn}"],
      }),
    },
    unproved: [
      'web: not applicable: MetricAlarm "backlog" watches a metric of something else than the group; its value does not follow the group\'s size',
      'web: not applicable: MetricAlarm "computed" computes its metric; the proof is for plain metrics',
      'web: not applicable: MetricAlarm "memory" and MetricAlarm "idle" watch different metrics',
      'web: not applicable: statistic is "Sum" in MetricAlarm "busy"; only an average is shared out among the instances',
    ],
  },
  {
    title: "steps are checked in step policies only",
    rule: "scaling-steps-wellformed",
    resources: { follow: policy({ policyType: "TargetTrackingScaling", stepAdjustments: [{ scalingAdjustment: 1 }] }) },
  },
  {
    title: "an exact capacity has no sign",
    rule: "scaling-steps-wellformed",
    resources: {
      set: policy({
        policyType: "StepScaling",
        adjustmentType: "ExactCapacity",
        stepAdjustments: [
          { metricIntervalUpperBound: "0", scalingAdjustment: 0 },
          { metricIntervalLowerBound: "0", scalingAdjustment: 5 },
        ],
      }),
    },
  },
  // alarms
  {
    title: "okActions count as actions",
    rule: "alarm-reaches-policy",
    resources: { alerts: topic(), odd: alarm({ okActions: ["${alerts.arn}"] }) },
  },
  {
    title: "an alarm whose actions are not known may have some",
    rule: "alarm-reaches-policy",
    resources: { odd: alarm({ alarmActions: [unknown] }) },
    unproved: ['odd: alarmActions of MetricAlarm "odd" is not known yet and comes from no Policy or Topic of this stack'],
  },
  {
    title: "an anomaly band has no direction",
    rule: "alarm-direction-matches-policy",
    resources: {
      grow: policy({ scalingAdjustment: 1, adjustmentType: "ChangeInCapacity" }),
      odd: alarm({
        metricName: "CPUUtilization",
        comparisonOperator: "LessThanLowerOrGreaterThanUpperThreshold",
        alarmActions: ["${grow.arn}"],
      }),
    },
  },
  {
    title: "target tracking and forecasts have no direction of ours",
    rule: "alarm-direction-matches-policy",
    resources: {
      follow: policy({ policyType: "TargetTrackingScaling" }),
      odd: alarm({ metricName: "CPUUtilization", comparisonOperator: "LessThanThreshold", alarmActions: ["${follow.arn}"] }),
    },
  },
  {
    title: "computed metrics name their groups in the queries",
    rule: "alarm-watches-its-group",
    resources: {
      web: group(),
      grow: policy({ autoscalingGroupName: "${web.name}" }),
      odd: alarm({ namespace: "AWS/EC2", metricQueries: [{ id: "m" }], alarmActions: ["${grow.arn}"] }),
    },
  },
  {
    title: "a group of another stack is the same when it has the same name",
    rule: "alarm-watches-its-group",
    resources: {
      grow: policy({ autoscalingGroupName: "elsewhere" }),
      busy: alarm({ dimensions: { AutoScalingGroupName: "elsewhere" }, alarmActions: ["${grow.arn}"] }),
    },
  },
  {
    title: "a short period in an unknown namespace is left open",
    rule: "alarm-window-fits",
    resources: { fast: alarm({ namespace: unknown, period: 30, evaluationPeriods: 1 }) },
    unproved: ["fast: namespace is known only after the deployment"],
  },
  {
    title: "a short period of one's own metric is fine, and so are computed metrics",
    rule: "alarm-window-fits",
    resources: {
      fast: alarm({ namespace: "Web", period: 10, evaluationPeriods: 1 }),
      computed: alarm({ metricQueries: [{ id: "m" }], evaluationPeriods: 1 }),
    },
  },
  {
    title: "equal windows are fine, and so are alarms of other groups",
    rule: "alarm-window-fits",
    resources: {
      web: group(),
      worker: group(),
      grow: policy({ autoscalingGroupName: "${web.name}", cooldown: 120 }),
      shrink: policy({ autoscalingGroupName: "${web.name}", cooldown: 120 }),
      other: policy({ autoscalingGroupName: "${worker.name}" }),
      busy: alarm({
        namespace: "Web",
        comparisonOperator: "GreaterThanThreshold",
        period: 60,
        evaluationPeriods: 2,
        alarmActions: ["${grow.arn}"],
      }),
      idle: alarm({
        namespace: "Web",
        comparisonOperator: "LessThanThreshold",
        period: 60,
        evaluationPeriods: 2,
        alarmActions: ["${shrink.arn}"],
      }),
      slow: alarm({
        namespace: "Web",
        comparisonOperator: "GreaterThanThreshold",
        period: 300,
        evaluationPeriods: 2,
        alarmActions: ["${other.arn}"],
      }),
    },
  },
  {
    title: "an anomaly band and a known good treatment are fine",
    rule: "alarm-missing-data-safe",
    resources: {
      band: alarm({
        comparisonOperator: "LessThanLowerThreshold",
        treatMissingData: "breaching",
        dimensions: { AutoScalingGroupName: "web" },
      }),
      busy: alarm({
        comparisonOperator: "GreaterThanThreshold",
        treatMissingData: "breaching",
        dimensions: { AutoScalingGroupName: "web" },
      }),
    },
  },
  {
    title: "missing data may be good where that is allowed",
    rule: "alarm-missing-data-safe",
    config: { allowNotBreaching: true },
    resources: {
      busy: alarm({
        comparisonOperator: "GreaterThanThreshold",
        treatMissingData: "notBreaching",
        dimensions: { AutoScalingGroupName: "web" },
      }),
    },
  },
  {
    title: "an unknown treatment is left open",
    rule: "alarm-missing-data-safe",
    resources: {
      idle: alarm({ comparisonOperator: "LessThanThreshold", treatMissingData: unknown, dimensions: { AutoScalingGroupName: "web" } }),
    },
    unproved: ["idle: treatMissingData is known only after the deployment"],
  },
  // notices
  ...(
    [
      ["another source", { source: ["aws.ec2"], "detail-type": ["EC2 Instance Terminate Successful"] }],
      ["launches only", { source: ["aws.autoscaling"], "detail-type": ["EC2 Instance Launch Successful"] }],
      ["another group", { source: ["aws.autoscaling"], detail: { AutoScalingGroupName: ["worker"] } }],
      ["no pattern that can be read", "{"],
    ] as const
  ).map(([what, pattern]): Case => ({
    title: `a rule of EventBridge for ${what} is no notice`,
    rule: "notify-terminate-exists",
    config: { accept: ["event-rule"] },
    resources: {
      web: group({ name: "web" }),
      departures: resource("aws:cloudwatch:EventRule", { eventPattern: typeof pattern === "string" ? pattern : JSON.stringify(pattern) }),
    },
    violations: ['web: Group "web" has no event-rule for autoscaling:EC2_INSTANCE_TERMINATE; add one that names the group'],
  })),
  {
    title: "a rule of EventBridge for everything of Auto Scaling is a notice, unless it is switched off",
    rule: "notify-terminate-exists",
    config: { accept: ["event-rule"] },
    resources: { web: group(), all: resource("aws:cloudwatch:EventRule", { eventPattern: '{"source":["aws.autoscaling"]}' }) },
  },
  {
    title: "a rule of EventBridge that is switched off is no notice",
    rule: "notify-terminate-exists",
    config: { accept: ["event-rule"] },
    resources: {
      web: group(),
      all: resource("aws:cloudwatch:EventRule", { state: "DISABLED", eventPattern: '{"source":["aws.autoscaling"]}' }),
    },
    violations: ['web: Group "web" has no event-rule for autoscaling:EC2_INSTANCE_TERMINATE; add one that names the group'],
  },
  {
    title: "a hook on launch is no notice",
    rule: "notify-terminate-exists",
    config: { accept: ["hook"] },
    resources: {
      web: group(),
      arrive: resource("aws:autoscaling:LifecycleHook", {
        autoscalingGroupName: "${web.name}",
        lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
      }),
    },
    violations: ['web: Group "web" has no hook for autoscaling:EC2_INSTANCE_TERMINATE; add one that names the group'],
  },
  {
    title: "unknown events are left open",
    rule: "notify-terminate-exists",
    resources: {
      web: group(),
      odd: notification({ groupNames: ["${web.name}"], notifications: ["autoscaling:EC2_INSTANCE_LAUNCH", unknown] }),
    },
    unproved: ["web: notifications[1] is known only after the deployment"],
  },
  {
    title: "a notification without a topic",
    rule: "notify-reaches-queue",
    resources: { odd: notification({}) },
    violations: ["odd: topicArn is not set"],
  },
  {
    title: "a topic of another stack whose subscription is part of this one",
    rule: "notify-reaches-queue",
    resources: {
      departures: queue(),
      in: subscription({ topic: topicArn, protocol: "sqs", endpoint: "${departures.arn}" }),
      notices: notification({ topicArn }),
    },
  },
  {
    title: "a queue of another stack that is not declared",
    rule: "notify-reaches-queue",
    config: { externalQueues: [`${queueArn}-other`] },
    resources: {
      notices: topic(),
      in: subscription({ topic: "${notices.arn}", protocol: "sqs", endpoint: queueArn }),
      web: notification({ topicArn: "${notices.arn}" }),
    },
    violations: [`web: Topic "notices" reaches no queue: TopicSubscription "in" leads to ${queueArn}, which is no queue of this stack`],
  },
  {
    title: "one subscription that arrives is enough",
    rule: "notify-reaches-queue",
    resources: {
      notices: topic(),
      departures: queue(),
      mail: subscription({ topic: "${notices.arn}", protocol: "email", endpoint: "a@example.com" }),
      in: subscription(delivered),
      web: notification({ topicArn: "${notices.arn}" }),
    },
  },
  {
    title: "conditions on what is not known leave a topic's privacy open",
    rule: "notify-topic-private",
    resources: {
      notices: topic({ policy: document({ Effect: "Allow", Principal: "*", Action: "sns:Publish", Resource: "*", ...byTag }) }),
    },
    unproved: ["notices: whether policy lets callers of other accounts sns:Publish cannot be told from its conditions"],
  },
  {
    title: "every service for every account is public",
    rule: "notify-topic-private",
    resources: {
      notices: topic({
        policy: document({ Effect: "Allow", Principal: { Service: ["*", "s3.amazonaws.com"] }, Action: "sns:Publish", Resource: topicArn }),
      }),
    },
    violations: [
      "notices: policy lets s3.amazonaws.com sns:Publish for resources of other accounts; name the publishers, and bind services with aws:SourceAccount or aws:SourceArn",
    ],
  },
  {
    title: "text that is no policy",
    rule: "notify-topic-private",
    resources: { notices: topic({ policy: "public" }) },
    violations: ["notices: policy is no policy document"],
  },
  {
    title: "a denial that depends on what is not known leaves TLS open",
    rule: "notify-tls-only",
    resources: {
      open: resource("aws:sns:TopicPolicy", {
        policy: document({ Effect: "Deny", Principal: "*", Action: "sns:*", Resource: "*", ...byTag }),
      }),
    },
    unproved: ["open: whether policy denies sns:Publish without TLS cannot be told from its conditions"],
  },
  {
    title: "a policy that is missing denies nothing",
    rule: "notify-tls-only",
    resources: { open: resource("aws:sqs:QueuePolicy", {}) },
    violations: ["open: policy is not set"],
  },
  {
    title: "a key of another stack is left open",
    rule: "notify-key-allows-publisher",
    resources: {
      notices: topic({ kmsMasterKeyId: "0a1b" }),
      web: group(),
      told: notification({ groupNames: ["${web.name}"], topicArn: "${notices.arn}" }),
    },
    unproved: ['notices: the policy of key 0a1b of Topic "notices" is not part of this stack'],
  },
  {
    title: "AWS's own key of SNS is left open for a role",
    rule: "notify-key-allows-publisher",
    resources: {
      notices: topic({ kmsMasterKeyId: "alias/aws/sns" }),
      web: group(),
      told: notification({ groupNames: ["${web.name}"], topicArn: "${notices.arn}" }),
    },
    unproved: ['notices: the policy of key alias/aws/sns of Topic "notices" is not part of this stack'],
  },
  {
    title: "CloudWatch cannot use AWS's own key of SNS",
    rule: "notify-key-allows-publisher",
    resources: { alerts: topic({ kmsMasterKeyId: "alias/aws/sns" }), busy: alarm({ alarmActions: ["${alerts.arn}"] }) },
    violations: ["alerts: CloudWatch cannot use alias/aws/sns, whose policy cannot be changed; use a key of your own"],
  },
  {
    title: "an alias leads to its key, a group's own role is the publisher, and a policy of its own wins",
    rule: "notify-key-allows-publisher",
    resources: {
      key: key({ policy: document() }),
      alias: resource("aws:kms:Alias", { name: "alias/topics", targetKeyId: "${key.keyId}" }),
      "key-policy": resource("aws:kms:KeyPolicy", {
        keyId: "${key.id}",
        policy: document({ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:role/scaler` }, Action: "kms:*" }),
      }),
      notices: topic({ kmsMasterKeyId: "${alias.name}" }),
      web: group({ serviceLinkedRoleArn: `arn:aws:iam::${account}:role/scaler` }),
      told: notification({ groupNames: ["${web.name}"], topicArn: "${notices.arn}" }),
    },
  },
  {
    title: "a condition on what is not known leaves the key open",
    rule: "notify-key-allows-publisher",
    resources: {
      key: key({ policy: document({ Effect: "Allow", Principal: "*", Action: "kms:*", ...byTag }) }),
      alerts: topic({ kmsMasterKeyId: "${key.arn}" }),
      busy: alarm({ alarmActions: ["${alerts.arn}"] }),
    },
    unproved: [
      'alerts: whether CloudWatch may kms:Decrypt with Key "key" cannot be told, because a condition depends on more than the publisher',
      'alerts: whether CloudWatch may kms:GenerateDataKey with Key "key" cannot be told, because a condition depends on more than the publisher',
    ],
  },
  // queues
  {
    title: "the dead letters of a subscription need no dead letters and no consumer",
    rule: "queue-has-dlq",
    resources: { lost: queue(), in: subscription({ redrivePolicy: { "fn::toJSON": { deadLetterTargetArn: "${lost.arn}" } } }) },
  },
  {
    title: "they need no consumer either",
    rule: "queue-has-consumer",
    resources: { lost: queue(), in: subscription({ redrivePolicy: { "fn::toJSON": { deadLetterTargetArn: "${lost.arn}" } } }) },
  },
  {
    title: "a redrive policy without a target",
    rule: "queue-has-dlq",
    resources: { departures: queue({ redrivePolicy: '{"maxReceiveCount":9}' }) },
    violations: ["departures: redrivePolicy names no deadLetterTargetArn; name the queue for dead letters"],
  },
  {
    title: "dead letters in another stack",
    rule: "queue-has-dlq",
    resources: {
      departures: queue({ redrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:444455556666:lost","maxReceiveCount":"5"}' }),
    },
  },
  {
    title: "a queue's alarm on another metric does not count",
    rule: "queue-dlq-alarmed",
    resources: {
      lost: queue(),
      departures: queue({ redrivePolicy: { "fn::toJSON": { deadLetterTargetArn: "${lost.arn}" } } }),
      age: alarm({ metricName: "ApproximateAgeOfOldestMessage", dimensions: { QueueName: "${lost.name}" } }),
      computed: alarm({ metricQueries: [{ id: "m" }] }),
    },
    violations: ['lost: no alarm watches ApproximateNumberOfMessagesVisible of Queue "lost"; add one'],
  },
  {
    title: "an alarm on a queue that is not known may be on this one",
    rule: "queue-dlq-alarmed",
    resources: {
      lost: queue(),
      departures: queue({ redrivePolicy: { "fn::toJSON": { deadLetterTargetArn: "${lost.arn}" } } }),
      odd: alarm({ metricName: "ApproximateNumberOfMessagesVisible", dimensions: { QueueName: unknown } }),
    },
    unproved: ['lost: dimensions.QueueName of MetricAlarm "odd" is not known yet and comes from no Queue of this stack'],
  },
  {
    title: "mappings of streams are no consumers of queues",
    rule: "consumer-concurrency-bounded",
    resources: {
      reader: lambda(),
      stream: mapping({ eventSourceArn: "arn:aws:kinesis:eu-west-1:111122223333:stream/s", functionName: "${reader.name}" }),
    },
  },
  {
    title: "no executions at all are a bound",
    rule: "consumer-concurrency-bounded",
    resources: {
      jobs: queue(),
      reader: lambda({ reservedConcurrentExecutions: 0 }),
      source: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${reader.name}" }),
    },
  },
  {
    title: "a queue of another stack is read by a function that is bounded",
    rule: "consumer-concurrency-bounded",
    resources: { reader: lambda(), source: mapping({ eventSourceArn: queueArn, functionName: "${reader.name}" }) },
    violations: [
      'source: EventSourceMapping "source" sets no scalingConfig.maximumConcurrency, and its function reserves nothing; set one of them',
    ],
  },
  {
    title: "a mapping whose function is not known leaves the visibility open",
    rule: "queue-visibility",
    resources: { jobs: queue(), source: mapping({ eventSourceArn: "${jobs.arn}", functionName: unknown }) },
    unproved: ['source: functionName of EventSourceMapping "source" is not known yet and comes from no Function of this stack'],
  },
  {
    title: "a topic that hears nothing known, of a queue whose policy depends on more",
    rule: "queue-policy-sender",
    resources: {
      notices: topic(),
      departures: queue({ policy: document({ Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: "*", ...byTag }) }),
      in: subscription(delivered),
    },
    unproved: [
      "departures: whether arn:aws:sns:eu-west-1:111122223333:notices may send cannot be told, because a condition depends on more than the topic",
      "departures: whether callers of other accounts may send cannot be told, because a condition depends on more than the topic",
      "departures: whether every topic of the account may send cannot be told, because a condition depends on more than the topic",
      "departures: whether topics of other accounts may send cannot be told, because a condition depends on more than the topic",
    ],
  },
  {
    title: "subscriptions of other protocols are no business of the queue's policy",
    rule: "queue-policy-sender",
    resources: { notices: topic(), mail: subscription({ topic: "${notices.arn}", protocol: "email", endpoint: "a@example.com" }) },
  },
  {
    title: "a denial that comes first",
    rule: "queue-policy-sender",
    resources: {
      notices: topic(),
      departures: queue({
        policy: document(
          {
            Effect: "Allow",
            Principal: { Service: "sns.amazonaws.com" },
            Action: "sqs:SendMessage",
            Resource: "*",
            Condition: { ArnEquals: { "aws:SourceArn": topicArn } },
          },
          { Effect: "Deny", Principal: "*", Action: "sqs:*", Resource: "*" },
        ),
      }),
      in: subscription(delivered),
    },
    violations: [`departures: a statement denies sns.amazonaws.com to sqs:SendMessage for ${topicArn}; allow it with aws:SourceArn`],
  },
  {
    title: "two topics of one queue may both send",
    rule: "queue-policy-sender",
    resources: {
      notices: topic(),
      "another-of-the-same-account": topic(),
      departures: queue({
        policy: document({
          Effect: "Allow",
          Principal: { Service: "sns.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: "*",
          Condition: { ArnEquals: { "aws:SourceArn": [topicArn, `arn:aws:sns:eu-west-1:${account}:another-of-the-same-account`] } },
        }),
      }),
      in: subscription(delivered),
      "other-in": subscription({ ...delivered, topic: "${another-of-the-same-account.arn}" }),
    },
  },
  {
    title: "the envelope where it is expected",
    rule: "subscription-dlq",
    config: { rawMessageDelivery: "envelope" },
    resources: {
      in: subscription({ protocol: "sqs", rawMessageDelivery: true, redrivePolicy: '{"deadLetterTargetArn":"x"}' }),
      plain: subscription({ protocol: "sqs", redrivePolicy: '{"deadLetterTargetArn":"x"}' }),
      web: subscription({ protocol: "https", rawMessageDelivery: true, redrivePolicy: '{"deadLetterTargetArn":"x"}' }),
    },
    violations: ["in: rawMessageDelivery is true; the consumer expects false"],
  },
  // consumers
  {
    title: "a name that is not known yet, with a log group made from it",
    rule: "consumer-logs-retained",
    deployed: false,
    resources: {
      cleanup: lambda({ name: unknown }),
      logs: resource("aws:cloudwatch:LogGroup", { name: "/aws/lambda/${cleanup.arn}", retentionInDays: 7 }),
    },
  },
  {
    title: "a name that is not known yet, without one",
    rule: "consumer-logs-retained",
    resources: {
      cleanup: lambda({ name: unknown }),
      logs: resource("aws:cloudwatch:LogGroup", { name: "/aws/lambda/other", retentionInDays: 7 }),
    },
    unproved: ["cleanup: name is known only after the deployment"],
  },
  {
    title: "logs kept for ever with a zero",
    rule: "consumer-logs-retained",
    resources: {
      cleanup: lambda(),
      logs: resource("aws:cloudwatch:LogGroup", { name: "/aws/lambda/${cleanup.name}", retentionInDays: 0 }),
    },
    violations: ['cleanup: retentionInDays is 0 in LogGroup "logs"; give the days that logs are kept'],
  },
  {
    title: "everything but some actions is too much",
    rule: "consumer-least-privilege",
    resources: {
      jobs: queue(),
      role: resource("aws:iam:Role", {
        inlinePolicies: [
          { policy: document({ Effect: "Allow", NotAction: "iam:*", Resource: "*" }, { Effect: "Deny", Action: "sqs:*", Resource: "*" }) },
        ],
      }),
      reader: lambda({ role: "${role.arn}" }),
      source: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${reader.name}" }),
    },
    violations: ['reader: a policy of Role "role" allows everything but iam:*; name the actions'],
  },
  {
    title: "a role's policy that may be any role's",
    rule: "consumer-least-privilege",
    resources: {
      jobs: queue(),
      role: resource("aws:iam:Role"),
      odd: resource("aws:iam:RolePolicy", { role: unknown, policy: document() }),
      reader: lambda({ role: "${role.arn}" }),
      source: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${reader.name}" }),
    },
    unproved: ['reader: role of RolePolicy "odd" is not known yet and comes from no Role of this stack'],
  },
  {
    title: "a function outside of a queue's business needs no least privilege",
    rule: "consumer-least-privilege",
    resources: {
      role: resource("aws:iam:Role", { inlinePolicies: [{ policy: document({ Effect: "Allow", Action: "*", Resource: "*" }) }] }),
      reader: lambda({ role: "${role.arn}" }),
    },
  },
  {
    title: "a key of one's own material does not rotate",
    rule: "key-rotation",
    resources: { store: key({ customKeyStoreId: "cks-1" }), hmac: key({ customerMasterKeySpec: "HMAC_256" }) },
  },
  {
    title: "conditions on what is not known leave a key open",
    rule: "key-not-public",
    resources: { key: key({ policy: document({ Effect: "Allow", Principal: "*", Action: "kms:Decrypt", Resource: "*", ...byTag }) }) },
    unproved: ["key: whether policy lets in callers of other accounts cannot be told from its conditions"],
  },
  {
    title: "text that is no policy is no key policy either",
    rule: "key-not-public",
    resources: { key: key({ policy: "[]" }) },
    violations: ["key: policy is no policy document"],
  },
  // pairs of alarms
  {
    title: "alarms on different metrics say nothing about each other",
    rule: "scaling-no-oscillation",
    resources: pair({}, { metricName: "NetworkIn" }),
    unproved: ['web: not applicable: MetricAlarm "busy" and MetricAlarm "idle" watch different metrics'],
  },
  {
    title: "a maximum is not shared out among instances",
    rule: "scaling-no-oscillation",
    resources: pair({ statistic: "Maximum" }, { statistic: "Maximum" }),
    unproved: ['web: not applicable: statistic is "Maximum" in MetricAlarm "busy"; only an average is shared out among the instances'],
  },
  {
    title: "computed metrics are not followed",
    rule: "scaling-no-oscillation",
    resources: pair({ metricQueries: [{ id: "m" }] }, {}),
    unproved: ['web: not applicable: MetricAlarm "busy" computes its metric; the proof is for plain metrics'],
  },
  {
    title: "a metric of a queue does not follow the group",
    rule: "scaling-no-oscillation",
    resources: pair({ dimensions: { QueueName: "x" } }, { dimensions: { QueueName: "x" } }),
    unproved: [
      'web: not applicable: MetricAlarm "busy" watches a metric of something else than the group; its value does not follow the group\'s size',
    ],
  },
  {
    title: "an anomaly band is none of its business",
    rule: "scaling-no-oscillation",
    resources: pair({ comparisonOperator: "GreaterThanUpperThreshold" }, {}),
  },
  {
    title: "two alarms on the same side do not fight",
    rule: "scaling-no-oscillation",
    resources: pair({}, { comparisonOperator: "GreaterThanThreshold" }),
  },
  {
    title: "a short cooldown of a simple policy lets it act again before the first instances serve",
    rule: "scaling-no-oscillation",
    configOf: { "group-warmup-covers-boot": { bootSeconds: 300 } },
    resources: pair({ threshold: 90 }, { threshold: 40 }, { cooldown: 60 }, { policyType: "SimpleScaling", scalingAdjustment: 1 }),
    violations: [
      'web: with 1 instance at CPUUtilization 90, alarm "busy" leads to 6, whose CPUUtilization 15 sets off alarm "idle" (threshold 40); with a threshold of 14 for alarm "idle" all sizes would be steady; set that, or make the steps smaller',
    ],
  },
  {
    title: "a cooldown as long as the boot lets it act once",
    rule: "scaling-no-oscillation",
    configOf: { "group-warmup-covers-boot": { bootSeconds: 300 } },
    resources: pair({ threshold: 90 }, { threshold: 40 }, { cooldown: 300 }, { policyType: "SimpleScaling", scalingAdjustment: 1 }),
  },
  {
    title: "without a cooldown of its own a simple policy takes the group's",
    rule: "scaling-no-oscillation",
    configOf: { "group-warmup-covers-boot": { bootSeconds: 300 } },
    resources: pair(
      { threshold: 90 },
      { threshold: 40 },
      {},
      { policyType: "SimpleScaling", scalingAdjustment: 1 },
      { defaultCooldown: 60 },
    ),
    violations: [
      'web: with 1 instance at CPUUtilization 90, alarm "busy" leads to 6, whose CPUUtilization 15 sets off alarm "idle" (threshold 40); with a threshold of 14 for alarm "idle" all sizes would be steady; set that, or make the steps smaller',
    ],
  },
  {
    title: "a step policy's own warm-up goes before the group's",
    rule: "scaling-no-oscillation",
    configOf: { "group-warmup-covers-boot": { bootSeconds: 300 } },
    resources: pair({ threshold: 90 }, { threshold: 40 }, { estimatedInstanceWarmup: 60 }, {}, { defaultInstanceWarmup: 300 }),
    violations: [
      'web: with 1 instance at CPUUtilization 90, alarm "busy" leads to 6, whose CPUUtilization 15 sets off alarm "idle" (threshold 40); with a threshold of 14 for alarm "idle" all sizes would be steady; set that, or make the steps smaller',
    ],
  },
  {
    title: "a warm-up that was taken back is the default cooldown",
    rule: "scaling-no-oscillation",
    configOf: { "group-warmup-covers-boot": { bootSeconds: 300 } },
    resources: pair({ threshold: 90 }, { threshold: 40 }, {}, {}, { defaultInstanceWarmup: -1 }),
  },
  {
    title: "no warm-up at all lets a step policy act at every period",
    rule: "scaling-no-oscillation",
    configOf: { "group-warmup-covers-boot": { bootSeconds: 300 } },
    resources: pair({ threshold: 90 }, { threshold: 40 }, {}, {}, { defaultInstanceWarmup: 0 }),
    violations: [
      'web: with 1 instance at CPUUtilization 90, alarm "busy" leads to 6, whose CPUUtilization 15 sets off alarm "idle" (threshold 40); with a threshold of 14 for alarm "idle" all sizes would be steady; set that, or make the steps smaller',
    ],
  },
  {
    title: "a metric that comes within the margin of the other threshold",
    rule: "scaling-no-oscillation",
    resources: pair({}, { threshold: 29 }),
    violations: [
      'web: with 1 instance at CPUUtilization 60, alarm "busy" leads to 2, whose CPUUtilization 30 is within 5 percent of setting off alarm "idle" (threshold 29); with a threshold of 28 for alarm "idle" all sizes would be steady; set that, or make the steps smaller',
    ],
  },
  {
    title: "a small threshold is named to the hundredth",
    rule: "scaling-no-oscillation",
    resources: pair({ threshold: 5 }, { threshold: 4 }),
    violations: [
      'web: with 1 instance at CPUUtilization 5, alarm "busy" leads to 2, whose CPUUtilization 2.5 sets off alarm "idle" (threshold 4); with a threshold of 2.36 for alarm "idle" all sizes would be steady; set that, or make the steps smaller',
    ],
  },
  {
    title: "a step for which there is no threshold",
    rule: "scaling-no-oscillation",
    resources: pair({}, { threshold: 1 }, { ...step(10_000), adjustmentType: "ExactCapacity" }, {}, { maxSize: 10_000 }),
    violations: [
      'web: with 1 instance at CPUUtilization 60, alarm "busy" leads to 10000, whose CPUUtilization 0.01 sets off alarm "idle" (threshold 1); move the thresholds apart or make the steps smaller',
    ],
  },
  {
    title: "an unknown warm-up, cooldown or period leaves it open",
    rule: "scaling-no-oscillation",
    resources: pair({ period: unknown }, {}, { estimatedInstanceWarmup: unknown }, {}, { defaultCooldown: unknown }),
    unproved: ["web: period is known only after the deployment"],
  },
  {
    title: "a policy of a group that cannot be told may be another of this one",
    rule: "scaling-no-oscillation",
    resources: { ...pair({}, {}), odd: policy({ autoscalingGroupName: unknown, policyType: "StepScaling" }) },
    violations: [
      'web: with 1 instance at CPUUtilization 60, alarm "busy" leads to 2, whose CPUUtilization 30 sets off alarm "idle" (threshold 50); with a threshold of 28 for alarm "idle" all sizes would be steady; set that, or make the steps smaller',
    ],
    unproved: ['web: autoscalingGroupName of Policy "odd" is not known yet and comes from no Group of this stack'],
  },
  {
    title: "target tracking triggered by hand is not followed",
    rule: "scaling-no-oscillation",
    resources: pair({}, {}, { policyType: "TargetTrackingScaling" }),
  },
  // windows
  {
    title: "a step policy has no cooldown",
    rule: "alarm-window-fits",
    resources: {
      web: group(),
      grow: policy({ autoscalingGroupName: "${web.name}", policyType: "StepScaling", cooldown: 10 }),
      busy: alarm({
        namespace: "Web",
        comparisonOperator: "GreaterThanThreshold",
        period: 60,
        evaluationPeriods: 2,
        alarmActions: ["${grow.arn}"],
      }),
    },
  },
  {
    title: "an unknown action leaves the window open, and so does an unknown period",
    rule: "alarm-window-fits",
    resources: {
      web: group(),
      grow: policy({ autoscalingGroupName: "${web.name}" }),
      odd: alarm({ namespace: "Web", period: 60, evaluationPeriods: 1, alarmActions: [unknown] }),
      busy: alarm({
        namespace: "Web",
        comparisonOperator: "GreaterThanThreshold",
        period: unknown,
        evaluationPeriods: unknown,
        alarmActions: ["${grow.arn}"],
      }),
    },
    unproved: [
      "busy: evaluationPeriods is known only after the deployment",
      "busy: period is known only after the deployment",
      'odd: alarmActions of MetricAlarm "odd" is not known yet and comes from no Policy or Topic of this stack',
    ],
  },
  {
    title: "alarms of groups outside of the stack are not compared",
    rule: "alarm-window-fits",
    resources: {
      grow: policy({ autoscalingGroupName: "elsewhere" }),
      shrink: policy({ autoscalingGroupName: "elsewhere-too" }),
      busy: alarm({
        namespace: "Web",
        comparisonOperator: "GreaterThanThreshold",
        period: 60,
        evaluationPeriods: 5,
        alarmActions: ["${grow.arn}"],
      }),
      idle: alarm({
        namespace: "Web",
        comparisonOperator: "LessThanThreshold",
        period: 60,
        evaluationPeriods: 1,
        alarmActions: ["${shrink.arn}"],
      }),
    },
  },
  // directions
  {
    title: "an unknown type or an unknown action leaves the direction open",
    rule: "alarm-direction-matches-policy",
    resources: {
      odd: policy({ policyType: unknown }),
      busy: alarm({ metricName: "CPUUtilization", comparisonOperator: "GreaterThanThreshold", alarmActions: ["${odd.arn}"] }),
      lost: alarm({ metricName: "CPUUtilization", comparisonOperator: "GreaterThanThreshold", alarmActions: [unknown] }),
    },
    unproved: [
      "busy: policyType is known only after the deployment",
      'lost: alarmActions of MetricAlarm "lost" is not known yet and comes from no Policy or Topic of this stack',
    ],
  },
  {
    title: "an unknown adjustment and an unknown metric leave the direction open",
    rule: "alarm-direction-matches-policy",
    resources: {
      grow: policy({
        policyType: "StepScaling",
        adjustmentType: "ChangeInCapacity",
        stepAdjustments: [{ scalingAdjustment: 1 }, { scalingAdjustment: unknown }],
      }),
      busy: alarm({ metricName: "CPUUtilization", comparisonOperator: "GreaterThanThreshold", alarmActions: ["${grow.arn}"] }),
      odd: alarm({ metricName: unknown, comparisonOperator: "GreaterThanThreshold", alarmActions: ["${grow.arn}"] }),
    },
    unproved: [
      'busy: the adjustments of Policy "grow" are known only after the deployment',
      "odd: metricName is known only after the deployment",
    ],
  },
  {
    title: "a step policy on the wrong side is found",
    rule: "alarm-direction-matches-policy",
    resources: {
      shrink: policy({ policyType: "StepScaling", adjustmentType: "ChangeInCapacity", stepAdjustments: [{ scalingAdjustment: -1 }] }),
      busy: alarm({ metricName: "CPUUtilization", comparisonOperator: "GreaterThanThreshold", alarmActions: ["${shrink.arn}"] }),
    },
    violations: [
      'busy: comparisonOperator is "GreaterThanThreshold", but Policy "shrink" removes instances; an alarm that goes on above its threshold needs a policy that adds instances',
    ],
  },
  {
    title: "groups of other stacks are told apart by name",
    rule: "alarm-watches-its-group",
    resources: {
      grow: policy({ autoscalingGroupName: "elsewhere" }),
      busy: alarm({ dimensions: { AutoScalingGroupName: "another" }, alarmActions: ["${grow.arn}"] }),
    },
    violations: ['busy: MetricAlarm "busy" watches group another, but Policy "grow" scales group elsewhere; name the same group in both'],
  },
  {
    title: "an alarm whose actions are not known may scale any group",
    rule: "alarm-watches-its-group",
    resources: { web: group(), odd: alarm({ namespace: "AWS/EC2", alarmActions: [unknown] }) },
    unproved: ['odd: alarmActions of MetricAlarm "odd" is not known yet and comes from no Policy or Topic of this stack'],
  },
  {
    title: "an alarm on one's own metric needs no group",
    rule: "alarm-watches-its-group",
    resources: {
      web: group(),
      grow: policy({ autoscalingGroupName: "${web.name}" }),
      busy: alarm({ namespace: "Web", alarmActions: ["${grow.arn}"] }),
    },
  },
  {
    title: "a policy whose type is not known may need an alarm",
    rule: "alarm-reaches-policy",
    resources: { odd: policy({ policyType: unknown }), simple: policy({ policyType: "SimpleScaling" }) },
    violations: ['simple: Policy "simple" is the action of no alarm; add its arn to alarmActions of one'],
    unproved: ['odd: policyType of Policy "odd" is known only after the deployment'],
  },
  // missing data
  {
    title: "an unknown treatment is open only where it matters",
    rule: "alarm-missing-data-safe",
    resources: {
      above: alarm({ dimensions: { AutoScalingGroupName: "web" }, comparisonOperator: "GreaterThanThreshold", treatMissingData: unknown }),
      band: alarm({
        dimensions: { AutoScalingGroupName: "web" },
        comparisonOperator: "GreaterThanUpperThreshold",
        treatMissingData: unknown,
      }),
      queue: alarm({ dimensions: { QueueName: "jobs" }, comparisonOperator: "LessThanThreshold", treatMissingData: "breaching" }),
    },
    unproved: ["above: treatMissingData is known only after the deployment"],
  },
  {
    title: "an unknown operator is open only beside a suspect treatment",
    rule: "alarm-missing-data-safe",
    resources: {
      breaching: alarm({ dimensions: { AutoScalingGroupName: "web" }, comparisonOperator: unknown, treatMissingData: "breaching" }),
      not: alarm({ dimensions: { AutoScalingGroupName: "web" }, comparisonOperator: unknown, treatMissingData: "notBreaching" }),
      hidden: alarm({ dimensions: { AutoScalingGroupName: "web" }, comparisonOperator: unknown, treatMissingData: unknown }),
      fine: alarm({ dimensions: { AutoScalingGroupName: "web" }, comparisonOperator: unknown, treatMissingData: "ignore" }),
      none: alarm({ dimensions: { AutoScalingGroupName: "web" }, comparisonOperator: unknown }),
    },
    unproved: [
      "breaching: comparisonOperator is known only after the deployment",
      "hidden: comparisonOperator is known only after the deployment",
      "not: comparisonOperator is known only after the deployment",
    ],
  },
  // monitoring
  {
    title: "a launch configuration monitors in detail unless told otherwise",
    rule: "template-monitoring-matches-alarms",
    resources: {
      on: resource("aws:ec2:LaunchConfiguration"),
      off: resource("aws:ec2:LaunchConfiguration", { enableMonitoring: false }),
      a: group({ launchConfiguration: "${on.name}" }),
      b: group({ launchConfiguration: "${off.name}" }),
      fast: alarm({ namespace: "AWS/EC2", period: 60, dimensions: { AutoScalingGroupName: "${a.name}" } }),
      faster: alarm({ namespace: "AWS/EC2", period: 60, dimensions: { AutoScalingGroupName: "${b.name}" } }),
      slow: alarm({ namespace: "AWS/EC2", period: 300, dimensions: { AutoScalingGroupName: "${b.name}" } }),
      own: alarm({ namespace: "Web", period: 10, dimensions: { AutoScalingGroupName: "${b.name}" } }),
    },
    violations: [
      'faster: period is 60, but enableMonitoring is false in LaunchConfiguration "off": metrics arrive only every 300 s; enable detailed monitoring, or use periods of 300 s',
    ],
  },
  {
    title: "a group that cannot be told, and a template of another stack, leave the monitoring open",
    rule: "template-monitoring-matches-alarms",
    resources: {
      web: group(external),
      odd: alarm({ namespace: "AWS/EC2", period: 60, dimensions: { AutoScalingGroupName: unknown } }),
      fast: alarm({ namespace: "AWS/EC2", period: 60, dimensions: { AutoScalingGroupName: "${web.name}" } }),
    },
    unproved: [
      'fast: launchTemplate.id of Group "web" is lt-0123456789abcdef0, which is not part of this stack',
      'odd: dimensions.AutoScalingGroupName of MetricAlarm "odd" is not known yet and comes from no Group of this stack',
    ],
  },
  // consumers
  {
    title: "of two mappings one that is enabled is enough",
    rule: "queue-has-consumer",
    resources: {
      jobs: queue(),
      a: lambda(),
      off: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${a.name}", enabled: false }),
      maybe: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${a.name}", enabled: unknown }),
      on: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${a.name}" }),
    },
  },
  {
    title: "a mapping that may be enabled leaves it open",
    rule: "queue-has-consumer",
    resources: {
      jobs: queue(),
      a: lambda(),
      maybe: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${a.name}", enabled: unknown }),
    },
    unproved: ["jobs: enabled is known only after the deployment"],
  },
  {
    title: "a mapping of a queue that cannot be told leaves every queue open",
    rule: "queue-has-consumer",
    resources: { jobs: queue(), a: lambda(), odd: mapping({ eventSourceArn: unknown, functionName: "${a.name}" }) },
    unproved: ['jobs: eventSourceArn of EventSourceMapping "odd" is not known yet and comes from no Queue of this stack'],
  },
  {
    title: "a queue may be the dead letters of one whose redrive policy is not known",
    rule: "queue-has-consumer",
    config: { workers: ["jobs"] },
    resources: { jobs: queue({ redrivePolicy: unknown }), lost: queue() },
    unproved: ['lost: redrivePolicy of Queue "jobs" is known only after the deployment'],
  },
  {
    title: "one fleet that registers is enough to need a consumer",
    rule: "queue-has-consumer",
    resources: {
      a: resource("aws:sns:Topic"),
      departures: queue(),
      other: queue(),
      sub: subscription({ topic: "${a.arn}", protocol: "sqs", endpoint: "${departures.arn}" }),
      quiet: resource("fleet:components:Fleet", { provisioning: "none" }),
      loud: resource("fleet:components:Fleet", { provisioning: "chef-server" }),
      "quiet-group": group({}, { parent: "quiet" }),
      "loud-group": group({}, { parent: "loud" }),
      n1: notification({ groupNames: ["${quiet-group.name}"], topicArn: "${a.arn}" }),
      n2: notification({ groupNames: ["${loud-group.name}"], topicArn: "${a.arn}" }),
    },
    violations: [
      'departures: Queue "departures" has no consumer; map it to a function, or declare its worker in queue-has-consumer.workers',
      'other: Queue "other" has no consumer; map it to a function, or declare its worker in queue-has-consumer.workers',
    ],
  },
  {
    title: "fleets without a Chef server leave nothing to remove",
    rule: "queue-has-consumer",
    resources: {
      a: resource("aws:sns:Topic"),
      departures: queue(),
      sub: subscription({ topic: "${a.arn}", protocol: "sqs", endpoint: "${departures.arn}" }),
      solo: resource("fleet:components:Fleet", { provisioning: "chef-solo" }),
      managed: resource("fleet:components:Fleet", { provisioning: "managed-node" }),
      "solo-group": group({}, { parent: "solo" }),
      "managed-group": group({}, { parent: "managed" }),
      n1: notification({ groupNames: ["${solo-group.name}", "${managed-group.name}"], topicArn: "${a.arn}" }),
    },
  },
  {
    title: "a group outside of the stack may register",
    rule: "queue-has-consumer",
    resources: {
      a: resource("aws:sns:Topic"),
      departures: queue(),
      sub: subscription({ topic: "${a.arn}", protocol: "sqs", endpoint: "${departures.arn}" }),
      quiet: resource("fleet:components:Fleet", { provisioning: "none" }),
      "quiet-group": group({}, { parent: "quiet" }),
      n1: notification({ groupNames: ["${quiet-group.name}", "elsewhere"], topicArn: "${a.arn}" }),
    },
    violations: [
      'departures: Queue "departures" has no consumer; map it to a function, or declare its worker in queue-has-consumer.workers',
    ],
  },
  {
    title: "a group outside of a fleet may register",
    rule: "queue-has-consumer",
    resources: {
      a: resource("aws:sns:Topic"),
      departures: queue(),
      sub: subscription({ topic: "${a.arn}", protocol: "sqs", endpoint: "${departures.arn}" }),
      web: group(),
      n1: notification({ groupNames: ["${web.name}"], topicArn: "${a.arn}" }),
    },
    violations: [
      'departures: Queue "departures" has no consumer; map it to a function, or declare its worker in queue-has-consumer.workers',
    ],
  },
  // dead letters
  {
    title: "an alarm on another metric, and one on another queue, watch no dead letters",
    rule: "queue-dlq-alarmed",
    resources: {
      lost: queue(),
      jobs: queue({ redrivePolicy: '{"deadLetterTargetArn":"${lost.arn}","maxReceiveCount":5}' }),
      age: alarm({ metricName: "ApproximateAgeOfOldestMessage", dimensions: { QueueName: "${lost.name}" } }),
      other: alarm({ metricName: "ApproximateNumberOfMessagesVisible", dimensions: { QueueName: "elsewhere" } }),
      computed: alarm({ metricQueries: [{ id: "m" }] }),
    },
    violations: ['lost: no alarm watches ApproximateNumberOfMessagesVisible of Queue "lost"; add one'],
  },
  {
    title: "an alarm that may be on that metric, and one that may be on that queue, leave it open",
    rule: "queue-dlq-alarmed",
    resources: {
      lost: queue(),
      jobs: queue({ redrivePolicy: '{"deadLetterTargetArn":"${lost.arn}","maxReceiveCount":5}' }),
      maybe: alarm({ metricName: unknown, dimensions: { QueueName: "${lost.name}" } }),
    },
    unproved: ["lost: metricName is known only after the deployment"],
  },
  {
    title: "a known alarm wins over one that may be",
    rule: "queue-dlq-alarmed",
    resources: {
      lost: queue(),
      jobs: queue({ redrivePolicy: '{"deadLetterTargetArn":"${lost.arn}","maxReceiveCount":5}' }),
      known: alarm({ metricName: "ApproximateNumberOfMessagesVisible", dimensions: { QueueName: "${lost.name}" } }),
      maybe: alarm({ metricName: unknown, dimensions: { QueueName: "${lost.name}" } }),
    },
  },
  {
    title: "an alarm on a queue that cannot be told",
    rule: "queue-dlq-alarmed",
    resources: {
      lost: queue(),
      jobs: queue({ redrivePolicy: '{"deadLetterTargetArn":"${lost.arn}","maxReceiveCount":5}' }),
      maybe: alarm({ metricName: "ApproximateNumberOfMessagesVisible", dimensions: { QueueName: unknown } }),
    },
    unproved: ['lost: dimensions.QueueName of MetricAlarm "maybe" is not known yet and comes from no Queue of this stack'],
  },
  {
    title: "an alarm on a name that may be that of a queue to be made",
    rule: "queue-dlq-alarmed",
    resources: {
      lost: queue({ name: unknown }),
      jobs: queue({ redrivePolicy: unknown }),
      maybe: alarm({ metricName: "ApproximateNumberOfMessagesVisible", dimensions: { QueueName: "elsewhere" } }),
    },
    unproved: ['jobs: redrivePolicy of Queue "jobs" is known only after the deployment'],
  },
  {
    title: "a redrive policy of a queue that cannot be told",
    rule: "queue-dlq-alarmed",
    resources: {
      lost: queue(),
      odd: resource("aws:sqs:RedrivePolicy", { queueUrl: unknown, redrivePolicy: '{"deadLetterTargetArn":"${lost.arn}"}' }),
    },
    unproved: [': queueUrl of RedrivePolicy "odd" is not known yet and comes from no Queue of this stack'],
  },
  // least privilege
  {
    title: "dead letters may be sent to and counted, not read; the queue itself may be both",
    rule: "consumer-least-privilege",
    resources: privileged(
      { Effect: "Allow", Action: ["sqs:SendMessage", "sqs:ReceiveMessage"], Resource: "${lost.arn}" },
      { Effect: "Allow", Action: ["sqs:SendMessage", "sqs:ChangeMessageVisibility"], Resource: "${jobs.arn}" },
    ),
    violations: [
      'reader: a policy of Role "role" allows sqs:ReceiveMessage; a consumer needs sqs:SendMessage, sqs:GetQueueAttributes, sqs:GetQueueUrl at most',
    ],
  },
  {
    title: "a statement on the queue and its dead letters together is the queue's",
    rule: "consumer-least-privilege",
    resources: privileged({ Effect: "Allow", Action: "sqs:SendMessage", Resource: ["${lost.arn}", "${jobs.arn}"] }),
  },
  {
    title: "everything but one queue is not a name",
    rule: "consumer-least-privilege",
    resources: privileged({ Effect: "Allow", Action: ["SQS:receivemessage", "s3:GetObject"], NotResource: "${lost.arn}" }),
    violations: ['reader: a policy of Role "role" allows SQS:receivemessage on everything but some; name the queue'],
  },
  {
    title: "wildcards for actions are not names either, denials are fine",
    rule: "consumer-least-privilege",
    resources: privileged(
      { Effect: "Allow", Action: ["*", "sqs:Purge*"], Resource: ["${jobs.arn}", "arn:aws:sqs:*:*:a", "arn:aws:sqs:*:*:b"] },
      { Effect: "Deny", Action: "sqs:*", Resource: "*" },
      { Effect: "Allow", NotAction: ["s3:*", "sqs:*"], Resource: "*" },
    ),
    violations: [
      'reader: a policy of Role "role" allows *, sqs:Purge* on arn:aws:sqs:*:*:a, arn:aws:sqs:*:*:b; name the queue',
      'reader: a policy of Role "role" allows *, sqs:Purge*; a consumer needs sqs:ReceiveMessage, sqs:DeleteMessage, sqs:GetQueueAttributes, sqs:ChangeMessageVisibility, sqs:GetQueueUrl, sqs:SendMessage at most',
      'reader: a policy of Role "role" allows everything but s3:*, sqs:*; name the actions',
    ],
  },
  {
    title: "several others are named together",
    rule: "consumer-least-privilege",
    resources: privileged({
      Effect: "Allow",
      Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
      Resource: ["arn:aws:sqs:eu-west-1:111122223333:a", "arn:aws:sqs:eu-west-1:111122223333:b"],
    }),
    violations: [
      'reader: a policy of Role "role" allows sqs:ReceiveMessage, sqs:DeleteMessage on arn:aws:sqs:eu-west-1:111122223333:a, arn:aws:sqs:eu-west-1:111122223333:b, which the function does not read',
    ],
  },
  {
    title: "text that is no policy",
    rule: "consumer-least-privilege",
    resources: { ...privileged(), more: resource("aws:iam:RolePolicy", { role: "${role.name}", policy: "[]" }) },
    violations: ["reader: policy is no policy document"],
  },
  {
    title: "an attached policy that cannot be told, and a role that cannot be told",
    rule: "consumer-least-privilege",
    resources: {
      ...privileged(),
      odd: resource("aws:iam:RolePolicyAttachment", { role: "${role.name}", policyArn: unknown }),
      other: lambda({ role: unknown }),
      source2: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${other.name}" }),
      source3: mapping({ eventSourceArn: "${jobs.arn}", functionName: unknown }),
    },
    unproved: [
      'other: policyArn of RolePolicyAttachment "odd" is not known yet and comes from no Policy of this stack',
      'other: role of Function "other" is not known yet and comes from no Role of this stack',
      'reader: policyArn of RolePolicyAttachment "odd" is not known yet and comes from no Policy of this stack',
      'source3: functionName of EventSourceMapping "source3" is not known yet and comes from no Function of this stack',
    ],
  },
  // logs
  {
    title: "a log group is found by its name, and by what its name was made from",
    rule: "consumer-logs-retained",
    resources: {
      jobs: queue(),
      a: lambda(),
      b: lambda(),
      c: lambda(),
      sa: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${a.name}" }),
      sb: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${b.name}" }),
      sc: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${c.name}" }),
      la: resource("aws:cloudwatch:LogGroup", { name: "/aws/lambda/${a.name}", retentionInDays: 30 }),
      lb: resource("aws:cloudwatch:LogGroup", { name: "/aws/lambda/${b.name}" }),
    },
    violations: [
      'b: retentionInDays is not set in LogGroup "lb"; give the days that logs are kept',
      'c: no log group of this stack is named after Function "c"; add one with retentionInDays',
    ],
  },
  {
    title: "a log group is found before its name is known",
    rule: "consumer-logs-retained",
    deployed: false,
    resources: {
      jobs: queue(),
      a: lambda(),
      sa: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${a.arn}" }),
      la: resource("aws:cloudwatch:LogGroup", { name: "/aws/lambda/${a.arn}", retentionInDays: 30 }),
      odd: resource("aws:cloudwatch:LogGroup", { name: unknown }),
    },
  },
  {
    title: "a function that cannot be told has logs that cannot be told",
    rule: "consumer-logs-retained",
    resources: { jobs: queue(), odd: mapping({ eventSourceArn: "${jobs.arn}", functionName: unknown }) },
  },
  {
    title: "a function that cannot be told may be bounded",
    rule: "consumer-concurrency-bounded",
    resources: {
      jobs: queue(),
      a: lambda(),
      odd: mapping({ eventSourceArn: "${jobs.arn}", functionName: unknown }),
      plain: mapping({ eventSourceArn: "${jobs.arn}", functionName: "${a.name}" }),
      far: mapping({ eventSourceArn: "${jobs.arn}", functionName: "elsewhere" }),
    },
    violations: [
      'plain: EventSourceMapping "plain" sets no scalingConfig.maximumConcurrency, and its function reserves nothing; set one of them',
    ],
    unproved: [
      'far: the function of EventSourceMapping "far" is not part of this stack',
      'odd: functionName of EventSourceMapping "odd" is not known yet and comes from no Function of this stack',
    ],
  },
  {
    title: "a desired capacity without policies, with policies that cannot be told, and one that is not known",
    rule: "group-desired-not-fought",
    resources: {
      alone: group({ desiredCapacity: 3 }),
      odd: policy({ autoscalingGroupName: unknown }),
      web: group({ desiredCapacity: unknown }),
      grow: policy({ autoscalingGroupName: "${web.name}" }),
      shrink: policy({ autoscalingGroupName: "${fixed.name}" }),
      more: policy({ autoscalingGroupName: "${fixed.name}" }),
      fixed: group({ desiredCapacity: 3 }),
    },
    violations: ['fixed: desiredCapacity is 3, but Policy "shrink" and Policy "more" set it too; leave it out, or ignore its changes'],
    unproved: [
      'alone: autoscalingGroupName of Policy "odd" is not known yet and comes from no Group of this stack',
      "web: desiredCapacity is known only after the deployment",
    ],
  },
];

describe("edges", () => {
  for (const { title, rule: id, resources, config, configOf, stack, deployed = true, violations = [], unproved = [] } of cases) {
    it(`${id}: ${title}`, () => {
      const rule = rules.find((one) => one.id === id);
      assert.ok(rule, id);
      const configured = new Map(Object.entries({ ...configOf, [id]: { ...config } }));
      const run = new Run(runSettings({ rules, exemptions: [], configured: () => configured, stack: stack ?? "test" }));
      const { inputs, outputs } = materialise({ resources }, deployed);
      const found = [
        ...inputs.flatMap((facts) => run.checkResource(rule, new Resource(facts))),
        ...run.checkStack(rule, new Deployment(outputs)),
      ];
      const lines = (all: readonly { readonly urn?: string; readonly message: string }[]) =>
        all.map(({ urn, message }) => `${nameOf(urn ?? "")}: ${message}`).sort();
      assert.deepEqual({ violations: lines(found), unproved: lines(run.takeUnproved()) }, { violations, unproved });
    });
  }
});
