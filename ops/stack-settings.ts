/** What operations read of a stack's settings: names, tags, region and accounts, as the program gives them to what it makes. */
import process from "node:process";
import type { NamingInputs } from "../contract/naming.ts";
import { tagKeys } from "../contract/tags.ts";
import { openSession, type AwsSession } from "./account.ts";
import { exitCodes, OpsError } from "./exit-codes.ts";
import { SettingsFile } from "./image/settings-file.ts";

export type Tags = Readonly<Record<string, string>>;

/** Where the fleets stand in the settings. */
export const fleetsKey = "fleet:fleets";

export class StackSettings {
  readonly stack: string;
  readonly file: SettingsFile;
  readonly region: string;

  /** @param region absent = `aws:region` of the stack */
  constructor(stack: string, region?: string) {
    this.stack = stack;
    this.file = new SettingsFile(`Pulumi.${stack}.yaml`);
    this.region = region ?? this.#text("aws:region") ?? "";
    if (this.region === "") throw new OpsError(exitCodes.usage, `${this.file.path} has no aws:region; give --region.`);
  }

  #text(...path: readonly string[]): string | undefined {
    const value = this.file.get(...path);
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  }

  /** Keys of the fleets, in the order of the file. */
  get fleets(): readonly string[] {
    return this.file.keys(fleetsKey);
  }

  /** One fleet's key; the only one when none is asked for. */
  chooseFleet(asked: string | undefined): string {
    const known = this.fleets;
    const [only] = known;
    if (asked === undefined && known.length === 1 && only !== undefined) return only;
    if (asked !== undefined && known.includes(asked)) return asked;
    throw new OpsError(exitCodes.usage, `--fleet is ${asked ?? "missing"}; fleets of ${this.file.path}: ${known.join(", ") || "none"}.`);
  }

  /** Names of everything in the stack begin with these; what the file lacks is empty. */
  get naming(): NamingInputs {
    const { product, platform } = { product: this.#text("fleet:product") ?? "", platform: this.#text("fleet:platform") ?? "" };
    return { product, platform, environment: this.stack, majorVersion: Number(this.#text("fleet:majorVersion")) };
  }

  /** The one account that the stack may be in; absent when it names several. */
  get accountId(): string | undefined {
    const allowed = this.file.get("aws:allowedAccountIds");
    return Array.isArray(allowed) && allowed.length === 1 ? String(allowed[0]) : undefined;
  }

  /** Product and major version: what an image that the stack can run carries. */
  get productTags(): Tags {
    return withoutAbsent({ [tagKeys.product]: this.#text("fleet:product"), [tagKeys.majorVersion]: this.#text("fleet:majorVersion") });
  }

  /** Tags of everything in the stack. */
  get tags(): Tags {
    const own = { [tagKeys.environment]: this.stack, [tagKeys.platform]: this.#text("fleet:platform") };
    return { ...this.productTags, ...withoutAbsent(own) };
  }

  /** Value of the tag `fleet:name`: a renamed fleet keeps the name that it was made with. */
  nameOf(fleet: string): string {
    return this.#text(fleetsKey, fleet, "formerly") ?? fleet;
  }

  /** Tags of everything that belongs to one fleet. */
  fleetTags(fleet: string): Tags {
    const name = this.nameOf(fleet);
    return { ...this.tags, [tagKeys.fleet]: name, [tagKeys.role]: this.#text(fleetsKey, fleet, "role") ?? name };
  }

  /** Tags by which the snapshots of one of a fleet's volumes are found. Not the role: it may change, they stay snapshots of the same volume. */
  volumeTags(fleet: string, volume: string): Tags {
    return { ...this.tags, [tagKeys.fleet]: this.nameOf(fleet), [tagKeys.volume]: volume };
  }

  /** A session in one of the stack's accounts; at a local endpoint there is only its own. */
  open(): Promise<AwsSession> {
    const allowed = this.file.get("aws:allowedAccountIds");
    const local = /^http:\/\/127\.0\.0\.1[:/]/.test(process.env["AWS_ENDPOINT_URL"] ?? "");
    return openSession({
      region: this.region,
      ...(local || !Array.isArray(allowed) ? {} : { allowedAccountIds: allowed.map(String) }),
    });
  }
}

const withoutAbsent = (tags: Readonly<Record<string, string | undefined>>): Tags =>
  Object.fromEntries(Object.entries(tags).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));

/**
 * `KEY=VALUE` each; a key may hold `=`.
 * @throws OpsError `usage`
 */
export function parseTags(given: readonly string[]): Tags {
  return Object.fromEntries(
    given.map((one) => {
      const equals = one.lastIndexOf("=");
      if (equals < 1) throw new OpsError(exitCodes.usage, `--tag ${one}: allowed is KEY=VALUE, for example fleet:recipe-revision=4f1c2aa.`);
      return [one.slice(0, equals), one.slice(equals + 1)];
    }),
  );
}

export const describeTags = (tags: Tags): string =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
