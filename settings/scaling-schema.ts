import { z } from "zod";
import { predefinedMetrics, predictiveMetricPairs } from "../contract/scaling-policies.ts";
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
      simple: z
        .strictObject({
          cooldownSeconds: whole(0, 86_400, { description: "Seconds that nothing happens after an adjustment.", example: 300 }),
        })
        .exactOptional()
        .meta({
          description:
            "Makes it a simple policy, for parity with older groups; AWS advises against it, and so does a policy of this project.",
        }),
    })
    .meta({ description: name === "up" ? "When and how the group grows." : "When and how the group shrinks." });

const resourceLabel = text(/^app\/.+$/, "app/<load balancer>/<id>/targetgroup/<target group>/<id>", {
  description: "With the metric of a load balancer: which one, and which target group.",
  example: "app/web/0123456789abcdef/targetgroup/web/0123456789abcdef",
}).exactOptional();

const math = z
  .strictObject({
    expression: text(/^[\x20-\x7e]{1,1024}$/, "an expression such as backlog / instances", {
      description: "Metric math over the names in `metrics`.",
      example: "backlog / instances",
    }),
    metrics: z
      .record(text(/^[a-z]\w*$/, "a name that begins with a small letter", { description: "A name.", example: "backlog" }), metric)
      .meta({ description: "What the names in the expression stand for.", examples: [{}] }),
  })
  .meta({ description: "A value calculated from metrics." });

const target = z
  .strictObject({
    name: word(32, { description: "Name of the policy; absent = from the metric's name.", example: "cpu" }).exactOptional(),
    predefined: oneOf(predefinedMetrics, {
      description: "A metric that Auto Scaling knows.",
      example: "ASGAverageCPUUtilization",
    }).exactOptional(),
    resourceLabel,
    custom: metric.exactOptional(),
    math: math.exactOptional(),
    target: finite({ description: "Value that the metric is kept near.", example: 50 }),
    scaleIn: yesNo({ description: "Whether it also shrinks the group.", example: true }).default(true),
  })
  .meta({ description: "Keeps a metric near a value; name one of `predefined`, `custom` and `math`." });

const predictive = z
  .strictObject({
    predefined: oneOf(predictiveMetricPairs, { description: "Load and scaling metric of one name.", example: "ASGCPUUtilization" }).default(
      "ASGCPUUtilization",
    ),
    resourceLabel,
    target: finite({ description: "Value that the metric is forecast to have.", example: 50 }),
    mode: oneOf(["ForecastOnly", "ForecastAndScale"], {
      description: "ForecastOnly shows what it would do, ForecastAndScale does it.",
      example: "ForecastOnly",
    }).default("ForecastOnly"),
    bufferSeconds: whole(0, 3600, {
      description: "Seconds by which instances are launched ahead of the forecast; absent = the fleet's bootSeconds, an hour at most.",
      example: 300,
    }).exactOptional(),
    beyondMaximumPercent: whole(0, 100, {
      description: "Percentage by which the forecast may exceed the group's maximum; absent = it may not.",
      example: 10,
    }).exactOptional(),
  })
  .meta({ description: "Grows ahead of a load that repeats daily or weekly; absent = none." });

const instant = (description: string) =>
  text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, "a time such as 2027-01-31T08:00:00Z", {
    description,
    example: "2027-01-31T08:00:00Z",
  }).exactOptional();

const size = (description: string) => whole(0, 10_000, { description, example: 4 }).exactOptional();

const schedule = z
  .strictObject({
    name: word(32, { description: "Name of the action.", example: "morning" }),
    recurrence: text(/^\S+(?: +\S+){4}$/, "minute hour day-of-month month day-of-week", {
      description: "When, as cron writes it; absent = once, at `startTime`.",
      example: "0 8 * * 1-5",
    }).exactOptional(),
    timeZone: text(/^[A-Za-z0-9_+/-]{1,64}$/, "a name such as Europe/Berlin", {
      description: "Time zone of the recurrence; absent = UTC.",
      example: "Europe/Berlin",
    }).exactOptional(),
    startTime: instant("When it happens, or when the recurrence begins."),
    endTime: instant("When the recurrence ends."),
    min: size("Minimum from then on; absent = as it is."),
    max: size("Maximum from then on; absent = as it is."),
    desired: size("Size at that time; absent = as it is. The other policies go on from there."),
  })
  .meta({ description: "Sizes that change at a time." });

const alarmNames = (description: string) =>
  z
    .array(text(/^.{1,255}$/, "the name of an alarm", { description: "Name of an alarm.", example: "storefront-errors" }))
    .meta({ description });

const composite = z
  .strictObject({
    name: word(32, { description: "Name within the fleet.", example: "saturated" }),
    when: oneOf(["all", "any"], { description: "Whether all of the alarms must be on, or one.", example: "all" }).default("all"),
    alarms: alarmNames("Names of alarms; `up` and `down` are the fleet's own.").min(1),
    unless: alarmNames("Alarms while one of which it stays off.").default([]),
    stopsRollout: yesNo({ description: "Whether it also stops a roll-out and sends it back.", example: false }).default(false),
  })
  .meta({ description: "Several alarms as one, for the operators." });

const metricScaling = z
  .strictObject({
    name: word(32, { description: "Name of the metric within the fleet.", example: "backlog" }),
    up: direction("up", 2).exactOptional(),
    down: direction("down", 10).exactOptional(),
  })
  .meta({ description: "Up and down on a further metric." });

export const scalingSchema = z
  .strictObject({
    up: direction("up", 2).exactOptional(),
    down: direction("down", 10).exactOptional(),
    metrics: z.array(metricScaling).default([]).meta({ description: "Further metrics; of several policies the largest size wins." }),
    targets: z.array(target).default([]).meta({ description: "Target tracking, in the place of `up` and `down` or beside them." }),
    predictive: predictive.exactOptional(),
    schedules: z.array(schedule).default([]).meta({ description: "Sizes that change at a time." }),
    composites: z.array(composite).default([]).meta({ description: "Several alarms as one, for the operators." }),
  })
  .meta({ description: "When the group changes its size." });

export type ScalingSettings = z.infer<typeof scalingSchema>;
export type DirectionSettings = NonNullable<ScalingSettings["up"]>;
export type TargetSettings = ScalingSettings["targets"][number];
