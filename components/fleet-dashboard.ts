import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ScalingOutput } from "../contract/fleets-output.ts";
import { fitName } from "../contract/naming.ts";
import { typeTokens } from "../contract/type-tokens.ts";
import { dashboardBody } from "./dashboard-body.ts";
import type { Tags } from "./tags.ts";

export interface FleetDashboardArgs {
  /** Prefix of the stack, which is the dashboard's name, too. */
  readonly prefix: string;
  readonly region: string;
  readonly accountId: pulumi.Input<string>;
  readonly partition: pulumi.Input<string>;
  readonly fleets: readonly DashboardFleetArgs[];
  readonly notices: { readonly queueArn: pulumi.Input<string>; readonly deadLetterQueueArn: pulumi.Input<string> };
  readonly maxAgeSeconds: number;
  readonly cleansUp: boolean;
  readonly tags: Tags;
}

export interface DashboardFleetArgs {
  readonly name: string;
  readonly groupName: pulumi.Input<string>;
  readonly size: { readonly min: number; readonly max: number };
  readonly scaling: pulumi.Input<ScalingOutput>;
}

const refresh = "EC2 Auto Scaling Instance Refresh";

/** Events of a refresh, counted by a rule each: CloudWatch has no metric of them. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html */
const counted = [
  { label: "started", suffix: "rollouts-started", types: [`${refresh} Started`] },
  { label: "succeeded", suffix: "rollouts-succeeded", types: [`${refresh} Succeeded`] },
  {
    label: "failed",
    suffix: "rollouts-failed",
    types: [`${refresh} Failed`, `${refresh} Cancelled`, `${refresh} Rollback Succeeded`, `${refresh} Rollback Failed`],
  },
] as const;

/**
 * One page for the operators of a stack: sizes, metrics with their thresholds, alarms, roll-outs, age of the queue, dead
 * letters and removals. Stands after everything that it shows.
 */
export class FleetDashboard extends pulumi.ComponentResource {
  readonly dashboardName: pulumi.Output<string>;

  constructor(name: string, args: FleetDashboardArgs, opts?: pulumi.ComponentResourceOptions) {
    super(typeTokens.fleetDashboard, name, args, opts);
    const rules = counted.map(({ label, suffix, types }) => ({ label, ruleName: createRule(`${name}-${suffix}`, types, args, this).name }));
    const dashboard = new aws.cloudwatch.Dashboard(
      `${name}-dashboard`,
      { dashboardName: args.prefix, dashboardBody: body(args, rules) },
      { parent: this },
    );
    this.dashboardName = dashboard.dashboardName;
    this.registerOutputs({ dashboardName: this.dashboardName });
  }
}

/** Without a target: the rule only counts. */
function createRule(
  name: string,
  types: readonly string[],
  { fleets, tags }: FleetDashboardArgs,
  parent: FleetDashboard,
): aws.cloudwatch.EventRule {
  const eventPattern = pulumi
    .all(fleets.map(({ groupName }) => groupName))
    .apply((groups) => JSON.stringify({ source: ["aws.autoscaling"], "detail-type": types, detail: { AutoScalingGroupName: groups } }));
  return new aws.cloudwatch.EventRule(
    fitName(name, "eventRule"),
    { description: "Counts roll-outs for the dashboard", eventPattern, tags },
    { parent },
  );
}

interface Rule {
  readonly label: string;
  readonly ruleName: pulumi.Output<string>;
}

const lastPart = (arn: string) => arn.split(":").at(-1) ?? "";

function body(args: FleetDashboardArgs, rules: readonly Rule[]): pulumi.Output<string> {
  const { prefix, region, maxAgeSeconds, cleansUp } = args;
  const fleets = args.fleets.map(({ name, size, groupName, scaling }) =>
    pulumi.all([groupName, scaling]).apply(([group, policies]) => ({ name, size, group, policies })),
  );
  return pulumi
    .all([
      args.accountId,
      args.partition,
      args.notices.queueArn,
      args.notices.deadLetterQueueArn,
      pulumi.all(fleets),
      pulumi.all([...rules]),
    ])
    .apply(([accountId, partition, queueArn, deadLetterQueueArn, shown, refreshRules]) => {
      const alarmArn = (alarm: string) => `arn:${partition}:cloudwatch:${region}:${accountId}:alarm:${alarm}`;
      return dashboardBody({
        region,
        prefix,
        maxAgeSeconds,
        cleansUp,
        refreshRules,
        queueName: lastPart(queueArn),
        deadLetterQueueName: lastPart(deadLetterQueueArn),
        fleets: shown.map(({ name, size, group, policies: { policies, composites = {} } }) => ({
          name,
          size,
          groupName: group,
          policies,
          alarmArns: [...policies.flatMap((one) => (one.kind === "step" ? [one.alarmName] : [])), ...Object.values(composites)].map(
            alarmArn,
          ),
        })),
      });
    });
}
