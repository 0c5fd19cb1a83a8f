/**
 * Before a stack is previewed or deployed in the local AWS: everything that its settings name by id, and that would exist in a real
 * account, is made there, and the settings are given the ids that it got. Derived from the settings alone; doing it again changes nothing.
 */
import { parseInstanceType } from "../contract/instance-types.ts";
import { tagKeys } from "../contract/tags.ts";
import { seedChef } from "./seed/chef.ts";
import type { Override } from "./seed/override.ts";
import { SeedWorld, type AwsPlace, type Network } from "./seed/world.ts";
import type { Settings } from "./verbs/project.ts";
import { parsePath, setAt } from "./verbs/set-path.ts";

export interface SeedOptions {
  readonly settings: Settings;
  /** `KEY=VALUE` options of the caller, which win. */
  readonly set: readonly string[];
  /** Name of the project: the namespace of its settings. */
  readonly project: string;
  readonly aws: AwsPlace;
}

export interface Seeded {
  readonly settings: Settings;
  readonly overrides: readonly Override[];
}

type Key = readonly (string | number)[];
type Table = Readonly<Record<string, unknown>>;

const table = (value: unknown): Table => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Table) : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const texts = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(table(value)).map(([key, one]) => [key, String(one)]));

const organizationOf = (serverUrl: string | undefined) => /\/organizations\/([a-z0-9][a-z0-9_-]*)$/.exec(serverUrl ?? "")?.[1];

/** Seconds for which nothing may be left before a destroy goes on. */
const sandboxSettleSeconds = 1;

const beginsWith = (key: Key, start: Key) => start.every((part, index) => key[index] === part);

class Seeder {
  readonly #world: SeedWorld;
  readonly #options: SeedOptions;
  readonly #given: readonly Key[];
  readonly overrides: Override[] = [];

