/** Arguments to start from, one right value each; a test changes one. */
import type { FleetArgs } from "../../../components/fleet-args.ts";
import type { DescribedImage, KnownFacts } from "../../../components/image-facts.ts";
import type { NoticePathArgs } from "../../../components/notice-path.ts";
import type { RolloutArgs } from "../../../components/rollout.ts";
import type { ScalingAlarmsArgs } from "../../../components/scaling-alarms.ts";
import type { StepScaling } from "../../../contract/scaling-policies.ts";
import { accountId, region } from "./mocks.ts";

export const naming = { product: "storefront", environment: "staging", platform: "web", majorVersion: 3 };
export const account = { accountId, partition: "aws", region };
export const prefix = "storefront-staging-web-v3-app";

export const image: KnownFacts = {
  id: "ami-0123456789abcdef0",
  name: "storefront-3-20261120",
  ownerId: accountId,
  architecture: "x86_64",
  bakeType: "t3.small",
  bakedAt: "2026-11-20T10:00:00Z",
  rootDeviceName: "/dev/xvda",
  rootSizeGiB: 8,
  sourceImage: "ami-0fedcba9876543210",
  recipeRevision: undefined,
  promotedFrom: undefined,
};

export const describedImage: DescribedImage = {
  id: image.id,
  name: image.name,
  ownerId: accountId,
  state: "available",
  architecture: "x86_64",
  rootDeviceName: "/dev/xvda",
  rootDeviceType: "ebs",
  blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volume_size: "8" } }],
  tags: {
    "fleet:product": "storefront",
    "fleet:bake-type": "t3.small",
    "fleet:architecture": "x86_64",
    "fleet:baked-at": "2026-11-20T10:00:00Z",
    "fleet:source-image": "ami-0fedcba9876543210",
  },
};

export const fleetArgs: FleetArgs = {
  identity: { ...naming, fleet: "app", role: "frontend" },
  account,
  image,
  instanceType: "t3.small",
  provisioning: "none",
  size: { min: 2, max: 6 },
  bootSeconds: 120,
  network: {
    vpcId: "vpc-0123456789abcdef0",
    subnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    ingress: [{ description: "Application", protocol: "tcp", fromPort: 8080, toPort: 8080, cidrBlocks: ["10.0.0.0/16"] }],
    egress: [{ description: "Everything outbound", protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
  },
  healthCheckType: "EC2",
  maintenance: { minHealthyPercent: 100, maxHealthyPercent: 110 },
  notices: { topicArn: `arn:aws:sns:${region}:${accountId}:notices` },
  serviceLinkedRoleArn: `arn:aws:iam::${accountId}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_x`,
  rootVolume: {},
  volumes: [],
  instancePolicy: [],
  exemptions: [],
};

const metric = { namespace: "AWS/EC2", name: "CPUUtilization", statistic: "Average" } as const;
const alarm = { metric, periodSeconds: 60, missingData: "missing", adjustmentType: "ChangeInCapacity" } as const;
export const up: StepScaling = {
  ...alarm,
  threshold: 70,
  evaluationPeriods: 2,
  datapointsToAlarm: 2,
  steps: [{ lower: 0, adjustment: 1 }],
};
export const down: StepScaling = {
  ...alarm,
  threshold: 30,
  evaluationPeriods: 10,
  datapointsToAlarm: 8,
  steps: [{ upper: 0, adjustment: -1 }],
};

export const scalingArgs: ScalingAlarmsArgs = {
  groupName: `${prefix}-group-0a1b2c3`,
  size: { min: 2, max: 6 },
  warmupSeconds: 120,
  up,
  down,
  targets: [],
  alertTopicArn: `arn:aws:sns:${region}:${accountId}:alerts`,
  tags: { "fleet:name": "app" },
};

export const noticeArgs: NoticePathArgs = {
  naming,
  account,
  alerts: { email: "ops@example.com" },
  visibilityTimeoutSeconds: 360,
  maxReceiveCount: 1000,
  maxAgeSeconds: 3600,
  keyDeletionDays: 30,
};

export const rolloutArgs: RolloutArgs = {
  groupName: `${prefix}-group-0a1b2c3`,
  launchTemplateId: "lt-0123456789abcdef0",
  launchTemplateVersion: "7",
  region,
  accountId,
  minHealthyPercent: 100,
  maxHealthyPercent: 110,
  warmupSeconds: 120,
  minSize: 2,
  healthAlarms: ["errors"],
  wait: true,
  timeoutSeconds: 3600,
};
