/** Launches real instances: one RunInstances for up to a hundred, with every field of the template. */
import { setTimeout } from "node:timers/promises";
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
/** Of the wall clock: the emulator takes half a second for a hundred launches. */
const secondLookMs = 1000;

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

  async #portion(source: LaunchSource, activityIds: readonly string[], maybeDone: boolean): Promise<readonly Fact[]> {
    const token = activityIds[0] ?? "";
    const found = maybeDone ? await this.#launchedBefore(source, token, activityIds.length) : [];
    if (found.length > 0) {
      const known = new Set(found.map(({ InstanceId }) => InstanceId).filter((id) => id !== undefined && this.#options.isMember(id)));
      const fresh = found.filter(({ InstanceId }) => !known.has(InstanceId));
      const waiting = activityIds.filter((id) => this.#options.waits(id));
      return [...launched(waiting, fresh), ...failed(waiting.slice(fresh.length), partlyLaunched)];
    }
    try {
      const instances = await this.#run(source, activityIds.length, token);
      return [...launched(activityIds, instances), ...failed(activityIds.slice(instances.length), partlyLaunched)];
    } catch (error) {
      // Without an answer the launch may have happened all the same.
      const lost = isRefusal(error) ? [] : await this.#launchedBefore(source, token, activityIds.length).catch(() => []);
      return [...launched(activityIds, lost), ...failed(activityIds.slice(lost.length), error)];
    }
  }

  async #run(source: LaunchSource, count: number, token: string): Promise<Instance[]> {
    const { ec2, faults } = this.#options;
    const { group, zone } = source.effect;
    const input = runInstancesInput(source, count, token);
    const fault = faults.ofLaunch({ group, zone, instanceType: input.InstanceType });
    if (fault) throw new LaunchRefused(fault.code, fault.message);
    const { Instances: instances = [] } = await ec2.send(new RunInstancesCommand(input));
    try {
      await this.#complete(source, instances.slice(1), instances);
    } catch (error) {
      // An instance without its profile is not what was asked for, and nobody would know of it.
      const InstanceIds = instances.flatMap(({ InstanceId }) => InstanceId ?? []);
      await ec2.send(new TerminateInstancesCommand({ InstanceIds })).catch(() => undefined);
      throw error;
    }
    return instances;
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

  /**
   * Instances of an earlier call with that token: launched, but the answer was never recorded. The call may still be going on in EC2, so
   * fewer than were asked for are believed only when a second look finds no more.
   */
  async #launchedBefore(source: LaunchSource, token: string, count: number): Promise<Instance[]> {
    let found = await this.#withToken(source.effect.group, token);
    for (let before = -1; found.length < count && found.length !== before;) {
      before = found.length;
      await setTimeout(secondLookMs);
      found = await this.#withToken(source.effect.group, token);
    }
    await this.#complete(
      source,
      found.filter(({ IamInstanceProfile }) => IamInstanceProfile === undefined),
      found,
    );
    return found;
  }

  async #withToken(group: string, token: string): Promise<Instance[]> {
    const found: Instance[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.#options.ec2.send(
        new DescribeInstancesCommand({ Filters: [{ Name: "tag:aws:autoscaling:groupName", Values: [group] }], NextToken }),
      );
      found.push(...(page.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return found.filter((instance) => instance.ClientToken === token && instance.State?.Name !== "terminated");
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
