/**
 * Environment of everything that the sandbox starts. Nothing of the caller's AWS or Pulumi settings is passed on: no
 * credentials, no profile, no backend; files in the home folder are out of reach as well.
 */
import { delimiter, join } from "node:path";
import process from "node:process";

/** What a child may know of the caller: where programs, temporary files and compiled code are, and how the test runner marks its processes. */
const passedOn = [
  "PATH",
  "TMPDIR",
  "LANG",
  "LC_ALL",
  "TZ",
  "NODE_COMPILE_CACHE",
  "NODE_COMPILE_CACHE_PORTABLE",
  "NODE_V8_COVERAGE",
  "FLEET_TEST_RUN",
];

export interface SandboxAws {
  readonly endpoint: string;
  readonly region: string;
}

/** The form of a real key, so that SDKs and provider accept it; the local AWS does not check signatures. */
const fakeCredentials = { AWS_ACCESS_KEY_ID: "AKIASANDBOXSANDBOX00", AWS_SECRET_ACCESS_KEY: "sandbox-has-no-secrets-0000000000000000" };

/** Variables that send any AWS SDK, and the AWS CLI, to the local AWS and nowhere else. */
export function awsEnvironment(aws: SandboxAws, sandboxDir: string): Readonly<Record<string, string>> {
  return {
    ...fakeCredentials,
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_REGION: aws.region,
    AWS_DEFAULT_REGION: aws.region,
    // Empty files would do as well; paths that do not exist are read as "no profiles".
    AWS_CONFIG_FILE: join(sandboxDir, "no-aws-config"),
    AWS_SHARED_CREDENTIALS_FILE: join(sandboxDir, "no-aws-credentials"),
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

/** Environment of program, policy pack and plugins. */
export function childEnvironment(aws: SandboxAws, root: string, sandboxDir: string): Readonly<Record<string, string>> {
  const kept = passedOn.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const path = [join(root, "sandbox", "plugins", "bin"), join(root, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter);
  return {
    ...Object.fromEntries(kept),
    ...awsEnvironment(aws, sandboxDir),
    PATH: path,
    HOME: join(sandboxDir, "home"),
    PULUMI_CONFIG_PASSPHRASE: sandboxPassphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // What the CLI's own environment holds when it runs with the pack as the workflows do.
    PULUMI_OPTION_POLICY_PACK: "policies",
  };
}

/** Encrypts the secrets of sandbox states; it guards nothing, since a sandbox holds no real secret. */
export const sandboxPassphrase = "sandbox";
