/** Launches real instances: one RunInstances for up to a hundred, with every field of the template. */
import {
  AssociateIamInstanceProfileCommand,
  CreateTagsCommand,
  DescribeInstancesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type EC2Client,
  type Instance,
} from "@aws-sdk/client-ec2";
import type { LaunchEffect } from "../../../../scaling/types/effects.ts";
import type { Faults } from "../ec2/faults.ts";
import type { LaunchLookup } from "../ec2/lookup.ts";
import { LaunchRefused } from "../ec2/lookup.ts";
import { runInstancesInput, type LaunchSource } from "../ec2/run-instances.ts";
import type { Fact } from "../host/host.ts";
import { chunks, errorCode, messageOf } from "./clients.ts";
import type { Performance, Performers } from "./performer.ts";

export interface LaunchOptions {
  readonly ec2: EC2Client;
  readonly lookup: LaunchLookup;
  readonly faults: Faults;
  /** Whether the activity still waits for its instance. */
  readonly waits: (activityId: string) => boolean;
  readonly isMember: (instanceId: string) => boolean;
}

/** Instances come into service in portions, and an answer stays a few hundred kilobytes. */
const launchesPerCall = 100;
/** The emulator serves one request at a time; more at once only queue there. */
const callsAtOnce = 4;

class Launcher {
  readonly #options: LaunchOptions;

  constructor(options: LaunchOptions) {
    this.#options = options;
  }

  async launch(effect: LaunchEffect, { maybeDone, report }: Performance): Promise<readonly Fact[]> {
    let source: LaunchSource;
    try {
      source = await this.#options.lookup.source(effect);
    } catch (error) {
      return failed(effect.activityIds, error);
    }
    const portions = chunks(effect.activityIds, launchesPerCall).values();
    const worker = async () => {
      for (const activityIds of portions) report(await this.#portion(source, activityIds, maybeDone));
    };
    // One answer is read while the next launch goes on.
    await Promise.all([worker(), worker()]);
    return [];
  }

  /** The token makes EC2 answer a launch that is asked for again with the instances of the first time. */
  async #portion(source: LaunchSource, activityIds: readonly string[], maybeDone: boolean): Promise<readonly Fact[]> {
    const token = activityIds[0] ?? "";
    try {
      const instances = await this.#run(source, activityIds.length, token, maybeDone);
      const { isMember, waits } = this.#options;
      const fresh = instances.filter(({ InstanceId }) => InstanceId !== undefined && !isMember(InstanceId));
      const waiting = activityIds.filter((id) => waits(id));
      return [...launched(waiting, fresh), ...failed(waiting.slice(fresh.length), partlyLaunched)];
    } catch (error) {
      // Without an answer the launch may have happened all the same.
      if (!isRefusal(error) && !maybeDone) return this.#portion(source, activityIds, true);
      return failed(activityIds, error);
    }
  }

  async #run(source: LaunchSource, count: number, token: string, maybeDone: boolean): Promise<Instance[]> {
    const { ec2, faults } = this.#options;
    const { group, zone } = source.effect;
    const input = runInstancesInput(source, count, token);
    const fault = faults.ofLaunch({ group, zone, instanceType: input.InstanceType });
    if (fault) throw new LaunchRefused(fault.code, fault.message);
    const { Instances: answered = [] } = await ec2.send(new RunInstancesCommand(input));
    const instances = maybeDone ? await this.#alive(answered) : answered;
    try {
      const withoutProfile = maybeDone ? instances.filter((one) => one.IamInstanceProfile === undefined) : instances.slice(1);
      await this.#complete(source, withoutProfile, instances);
    } catch (error) {
      // An instance without its profile is not what was asked for, and nobody would know of it.
      const InstanceIds = instances.flatMap(({ InstanceId }) => InstanceId ?? []);
      await ec2.send(new TerminateInstancesCommand({ InstanceIds })).catch(() => undefined);
      throw error;
    }
    return instances;
  }

  /** As EC2 has them now: of those launched earlier some may have ended meanwhile. */
  async #alive(answered: readonly Instance[]): Promise<Instance[]> {
    const InstanceIds = answered.flatMap(({ InstanceId }) => InstanceId ?? []);
    const { Reservations = [] } = await this.#options.ec2.send(new DescribeInstancesCommand({ InstanceIds }));
    const instances = Reservations.flatMap(({ Instances = [] }) => Instances);
    return instances.filter(({ State }) => State?.Name !== "shutting-down" && State?.Name !== "terminated");
  }

  async #complete(source: LaunchSource, withoutProfile: readonly Instance[], instances: readonly Instance[]): Promise<void> {
    await Promise.all([this.#giveProfile(source, withoutProfile), this.#tagInterfaces(source, instances)]);
  }

  /** The emulator gives the profile of a request to the first of its instances only. */
  async #giveProfile({ template }: LaunchSource, instances: readonly Instance[]): Promise<void> {
    if (template.IamInstanceProfile === undefined) return;
    const { Arn, Name } = template.IamInstanceProfile;
    const queue = instances.values();
    const worker = async () => {
      for (const { InstanceId } of queue) {
        await this.#options.ec2.send(new AssociateIamInstanceProfileCommand({ InstanceId, IamInstanceProfile: { Arn, Name } }));
      }
    };
    await Promise.all(Array.from({ length: callsAtOnce }, worker));
  }

  /** The emulator keeps tags of instances and volumes only. */
  async #tagInterfaces({ template }: LaunchSource, instances: readonly Instance[]): Promise<void> {
    const tags = template.TagSpecifications?.find(({ ResourceType }) => ResourceType === "network-interface")?.Tags ?? [];
    const ids = instances.flatMap(({ NetworkInterfaces }) => NetworkInterfaces?.flatMap((one) => one.NetworkInterfaceId ?? []) ?? []);
    if (tags.length > 0 && ids.length > 0) await this.#options.ec2.send(new CreateTagsCommand({ Resources: ids, Tags: tags }));
  }
}

const partlyLaunched = new LaunchRefused("InsufficientInstanceCapacity", "EC2 launched fewer instances than were asked for");

function launched(activityIds: readonly string[], instances: readonly Instance[]): Fact[] {
  return activityIds.slice(0, instances.length).flatMap((activityId, index): Fact[] => {
    const instanceId = instances[index]?.InstanceId;
    if (instanceId === undefined) return [];
    return [
      ["instanceLaunched", { activityId, instanceId }],
      ["instanceStateChanged", { instanceId, state: "running" }],
    ];
  });
}

const isRefusal = (error: unknown) => error instanceof LaunchRefused || errorCode(error) !== undefined;

function failed(activityIds: readonly string[], error: unknown): Fact[] {
  const code = error instanceof LaunchRefused ? error.code : (errorCode(error) ?? "Unavailable");
  const message = isRefusal(error) ? messageOf(error) : `EC2 gave no answer: ${messageOf(error)}`;
  return activityIds.map((activityId) => ["launchFailed", { activityId, code, message }]);
}

export function launchPerformer(options: LaunchOptions): Pick<Performers, "launch"> {
  const launcher = new Launcher(options);
  return { launch: (effect, performance) => launcher.launch(effect, performance) };
}
