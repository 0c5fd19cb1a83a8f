import { z } from "zod";
import { predefinedMetrics } from "../contract/scaling-policies.ts";
import { finite, oneOf, table, text, whole, word, yesNo } from "./leaves.ts";

const metric = z
  .strictObject({
    namespace: text(/^[^:].*$/, "a CloudWatch namespace", { description: "CloudWatch namespace.", example: "AWS/EC2" }),
    name: text(/^.{1,255}$/, "a metric name", { description: "Name of the metric.", example: "CPUUtilization" }),
    statistic: oneOf(["Average", "Minimum", "Maximum", "Sum", "SampleCount"], {
      description: "What each period's values are made into.",
      example: "Average",
    }),
    dimensions: table("Dimensions of the metric; absent = the group's own, `AutoScalingGroupName`.", "QueueName", "work").exactOptional(),
  })
  .meta({ description: "What is measured." });

const cpuUtilization = { namespace: "AWS/EC2", name: "CPUUtilization", statistic: "Average" } as const;

const step = z
  .strictObject({
    lower: finite({ description: "Lower bound, relative to the threshold; absent = none.", example: 0 }).exactOptional(),
    upper: finite({ description: "Upper bound, relative to the threshold; absent = none.", example: 20 }).exactOptional(),
    adjustment: whole(-10_000, 10_000, {
      description: "Instances, or per cent, by which the size changes; with ExactCapacity the size.",
      example: 1,
    }),
  })
  .meta({ description: "One step of the answer." });

/** @param evaluationPeriods growing is urgent, shrinking is not: the default of the two directions differs. */
const direction = (name: "up" | "down", evaluationPeriods: number) =>
  z
    .strictObject({
      threshold: finite({
        description: name === "up" ? "The alarm is on at this value or above it." : "The alarm is on at this value or below it.",
        example: name === "up" ? 70 : 30,
      }),
      metric: metric.default(cpuUtilization),
      periodSeconds: whole(10, 86_400, { description: "Length of a period: 10, 20, 30 or a multiple of 60.", example: 60 }).default(60),
      evaluationPeriods: whole(1, 8640, { description: "Periods that the alarm looks back.", example: evaluationPeriods }).default(
        evaluationPeriods,
      ),
      datapointsToAlarm: whole(1, 8640, {
        description: "Periods among them that must be beyond the threshold; absent = all.",
        example: evaluationPeriods,
      }).exactOptional(),
      missingData: oneOf(["breaching", "notBreaching", "ignore", "missing"], {
        description: "What a period without data counts as; `missing` changes nothing.",
        example: "missing",
      }).default("missing"),
      adjustmentType: oneOf(["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"], {
        description: "What an adjustment is.",
        example: "ChangeInCapacity",
      }).default("ChangeInCapacity"),
      minAdjustmentMagnitude: whole(1, 10_000, {
        description: "With percentages: change by at least so many instances.",
        example: 1,
      }).exactOptional(),
      adjustment: whole(-10_000, 10_000, {
        description: `One answer to everything beyond the threshold, in the place of \`steps\`; absent = ${name === "up" ? 1 : -1}.`,
        example: name === "up" ? 1 : -1,
      }).exactOptional(),
      steps: z
        .array(step)
        .exactOptional()
        .meta({
          description: "Steps that cover everything beyond the threshold, without gap or overlap.",
          examples: [[{ lower: 0, adjustment: 1 }]],
        }),
    })
    .meta({ description: name === "up" ? "When and how the group grows." : "When and how the group shrinks." });

const target = z
  .strictObject({
    name: word(32, { description: "Name of the policy; absent = from the metric's name.", example: "cpu" }).exactOptional(),
    predefined: oneOf(predefinedMetrics, {
      description: "A metric that Auto Scaling knows.",
      example: "ASGAverageCPUUtilization",
    }).exactOptional(),
    resourceLabel: text(/^app\/.+$/, "app/<load balancer>/<id>/targetgroup/<target group>/<id>", {
      description: "With ALBRequestCountPerTarget: which load balancer and target group.",
      example: "app/web/0123456789abcdef/targetgroup/web/0123456789abcdef",
    }).exactOptional(),
    custom: metric.exactOptional(),
    target: finite({ description: "Value that the metric is kept near.", example: 50 }),
    scaleIn: yesNo({ description: "Whether it also shrinks the group.", example: true }).default(true),
  })
  .meta({ description: "Keeps a metric near a value; name either `predefined` or `custom`." });

export const scalingSchema = z
  .strictObject({
    up: direction("up", 2).exactOptional(),
    down: direction("down", 10).exactOptional(),
    targets: z.array(target).default([]).meta({ description: "Target tracking, in the place of `up` and `down` or beside them." }),
  })
  .meta({ description: "When the group changes its size." });

export type ScalingSettings = z.infer<typeof scalingSchema>;
export type DirectionSettings = NonNullable<ScalingSettings["up"]>;
export type TargetSettings = ScalingSettings["targets"][number];