  constructor(options: SeedOptions) {
    this.#options = options;
    this.#world = new SeedWorld(options.aws);
    this.#given = options.set.map((one) => {
      const path = one.slice(0, one.indexOf("="));
      return parsePath(path.includes(":") ? path : `${options.project}:${path}`);
    });
  }

  /** Notes that `key` becomes `value`. */
  #put(key: Key, current: unknown, value: unknown): void {
    if (JSON.stringify(current) === JSON.stringify(value)) return;
    this.overrides.push({ path: pathText(key), key, value });
  }

  /** Whether the caller set it or something in it. A whole map that holds it, all fleets for example, is like one from the file. */
  #isGiven(key: Key): boolean {
    return this.#given.some((given) => beginsWith(given, key));
  }

  /** Replaces one text setting by what `make` gives for it; leaves alone what is absent, set by the caller or no text. */
  async #replace(key: Key, current: unknown, make: (current: string) => Promise<string>): Promise<void> {
    const found = text(current);
    if (found !== undefined && !this.#isGiven(key)) this.#put(key, found, await make(found));
  }

  #replaceEach(key: Key, current: unknown, make: (current: string) => Promise<string>): Promise<unknown> {
    return Promise.all(list(current).map((one, index) => this.#replace([...key, index], one, make)));
  }

  async run(): Promise<void> {
    const { settings, project } = this.#options;
    const network = await this.#world.defaultNetwork();
    this.#account(settings);
    this.#network([`${project}:network`], table(settings[`${project}:network`]), network);
    const alerts = table(settings[`${project}:alerts`]);
    const fleets = table(settings[`${project}:fleets`]);
    await Promise.all([
      this.#consumer([`${project}:consumer`], table(settings[`${project}:consumer`])),
      this.#replace([`${project}:alerts`, "topicArn"], alerts["topicArn"], (arn) => this.#world.topic(arn)),
      ...Object.entries(fleets).map(([name, fleet]) => this.#fleet([`${project}:fleets`, name], table(fleet), network)),
    ]);
  }

  /** Credentials here belong to one account and one region; roles and profiles of the real one do not exist. */
  #account(settings: Settings): void {
    const { accountId, region } = this.#options.aws;
    const values: Settings = {
      "aws:allowedAccountIds": [accountId],
      "aws:region": region,
      "aws:assumeRoles": undefined,
      "aws:profile": undefined,
    };
    for (const [key, value] of Object.entries(values)) if (!this.#isGiven([key])) this.#put([key], settings[key], value);
  }

  /** The Chef double in the place of the server, and the queue counts of the local AWS, which do not lag. */
  async #consumer(key: Key, consumer: Table): Promise<void> {
    const chef = table(consumer["chef"]);
    const [serverUrl, user] = [text(chef["serverUrl"]), text(chef["user"])];
    const organization = organizationOf(serverUrl);
    const at = [...key, "chef"];
    if (consumer["kind"] !== "lambda" || organization === undefined || user === undefined || this.#isGiven([...at, "serverUrl"])) return;
    const seeded = await seedChef(this.#options.aws, organization, { user });
    this.#put([...at, "serverUrl"], serverUrl, seeded.serverUrl);
    this.#put([...at, "key"], chef["key"], seeded.key);
    this.#put([...at, "allowHttp"], chef["allowHttp"], true);
    for (const name of ["certificateAuthority", "kmsKeyArn"]) this.#put([...at, name], chef[name], undefined);
    this.#put([...key, "network"], consumer["network"], undefined);
    if (!this.#isGiven([...key, "settleSeconds"])) this.#put([...key, "settleSeconds"], consumer["settleSeconds"], sandboxSettleSeconds);
  }

  /** The same server for the nodes, with whoever makes their clients. */
  async #fleetChef(key: Key, fleet: Table): Promise<void> {
    const chef = table(fleet["chef"]);
    const serverUrl = text(chef["serverUrl"]);
    const organization = organizationOf(serverUrl);
    if (organization === undefined || text(chef["key"]) === undefined || this.#isGiven([...key, "serverUrl"])) return;
    const user = text(chef["user"]);
    const name = user ?? text(chef["validatorName"]) ?? `${organization}-validator`;
    const seeded = await seedChef(this.#options.aws, organization, { name, validator: user === undefined });
    this.#put([...key, "serverUrl"], serverUrl, seeded.serverUrl);
    this.#put([...key, "key"], chef["key"], seeded.key);
    this.#put([...key, "allowHttp"], chef["allowHttp"], true);
    for (const absent of ["certificateAuthority", "kmsKeyArn"]) this.#put([...key, absent], chef[absent], undefined);
  }

  #network(key: Key, current: Table, { vpcId, subnets }: Network): void {
    if (this.#isGiven(key) || Object.keys(current).length === 0) return;
    const count = list(current["subnetIds"]).length;
    const ids = subnets.slice(0, count).map(({ id }) => id);
    this.#put(key, current, count > 0 ? { subnetIds: ids } : { vpcId });
  }

  async #fleet(key: Key, fleet: Table, network: Network): Promise<void> {
    const zone = network.subnets[0]?.zone ?? "";
    const group = (id: string) => this.#world.securityGroup(id, network.vpcId);
    const balancing = table(fleet["loadBalancing"]);
    const rules = (["ingress", "egress"] as const).flatMap((side) =>
      list(fleet[side]).map((rule, index) =>
        this.#replaceEach([...key, side, index, "securityGroupIds"], table(rule)["securityGroupIds"], group),
      ),
    );
    const volumes = list(fleet["volumes"]).flatMap((one, index) => {
      const volume = table(one);
      const at = [...key, "volumes", index];
      return [
        this.#replace([...at, "snapshotId"], volume["snapshotId"], (id) => this.#world.snapshot(id, zone)),
        this.#world.taggedSnapshot(texts(volume["snapshotTags"]), zone),
        this.#replace([...at, "kmsKeyArn"], volume["kmsKeyArn"], (arn) => this.#world.key(arn)),
      ];
    });
    await Promise.all([
      this.#image(key, fleet, zone, network),
      this.#fleetChef([...key, "chef"], fleet),
      this.#replace([...key, "rootVolume", "kmsKeyArn"], table(fleet["rootVolume"])["kmsKeyArn"], (arn) => this.#world.key(arn)),
      this.#replaceEach([...key, "securityGroupIds"], fleet["securityGroupIds"], group),
      this.#replaceEach([...key, "loadBalancing", "targetGroupArns"], balancing["targetGroupArns"], (arn) =>
        this.#world.targetGroup(arn, network.vpcId),
      ),
      this.#replace([...key, "loadBalancing", "listenerArn"], balancing["listenerArn"], (arn) => this.#world.listener(arn, network)),
      this.#replace([...key, "loadBalancing", "listener", "certificateArn"], table(balancing["listener"])["certificateArn"], (arn) =>
        this.#world.certificate(arn),
      ),
      this.#replace([...key, "loadBalancing", "listener", "loadBalancerArn"], table(balancing["listener"])["loadBalancerArn"], (arn) =>
        this.#world.loadBalancer(arn, network),
      ),
      ...list(table(fleet["rollout"])["healthAlarms"]).map((name) => this.#world.alarm(String(name))),
      ...rules,
      ...volumes,
    ]);
  }

  /** The image as the bake would have left it for these settings: a type that differs from `bakeType` is still refused by the policies. */
  async #image(key: Key, fleet: Table, zone: string, network: Network): Promise<void> {
    const { settings, project } = this.#options;
    const image = table(fleet["image"]);
    const bakeType = text(image["bakeType"]);
    const architecture = parseInstanceType(bakeType ?? "")?.architecture;
    if (bakeType === undefined || architecture === undefined) return; // the program says what is wrong with it
    const tags = {
      [tagKeys.product]: String(settings[`${project}:product`]),
      [tagKeys.majorVersion]: String(settings[`${project}:majorVersion`]),
      [tagKeys.bakeType]: bakeType,
      [tagKeys.architecture]: architecture,
      [tagKeys.recipeRevision]: "sandbox",
      [tagKeys.promotedFrom]: "staging",
    };
    await this.#replace([...key, "image", "id"], image["id"], (id) =>
      this.#world.image({ id, architecture, tags, bakedAtTag: tagKeys.bakedAt }, zone),
    );
    await this.#replace([...key, "image", "owner"], image["owner"], () => Promise.resolve("self"));
    const bake = table(image["bake"]);
    if (Object.keys(bake).length > 0) await this.#bake([...key, "image", "bake"], bake, { architecture, zone, network });
  }

  /** What a bake begins with and refers to. */
  async #bake(
    key: Key,
    bake: Table,
    place: { readonly architecture: string; readonly zone: string; readonly network: Network },
  ): Promise<void> {
    const { architecture, zone, network } = place;
    const source = (id: string) => this.#world.image({ id, architecture, tags: {}, bakedAtTag: tagKeys.bakedAt }, zone);
    await Promise.all([
      this.#replace([...key, "sourceImage"], bake["sourceImage"], source),
      this.#replace([...key, "sourceOwner"], bake["sourceOwner"] ?? "amazon", () => Promise.resolve("self")),
      this.#replace([...key, "subnetId"], bake["subnetId"], () => Promise.resolve(network.subnets[0]?.id ?? "")),
      this.#replaceEach([...key, "securityGroupIds"], bake["securityGroupIds"], (id) => this.#world.securityGroup(id, network.vpcId)),
      this.#replace([...key, "kmsKeyArn"], bake["kmsKeyArn"], (arn) => this.#world.key(arn)),
      this.#replace([...key, "instanceProfile"], bake["instanceProfile"], (name) => this.#world.instanceProfile(name)),
    ]);
  }
}

function pathText(key: Key): string {
  return key.map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`)).join("");
}

export async function seed(options: SeedOptions): Promise<Seeded> {
  const seeder = new Seeder(options);
  await seeder.run();
  const overrides = seeder.overrides.toSorted((one, other) => one.path.localeCompare(other.path));
  const settings = overrides.reduce<Settings>((current, { key, value }) => setAt(current, key, value) as Settings, options.settings);
  return { settings, overrides };
}

/** One line for `preview` and `up`. */
export function describeOverrides(overrides: readonly Override[]): string {
  return `settings that this machine gives its own values (--set wins): ${overrides.map(({ path }) => path).join(", ")}`;
}
