import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { hookNames, hookTransitions } from "../contract/hooks.ts";
import { fitName } from "../contract/naming.ts";
import { noticeEvents } from "../contract/notices.ts";
import { typeTokens } from "../contract/type-tokens.ts";
import { createBootReport } from "./boot/report.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { fleetFaults } from "./fleet-checks.ts";
import { createGroup, groupArgs } from "./fleet-group.ts";
import { createGuard } from "./group-guard.ts";
import { createHookRole, type HookRole } from "./hook-role.ts";
import { createInstanceRole } from "./instance-role.ts";
import { createLaunchTemplate } from "./launch-template.ts";
import { createTargets } from "./load-balancing.ts";
import { createSecurityGroup } from "./security-group.ts";

export interface FleetOptions extends pulumi.ComponentResourceOptions {
  /**
   * Resources that must stand before the group and outlive it: the notice path's and the drain gate's. Never
   * components, whose children on the group's far side would close a circle.
   */
  readonly before: readonly pulumi.Resource[];
}

/**
 * One fleet: launch template, Auto Scaling group, what its nodes may do and whom they may talk to, and the notification
 * of launches and terminations. `name` is the prefix of everything it has.
 */
export class Fleet extends pulumi.ComponentResource {
  readonly groupName: pulumi.Output<string>;
  readonly groupArn: pulumi.Output<string>;
  readonly launchTemplateId: pulumi.Output<string>;
  readonly launchTemplateName: pulumi.Output<string>;
  /** Numeric. */
  readonly launchTemplateVersion: pulumi.Output<string>;
  readonly nodeRoleArn: pulumi.Output<string>;
  readonly securityGroupIds: pulumi.Output<string[]>;
  readonly targetGroupArns: pulumi.Output<string[]>;

  constructor(name: string, args: FleetArgs, opts: FleetOptions) {
    super(typeTokens.fleet, name, args, opts);
    refuseFaults(name, args, this);
    const { role, policy, profile } = createInstanceRole(name, args, this);
    const securityGroupIds = args.network.securityGroupIds ?? [createSecurityGroup(name, args, this).id];
    const template = createLaunchTemplate(name, args, { instanceProfileArn: profile.arn, securityGroupIds: [...securityGroupIds] }, this);
    const targets = createTargets(name, args, this);
    const merged = groupArgs(name, args, { template, targetGroupArns: targets.arns });
    const hook = createHookRole(name, args, this);
    const before = [
      ...opts.before,
      policy,
      ...(hook === undefined ? [] : [hook.policy]),
      ...targets.resources,
      ...createBootReport(name, args, this),
    ];
    const group = createGroup(name, args, merged, before, this);
    createNotification(name, args, group, this);
    createTerminateHook(name, args, { group, hook }, this);
    createGuard(name, args, group, this);

    this.groupName = group.name;
    this.groupArn = group.arn;
    this.launchTemplateId = template.id;
    this.launchTemplateName = template.name;
    this.launchTemplateVersion = template.latestVersion.apply(String);
    this.nodeRoleArn = role.arn;
    this.securityGroupIds = pulumi.output([...securityGroupIds]);
    this.targetGroupArns = pulumi.output(targets.arns);
    this.registerOutputs({
      groupName: this.groupName,
      groupArn: this.groupArn,
      launchTemplateId: this.launchTemplateId,
      launchTemplateName: this.launchTemplateName,
      launchTemplateVersion: this.launchTemplateVersion,
      nodeRoleArn: this.nodeRoleArn,
      securityGroupIds: this.securityGroupIds,
      targetGroupArns: this.targetGroupArns,
    });
  }
}

function refuseFaults(name: string, args: FleetArgs, fleet: Fleet): void {
  const faults = fleetFaults(args);
  if (faults.length === 0) return;
  throw new pulumi.ResourceError(`Fleet ${name} cannot be built:\n${faults.map((one) => `- ${one.message}`).join("\n")}`, fleet, true);
}

/** Goes with the group: asked to delete it first, AWS would tell nobody of the last terminations. */
function createNotification(name: string, args: FleetArgs, group: aws.autoscaling.Group, parent: pulumi.Resource): void {
  new aws.autoscaling.Notification(
    `${name}-notification`,
    {
      groupNames: [group.name],
      notifications: [noticeEvents.launch, noticeEvents.launchError, noticeEvents.terminate, noticeEvents.terminateError],
      topicArn: args.notices.topicArn,
    },
    { parent, deletedWith: group },
  );
}

interface HookParts {
  readonly group: aws.autoscaling.Group;
  readonly hook: HookRole | undefined;
}

function createTerminateHook(name: string, args: FleetArgs, { group, hook }: HookParts, parent: pulumi.Resource): void {
  if (args.terminateHook === undefined) return;
  new aws.autoscaling.LifecycleHook(
    fitName(`${name}-terminate-hook`, "lifecycleHook"),
    {
      name: hookNames.terminate,
      autoscalingGroupName: group.name,
      lifecycleTransition: hookTransitions.terminate,
      heartbeatTimeout: args.terminateHook.heartbeatSeconds,
      // By default the instance goes in either case, and ABANDON would skip other hooks; an instance is only retained with it.
      defaultResult: args.terminateHook.onAbandon === "retain" ? "ABANDON" : "CONTINUE",
      ...(hook === undefined ? {} : { notificationTargetArn: args.notices.topicArn, roleArn: hook.role.arn }),
    },
    { parent, deletedWith: group },
  );
}
