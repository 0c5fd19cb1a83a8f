import type { SigningVersion } from "./chef/sign.ts";
import type { NodeNaming } from "./resolve.ts";

/** How the Chef server is reached. */
export interface ChefSettings {
  /** `https://chef.example.com/organizations/acme` */
  readonly chefServerUrl: string;
  readonly chefUser: string;
  /** Where the key is: `ssm:NAME` (a SecureString parameter) or `secretsmanager:NAME-OR-ARN`. */
  readonly chefKey: SecretReference;
  readonly chefSigning: SigningVersion;
  readonly allowHttp: boolean;
  /** Where a certificate authority of your own is, if the server has one. */
  readonly certificateAuthority: SecretReference | undefined;
  readonly accountId: string;
  readonly dryRun: boolean;
}

/** What both shells of the consumer are told through their environment. */
export interface ConsumerSettings extends ChefSettings {
  readonly namePrefix: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly naming: NodeNaming;
  /** What is stopped on an instance in a terminating hook before it may go. */
  readonly drain: "none" | "chef-client";
  /** Messages worked on at the same time. */
  readonly concurrency: number;
}

/** What the scheduled reconciler is told. */
export interface ReconcilerSettings extends ChefSettings {
  readonly region: string;
  readonly minAgeSeconds: number;
  readonly maxDeletions: number;
  readonly clientsWithoutNode: boolean;
}

export interface SecretReference {
  readonly store: "ssm" | "secretsmanager";
  readonly name: string;
}

export interface SettingFault {
  readonly name: string;
  readonly message: string;
}

export class SettingsError extends Error {
  readonly faults: readonly SettingFault[];

  constructor(faults: readonly SettingFault[]) {
    super(`the settings have ${faults.length} fault(s):\n${faults.map(({ name, message }) => `  ${name} ${message}`).join("\n")}`);
    this.faults = faults;
  }
}

/**
 * A removal is two requests one after the other, so it waits for the Chef server most of its time: at 20 ms an answer,
 * sixteen at once leave the worker idle, and 64 bring it to what the machine can sign. A batch of Lambda has ten.
 */
const defaultConcurrency = 64;

type Environment = Readonly<Record<string, string | undefined>>;

const chefUrl = /^https?:\/\/[^/@\s]+(?:\/[^@\s]*)?\/organizations\/[a-z0-9][a-z0-9_-]{0,254}\/?$/;
const queueUrl = /^https?:\/\/[^/\s]+\/\d{12}\/[A-Za-z0-9_-]{1,80}$/;

/**
 * Reads the settings; every fault is reported at once.
 * @throws SettingsError that names each variable, its value unless it may be a secret, and what is allowed.
 */
export function readSettings(environment: Environment): ConsumerSettings {
  const read = new Reader(environment);
  const settings = {
    ...readChef(read, "false"),
    namePrefix: read.text(
      "FLEET_NAME_PREFIX",
      /^[a-z0-9][a-z0-9-]*[a-z0-9]$/,
      "the stack's name prefix, for example storefront-staging-web-v3",
    ),
    queueUrl: read.text("FLEET_QUEUE_URL", queueUrl, "the address of an SQS queue"),
    deadLetterQueueUrl: read.text("FLEET_DEAD_LETTER_QUEUE_URL", queueUrl, "the address of an SQS queue"),
    naming: read.choice("FLEET_NODE_NAMING", ["instance-id", "tag", "search"], "instance-id"),
    drain: read.choice("FLEET_DRAIN", ["none", "chef-client"], "none"),
    concurrency: read.whole("FLEET_CONCURRENCY", 1, 256, defaultConcurrency),
  } satisfies ConsumerSettings;
  read.refuseFaults();
  return settings;
}

/**
 * Reads the reconciler's settings; it deletes nothing unless FLEET_DRY_RUN is `false`.
 * @throws SettingsError as `readSettings`.
 */
