/** One resource of every type, in the order in which they need each other, with a change to each. */
import type { Properties } from "../../../sandbox/plugins/protocol/values.ts";

export interface Made {
  readonly id: string;
  readonly outputs: Properties;
}

export interface Place {
  readonly region: string;
  readonly accountId: string;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly imageId: string;
  made(name: string): Made;
}

export interface Sample {
  readonly name: string;
  readonly type: string;
  inputs(place: Place): Record<string, unknown>;
  /** Outputs that only AWS knows at the preview of the create. */
  readonly assigned: readonly string[];
  /** Inputs that the update changes; undefined takes one away. Absent = every input replaces. */
  change?(place: Place): Record<string, unknown>;
}

const out = (place: Place, name: string, key: string): unknown => place.made(name).outputs[key];
const trust = (...service: string[]) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
});
const allow = (actions: readonly string[], resource: unknown, principal?: unknown) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Sid: "one", Effect: "Allow", ...(principal === undefined ? {} : { Principal: principal }), Action: actions, Resource: resource },
    ],
  });

export const code = (text: string) => ({
  "4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7",
  assets: {
    "index.mjs": {
      "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17",
      text: `export const handler = async () => ${JSON.stringify(text)};\n`,
    },
  },
});

export const samples: readonly Sample[] = [
  {
    name: "role",
    type: "aws:iam/role:Role",
    inputs: () => ({ assumeRolePolicy: trust("lambda.amazonaws.com"), description: "first", tags: { a: "1" } }),
    assigned: ["arn", "createDate", "uniqueId"],
    change: () => ({
      assumeRolePolicy: trust("lambda.amazonaws.com", "ec2.amazonaws.com"),
      description: "second",
      maxSessionDuration: 7200,
      tags: { b: "2" },
    }),
  },
  {
    name: "role-policy",
    type: "aws:iam/rolePolicy:RolePolicy",
    inputs: (place) => ({ role: place.made("role").id, policy: allow(["sqs:*"], "*") }),
    assigned: [],
    change: () => ({ policy: allow(["sqs:*", "kms:*"], "*") }),
  },
  {
    name: "attachment",
    type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    inputs: (place) => ({ role: place.made("role").id, policyArn: "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore" }),
    assigned: [],
  },
  {
    name: "profile",
    type: "aws:iam/instanceProfile:InstanceProfile",
    inputs: (place) => ({ role: place.made("role").id }),
    assigned: ["arn", "createDate", "uniqueId"],
    change: () => ({ tags: { a: "1" } }),
  },
  {
    name: "linked-role",
    type: "aws:iam/serviceLinkedRole:ServiceLinkedRole",
    inputs: () => ({ awsServiceName: "autoscaling.amazonaws.com", customSuffix: "own" }),
    assigned: ["arn", "createDate", "name", "uniqueId"],
    change: () => ({ description: "for groups" }),
  },
  {
    name: "key",
    type: "aws:kms/key:Key",
    inputs: () => ({ description: "first", deletionWindowInDays: 7, tags: { a: "1" } }),
    assigned: ["arn", "keyId", "policy"],
    change: (place) => ({
      description: "second",
      enableKeyRotation: true,
      policy: allow(["kms:*"], "*", { AWS: `arn:aws:iam::${place.accountId}:root` }),
      tags: { b: "2" },
    }),
  },
  {
    name: "alias",
    type: "aws:kms/alias:Alias",
    inputs: (place) => ({ targetKeyId: place.made("key").id }),
    assigned: ["arn", "targetKeyArn"],
  },
  {
    name: "dead-letters",
    type: "aws:sqs/queue:Queue",
    inputs: () => ({ messageRetentionSeconds: 1_209_600 }),
    assigned: ["arn", "url"],
    change: () => ({ visibilityTimeoutSeconds: 60, receiveWaitTimeSeconds: 20, tags: { a: "1" } }),
  },
  {
    name: "fifo",
    type: "aws:sqs/queue:Queue",
    inputs: () => ({ fifoQueue: true, contentBasedDeduplication: true }),
    assigned: ["arn", "url"],
    change: () => ({ delaySeconds: 3 }),
  },
  {
    name: "queue",
    type: "aws:sqs/queue:Queue",
    inputs: (place) => ({
      redrivePolicy: { deadLetterTargetArn: out(place, "dead-letters", "arn"), maxReceiveCount: 4 },
      kmsMasterKeyId: out(place, "key", "arn"),
      tags: { a: "1" },
    }),
    assigned: ["arn", "url"],
    change: (place) => ({
      redrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: out(place, "dead-letters", "arn") },
      messageRetentionSeconds: 600,
      tags: { a: "2" },
    }),
  },
  {
    name: "queue-policy",
    type: "aws:sqs/queuePolicy:QueuePolicy",
    inputs: (place) => ({
      queueUrl: place.made("queue").id,
      policy: allow(["sqs:SendMessage"], out(place, "queue", "arn"), { Service: "sns.amazonaws.com" }),
    }),
    assigned: [],
    change: (place) => ({ policy: allow(["sqs:SendMessage"], out(place, "queue", "arn"), { Service: "events.amazonaws.com" }) }),
  },
  {
    name: "redrive",
    type: "aws:sqs/redrivePolicy:RedrivePolicy",
    inputs: (place) => ({
      queueUrl: place.made("dead-letters").id,
      redrivePolicy: JSON.stringify({ deadLetterTargetArn: out(place, "queue", "arn"), maxReceiveCount: 3 }),
    }),
    assigned: [],
    change: (place) => ({ redrivePolicy: { deadLetterTargetArn: out(place, "queue", "arn"), maxReceiveCount: 4 } }),
  },
  {
    name: "redrive-allow",
    type: "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
    inputs: (place) => ({ queueUrl: place.made("dead-letters").id, redriveAllowPolicy: '{"redrivePermission":"allowAll"}' }),
    assigned: [],
    change: () => ({ redriveAllowPolicy: '{"redrivePermission":"denyAll"}' }),
  },
  {
    name: "topic",
    type: "aws:sns/topic:Topic",
    inputs: () => ({ displayName: "First", tags: { a: "1" } }),
    assigned: ["arn", "owner", "policy"],
    change: () => ({ displayName: "Second", tags: { b: "2" } }),
  },
  {
    name: "topic-policy",
    type: "aws:sns/topicPolicy:TopicPolicy",
    inputs: (place) => ({
      arn: place.made("topic").id,
      policy: allow(["sns:Publish"], place.made("topic").id, { Service: "autoscaling.amazonaws.com" }),
    }),
    assigned: [],
    change: (place) => ({ policy: allow(["sns:Publish"], place.made("topic").id, { Service: "cloudwatch.amazonaws.com" }) }),
  },
  {
    name: "subscription",
    type: "aws:sns/topicSubscription:TopicSubscription",
    inputs: (place) => ({ topic: place.made("topic").id, protocol: "sqs", endpoint: out(place, "queue", "arn") }),
    assigned: ["arn", "ownerId"],
    change: () => ({ rawMessageDelivery: true, filterPolicy: { kind: ["a"] } }),
  },
  {
    name: "log-group",
    type: "aws:cloudwatch/logGroup:LogGroup",
    inputs: () => ({ retentionInDays: 7, tags: { a: "1" } }),
    assigned: ["arn"],
    change: () => ({ retentionInDays: 14, tags: { b: "2" } }),
  },
  {
    name: "security-group",
    type: "aws:ec2/securityGroup:SecurityGroup",
    inputs: (place) => ({
      vpcId: place.vpcId,
      egress: [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
      ingress: [{ protocol: "tcp", fromPort: 80, toPort: 80, cidrBlocks: ["10.0.0.0/8"], self: true, description: "web" }],
      tags: { a: "1" },
    }),
    assigned: ["arn", "ownerId"],
    change: () => ({
      ingress: [{ protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: ["10.0.0.0/8", "192.168.0.0/16"] }],
      tags: { b: "2" },
    }),
  },
  {
    name: "open-group",
    type: "aws:ec2/securityGroup:SecurityGroup",
    inputs: (place) => ({ vpcId: place.vpcId, description: "rules of their own" }),
    assigned: ["arn", "ownerId"],
  },
  {
    name: "ingress-rule",
    type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    inputs: (place) => ({
      securityGroupId: place.made("open-group").id,
      ipProtocol: "tcp",
      fromPort: 22,
      toPort: 22,
      cidrIpv4: "10.0.0.0/8",
    }),
    assigned: ["arn", "securityGroupRuleId"],
    change: () => ({ cidrIpv4: "10.1.0.0/16" }),
  },
  {
    name: "egress-rule",
    type: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    inputs: (place) => ({ securityGroupId: place.made("open-group").id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" }),
    assigned: ["arn", "securityGroupRuleId"],
    change: () => ({ cidrIpv4: "10.0.0.0/8" }),
  },
  {
    name: "template",
    type: "aws:ec2/launchTemplate:LaunchTemplate",
    inputs: (place) => ({
      imageId: place.imageId,
      instanceType: "t3.micro",
      iamInstanceProfile: { arn: out(place, "profile", "arn") },
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", instanceMetadataTags: "enabled" },
      monitoring: { enabled: true },
      blockDeviceMappings: [
        { deviceName: "/dev/xvda", ebs: { encrypted: "true", volumeSize: 20, volumeType: "gp3", deleteOnTermination: "true" } },
      ],
      networkInterfaces: [{ associatePublicIpAddress: "false", securityGroups: [place.made("security-group").id] }],
      tagSpecifications: [{ resourceType: "instance", tags: { role: "app" } }],
      userData: Buffer.from("#!/bin/sh\n").toString("base64"),
      tags: { a: "1" },
    }),
    assigned: ["arn"],
    change: () => ({ instanceType: "t3.small", updateDefaultVersion: true, tags: { a: "2" } }),
  },
  {
    name: "target-group",
    type: "aws:lb/targetGroup:TargetGroup",
    inputs: (place) => ({
      port: 80,
      protocol: "HTTP",
      vpcId: place.vpcId,
      healthCheck: { path: "/health", interval: 10 },
      tags: { a: "1" },
    }),
    assigned: ["arn", "arnSuffix"],
    change: () => ({
      deregistrationDelay: 30,
      healthCheck: { path: "/ready", interval: 15, healthyThreshold: 2 },
      stickiness: { type: "lb_cookie", cookieDuration: 600 },
      tags: { b: "2" },
    }),
  },
  {
    name: "balancer",
    type: "aws:lb/loadBalancer:LoadBalancer",
    inputs: (place) => ({ internal: true, subnets: place.subnetIds, securityGroups: [place.made("security-group").id] }),
    assigned: ["arn", "arnSuffix", "dnsName", "subnetMappings", "vpcId", "zoneId"],
    change: () => ({ idleTimeout: 120, dropInvalidHeaderFields: true, tags: { a: "1" } }),
  },
  {
    name: "listener",
    type: "aws:lb/listener:Listener",
    inputs: (place) => ({
      loadBalancerArn: place.made("balancer").id,
      port: 80,
      protocol: "HTTP",
      defaultActions: [{ type: "forward", targetGroupArn: place.made("target-group").id }],
    }),
    assigned: ["arn"],
    change: () => ({
      port: 8080,
      defaultActions: [{ type: "fixed-response", fixedResponse: { contentType: "text/plain", messageBody: "no", statusCode: "503" } }],
    }),
  },
  {
    name: "rule",
    type: "aws:lb/listenerRule:ListenerRule",
    inputs: (place) => ({
      listenerArn: place.made("listener").id,
      priority: 10,
      actions: [{ type: "forward", targetGroupArn: place.made("target-group").id }],
      conditions: [{ pathPattern: { values: ["/api/*"] } }],
    }),
    assigned: ["arn"],
    change: () => ({ priority: 20, conditions: [{ pathPattern: { values: ["/v2/*"] } }, { hostHeader: { values: ["example.com"] } }] }),
  },
  {
    name: "parameter",
    type: "aws:ssm/parameter:Parameter",
    inputs: () => ({ type: "SecureString", value: "hush", description: "first", tags: { a: "1" } }),
    assigned: ["arn"],
    change: () => ({ value: "hush again", description: "second", tags: { b: "2" } }),
  },
  {
    name: "plain-parameter",
    type: "aws:ssm/parameter:Parameter",
    inputs: () => ({ type: "String", insecureValue: "seen" }),
    assigned: ["arn"],
    change: () => ({ insecureValue: "seen again" }),
  },
  {
    name: "document",
    type: "aws:ssm/document:Document",
    inputs: () => ({
      documentType: "Command",
      content: JSON.stringify({
        schemaVersion: "2.2",
        description: "first",
        mainSteps: [{ action: "aws:runShellScript", name: "one", inputs: { runCommand: ["true"] } }],
      }),
    }),
    assigned: ["arn", "createdDate", "description", "hash", "owner", "parameters", "platformTypes", "schemaVersion"],
    change: () => ({
      content: JSON.stringify({
        schemaVersion: "2.2",
        description: "second",
        mainSteps: [{ action: "aws:runShellScript", name: "one", inputs: { runCommand: ["false"] } }],
      }),
      tags: { a: "1" },
    }),
  },
  {
    name: "alarm",
    type: "aws:cloudwatch/metricAlarm:MetricAlarm",
    inputs: (place) => ({
      comparisonOperator: "GreaterThanThreshold",
      evaluationPeriods: 2,
      metricName: "CPUUtilization",
      namespace: "AWS/EC2",
      period: 60,
      statistic: "Average",
      threshold: 70,
      dimensions: { AutoScalingGroupName: "group" },
      alarmActions: [place.made("topic").id],
      tags: { a: "1" },
    }),
    assigned: ["arn"],
    change: () => ({ threshold: 80.5, treatMissingData: "notBreaching", alarmActions: undefined, tags: { b: "2" } }),
  },
  {
    name: "math-alarm",
    type: "aws:cloudwatch/metricAlarm:MetricAlarm",
    inputs: () => ({
      comparisonOperator: "GreaterThanOrEqualToThreshold",
      evaluationPeriods: 1,
      threshold: 1,
      metricQueries: [
        { id: "ratio", expression: "one / 2", label: "Ratio", returnData: true },
        { id: "one", metric: { metricName: "Errors", namespace: "App", period: 60, stat: "Sum", dimensions: { A: "b" } } },
      ],
    }),
    assigned: ["arn"],
    change: () => ({ threshold: 2 }),
  },
  {
    name: "composite",
    type: "aws:cloudwatch/compositeAlarm:CompositeAlarm",
    inputs: (place) => ({ alarmName: "composite", alarmRule: `ALARM("${place.made("alarm").id}")` }),
    assigned: ["arn"],
    change: (place) => ({ alarmRule: `NOT ALARM("${place.made("alarm").id}")`, alarmDescription: "second", tags: { a: "1" } }),
  },
  {
    name: "dashboard",
    type: "aws:cloudwatch/dashboard:Dashboard",
    inputs: () => ({
      dashboardName: "board",
      dashboardBody: JSON.stringify({ widgets: [{ type: "text", x: 0, y: 0, width: 3, height: 3, properties: { markdown: "one" } }] }),
    }),
    assigned: ["dashboardArn"],
    change: () => ({
      dashboardBody: JSON.stringify({ widgets: [{ type: "text", x: 0, y: 0, width: 6, height: 3, properties: { markdown: "two" } }] }),
    }),
  },
  {
    name: "function",
    type: "aws:lambda/function:Function",
    inputs: (place) => ({
      role: out(place, "role", "arn"),
      runtime: "nodejs22.x",
      handler: "index.handler",
      code: code("one"),
      environment: { variables: { A: "1" } },
      tags: { a: "1" },
    }),
    assigned: [
      "arn",
      "codeSha256",
      "invokeArn",
      "lastModified",
      "qualifiedArn",
      "qualifiedInvokeArn",
      "responseStreamingInvokeArn",
      "sourceCodeHash",
      "sourceCodeSize",
    ],
    change: () => ({ code: code("two"), environment: { variables: { A: "2", B: "3" } }, timeout: 30, tags: { b: "2" } }),
  },
  {
    name: "mapping",
    type: "aws:lambda/eventSourceMapping:EventSourceMapping",
    inputs: (place) => ({
      eventSourceArn: out(place, "queue", "arn"),
      functionName: place.made("function").id,
      batchSize: 5,
      functionResponseTypes: ["ReportBatchItemFailures"],
    }),
    assigned: ["arn", "functionArn", "lastModified", "lastProcessingResult", "stateTransitionReason", "uuid"],
    change: () => ({ batchSize: 8, enabled: false }),
  },
  {
    name: "permission",
    type: "aws:lambda/permission:Permission",
    inputs: (place) => ({
      action: "lambda:InvokeFunction",
      function: place.made("function").id,
      principal: "events.amazonaws.com",
      sourceArn: `arn:aws:events:${place.region}:${place.accountId}:rule/any`,
    }),
    assigned: [],
  },
  {
    name: "invoke-config",
    type: "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    inputs: (place) => ({ functionName: place.made("function").id, maximumEventAgeInSeconds: 3600 }),
    assigned: [],
    change: () => ({ maximumRetryAttempts: 1 }),
  },
  {
    name: "event-rule",
    type: "aws:cloudwatch/eventRule:EventRule",
    inputs: () => ({ scheduleExpression: "rate(1 hour)", tags: { a: "1" } }),
    assigned: ["arn"],
    change: () => ({ scheduleExpression: "rate(2 hours)", state: "DISABLED", description: "second", tags: { b: "2" } }),
  },
  {
    name: "event-target",
    type: "aws:cloudwatch/eventTarget:EventTarget",
    inputs: (place) => ({ rule: place.made("event-rule").id, arn: out(place, "function", "arn"), input: '{"a":1}' }),
    assigned: [],
    change: () => ({ input: '{"a":2}', retryPolicy: { maximumRetryAttempts: 3, maximumEventAgeInSeconds: 120 } }),
  },
  {
    name: "association",
    type: "aws:ssm/association:Association",
    inputs: (place) => ({ name: place.made("document").id, targets: [{ key: "tag:role", values: ["app"] }] }),
    assigned: ["arn", "associationId"],
    change: () => ({ scheduleExpression: "rate(30 minutes)", associationName: "layer" }),
  },
  {
    name: "group",
    type: "aws:autoscaling/group:Group",
    inputs: (place) => ({
      minSize: 1,
      maxSize: 3,
      vpcZoneIdentifiers: place.subnetIds,
      launchTemplate: { id: place.made("template").id, version: "1" },
      targetGroupArns: [place.made("target-group").id],
      healthCheckGracePeriod: 60,
      enabledMetrics: ["GroupDesiredCapacity", "GroupInServiceInstances"],
      suspendedProcesses: ["AZRebalance"],
      instanceMaintenancePolicy: { minHealthyPercentage: 90, maxHealthyPercentage: 120 },
      initialLifecycleHooks: [
        { name: "launch", lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING", heartbeatTimeout: 30, defaultResult: "CONTINUE" },
      ],
      tags: [{ key: "role", value: "app", propagateAtLaunch: true }],
    }),
    assigned: ["arn", "availabilityZones", "serviceLinkedRoleArn"],
    change: () => ({
      minSize: 0,
      maxSize: 4,
      desiredCapacity: 1,
      defaultInstanceWarmup: 30,
      enabledMetrics: ["GroupDesiredCapacity"],
      suspendedProcesses: undefined,
      instanceMaintenancePolicy: undefined,
      terminationPolicies: ["OldestInstance"],
      targetGroupArns: [],
      tags: [
        { key: "role", value: "web", propagateAtLaunch: true },
        { key: "more", value: "1", propagateAtLaunch: false },
      ],
    }),
  },
  {
    name: "notification",
    type: "aws:autoscaling/notification:Notification",
    inputs: (place) => ({
      groupNames: [place.made("group").id],
      notifications: ["autoscaling:EC2_INSTANCE_TERMINATE"],
      topicArn: place.made("topic").id,
    }),
    assigned: [],
    change: () => ({ notifications: ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"] }),
  },
  {
    name: "hook",
    type: "aws:autoscaling/lifecycleHook:LifecycleHook",
    inputs: (place) => ({
      autoscalingGroupName: place.made("group").id,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      heartbeatTimeout: 60,
    }),
    assigned: [],
    change: () => ({ heartbeatTimeout: 90, defaultResult: "CONTINUE" }),
  },
  {
    name: "step-policy",
    type: "aws:autoscaling/policy:Policy",
    inputs: (place) => ({
      autoscalingGroupName: place.made("group").id,
      policyType: "StepScaling",
      adjustmentType: "ChangeInCapacity",
      stepAdjustments: [
        { metricIntervalLowerBound: "0", metricIntervalUpperBound: "10", scalingAdjustment: 1 },
        { metricIntervalLowerBound: "10", scalingAdjustment: 2 },
      ],
    }),
    assigned: ["arn"],
    change: () => ({ estimatedInstanceWarmup: 30, stepAdjustments: [{ metricIntervalLowerBound: "0", scalingAdjustment: 2 }] }),
  },
  {
    name: "target-policy",
    type: "aws:autoscaling/policy:Policy",
    inputs: (place) => ({
      autoscalingGroupName: place.made("group").id,
      policyType: "TargetTrackingScaling",
      targetTrackingConfiguration: { predefinedMetricSpecification: { predefinedMetricType: "ASGAverageCPUUtilization" }, targetValue: 50 },
    }),
    assigned: ["arn"],
    change: () => ({
      targetTrackingConfiguration: { predefinedMetricSpecification: { predefinedMetricType: "ASGAverageCPUUtilization" }, targetValue: 60 },
    }),
  },
  {
    name: "schedule",
    type: "aws:autoscaling/schedule:Schedule",
    inputs: (place) => ({
      autoscalingGroupName: place.made("group").id,
      scheduledActionName: "night",
      recurrence: "0 22 * * *",
      minSize: 0,
      maxSize: 2,
      desiredCapacity: -1,
    }),
    assigned: ["arn", "startTime"],
    change: () => ({ recurrence: "0 23 * * *", maxSize: 3 }),
  },
];
