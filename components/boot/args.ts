/** What Chef does on the nodes; with `chef-server` or `chef-solo`. */
export interface ChefArgs {
  /** With `chef-server`: with the organization, `https://chef.example.com/organizations/NAME`. */
  readonly serverUrl?: string | undefined;
  /** What the first run converges; absent with a policy. */
  readonly runList?: readonly string[] | undefined;
  /** Chef environment; absent = `_default`. */
  readonly environment?: string | undefined;
  readonly policyName?: string | undefined;
  readonly policyGroup?: string | undefined;
  /** `ssm:NAME` or `secretsmanager:NAME` of the key that makes the node's client; never the key. */
  readonly key?: string | undefined;
  /** Client that the key belongs to; absent = `<organization>-validator`, unless `user` is given. */
  readonly validatorName?: string | undefined;
  /** User whose key it is: knife makes the client, no validator takes part. */
  readonly user?: string | undefined;
  /** `ssm:NAME` or `secretsmanager:NAME` of the server's own certificate authority; absent = the public ones. */
  readonly certificateAuthority?: string | undefined;
  /** Key that encrypts both; absent = the account's default one. */
  readonly kmsKeyArn?: string | undefined;
  /** What stands before the instance id in the node's name; `""` = the instance id alone. */
  readonly nodeNamePrefix: string;
  /** With `chef-solo`: folder of the repository on a mounted volume. */
  readonly repository: string;
  /** How Chef runs after the boot. */
  readonly client: "timer" | "service" | "none";
  readonly intervalSeconds: number;
  readonly splaySeconds: number;
  /** For a server that does not answer. */
  readonly waitSeconds: number;
  /** For one try of the first run. */
  readonly runSeconds: number;
  readonly attempts: number;
}

/** What Systems Manager runs on the nodes; with `managed-node`. */
export interface ManagedNodeArgs {
  readonly source: {
    readonly type: "S3" | "Git" | "GitHub" | "HTTP";
    readonly info: Readonly<Record<string, string>>;
    /** With S3: what the nodes may read. */
    readonly objectArns: readonly string[];
  };
  readonly runList: readonly string[];
  /** Version of Chef that the document installs; `None` = the one on the image. */
  readonly chefVersion: string;
  /** When the recipes run again, `rate(…)` or `cron(…)`. */
  readonly schedule: string;
  readonly onlineSeconds: number;
  readonly waitSeconds: number;
}

/** How a node starts. */
export interface BootArgs {
  /** A boot that takes longer is given up. */
  readonly limitSeconds: number;
  /** Days that failures are kept; one of the numbers that CloudWatch Logs has. */
  readonly logRetentionDays: number;
  /** Whether user data is compressed even when it is short; above 12 KiB it always is. */
  readonly compress: boolean;
}