export function readReconcilerSettings(environment: Environment): ReconcilerSettings {
  const read = new Reader(environment);
  const settings = {
    ...readChef(read, "true"),
    region: read.text("AWS_REGION", /^[a-z]{2}(-[a-z]+)+-\d$/, "a region, for example eu-west-1"),
    minAgeSeconds: read.whole("FLEET_RECONCILE_MIN_AGE_SECONDS", 0, 31_536_000, 3_600),
    maxDeletions: read.whole("FLEET_RECONCILE_MAX_DELETIONS", 1, 10_000, 50),
    clientsWithoutNode: read.choice("FLEET_RECONCILE_CLIENTS_WITHOUT_NODE", ["false", "true"], "false") === "true",
  } satisfies ReconcilerSettings;
  read.refuseFaults();
  return settings;
}

function readChef(read: Reader, dryRunDefault: "false" | "true"): ChefSettings {
  const allowHttp = read.choice("FLEET_CHEF_ALLOW_HTTP", ["false", "true"], "false") === "true";
  const chefServerUrl = read.text("FLEET_CHEF_SERVER_URL", chefUrl, "an address like https://chef.example.com/organizations/NAME");
  if (chefServerUrl.startsWith("http:") && !allowHttp) {
    read.faults.push({
      name: "FLEET_CHEF_SERVER_URL",
      message: `is "${chefServerUrl}", without TLS; use https, or set FLEET_CHEF_ALLOW_HTTP=true for a server on this machine`,
    });
  }
  return {
    chefServerUrl,
    chefUser: read.text("FLEET_CHEF_USER", /^[A-Za-z0-9_.-]{1,128}$/, "the name of a Chef client or user"),
    chefKey: read.secret("FLEET_CHEF_KEY") ?? { store: "ssm", name: "" },
    chefSigning: read.choice("FLEET_CHEF_SIGNING", ["1.3", "1.0"], "1.3"),
    allowHttp,
    certificateAuthority: read.has("FLEET_CHEF_CA") ? read.secret("FLEET_CHEF_CA") : undefined,
    accountId: read.text("FLEET_ACCOUNT_ID", /^\d{12}$/, "an account id of twelve digits"),
    dryRun: read.choice("FLEET_DRY_RUN", ["false", "true"], dryRunDefault) === "true",
  };
}

class Reader {
  readonly faults: SettingFault[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** @throws SettingsError when anything was wrong. */
  refuseFaults(): void {
    if (this.faults.length > 0) throw new SettingsError(this.faults);
  }

  has(name: string): boolean {
    return (this.#environment[name] ?? "") !== "";
  }

  text(name: string, pattern: RegExp, allowed: string): string {
    const value = this.#environment[name] ?? "";
    if (!pattern.test(value)) this.#fault(name, value, allowed);
    return value;
  }

  choice<const Value extends string>(name: string, values: readonly Value[], fallback: Value): Value {
    const value = this.#environment[name] || fallback;
    if ((values as readonly string[]).includes(value)) return value as Value;
    this.#fault(name, value, values.join(" or "));
    return fallback;
  }

  whole(name: string, least: number, most: number, fallback: number): number {
    const text = this.#environment[name];
    if (text === undefined || text === "") return fallback;
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    this.#fault(name, text, `a whole number from ${least} to ${most}`);
    return fallback;
  }

  /** A reference; a value that looks like the secret itself is refused without being repeated. */
  secret(name: string): SecretReference | undefined {
    const value = this.#environment[name] ?? "";
    const match = /^(ssm|secretsmanager):([A-Za-z0-9/_+=.@:-]{1,512})$/.exec(value);
    if (match) return { store: match[1] as SecretReference["store"], name: match[2] ?? "" };
    const shown =
      value === ""
        ? "is missing"
        : /PRIVATE KEY|\n/.test(value) || value.length > 200
          ? "holds what looks like the secret itself"
          : `is ${JSON.stringify(value)}`;
    this.faults.push({ name, message: `${shown}; it must name where the secret is stored: ssm:PARAMETER or secretsmanager:NAME` });
    return undefined;
  }

  #fault(name: string, value: string, allowed: string): void {
    this.faults.push({
      name,
      message: `${value === "" ? "is missing" : `is ${JSON.stringify(value.slice(0, 200))}`}; it must be ${allowed}`,
    });
  }
}
