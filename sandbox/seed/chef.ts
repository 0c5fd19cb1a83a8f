/** The Chef server of a stack whose consumer is a function: the double beside the local AWS, with the consumer's user and its key. */
import { generateKeyPairSync } from "node:crypto";
import type { AwsPlace } from "./world.ts";
import { SeedError } from "./override.ts";

export interface SeededChef {
  /** With the organization. */
  readonly serverUrl: string;
  /** Reference to the private key: `ssm:NAME`. */
  readonly key: string;
}

const timeoutMs = 40_000; // longer than the double's own start may take

async function asked<T>(method: string, url: string, body?: object): Promise<T> {
  const answer = await fetch(url, { method, body: JSON.stringify(body ?? {}), signal: AbortSignal.timeout(timeoutMs) });
  if (!answer.ok)
    throw new SeedError(`The sandbox's Chef server is not to be had: ${method} ${url} answers ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Makes organization, user and key once; found again as they are the next time. */
export async function seedChef({ endpoint, region }: AwsPlace, organization: string, user: string): Promise<SeededChef> {
  const { url } = await asked<{ readonly url: string }>("POST", `${endpoint}/_fleet/chef`);
  const name = `/sandbox/chef/${organization}/${user}`;
  // Loaded here alone: most settings name no Chef server.
  const { GetParameterCommand, ParameterNotFound, PutParameterCommand, SSMClient } = await import("@aws-sdk/client-ssm");
  const ssm = new SSMClient({
    endpoint,
    region,
    credentials: { accessKeyId: "AKIASANDBOXSANDBOX00", secretAccessKey: "sandbox-has-no-secrets-0000000000000000" },
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  });
  const isKnown = await ssm.send(new GetParameterCommand({ Name: name })).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ParameterNotFound) return false;
      throw error;
    },
  );
  if (!isKnown) {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    await asked("PUT", `${url}/_fleet/organizations/${organization}`, { user, publicKey });
    await ssm.send(new PutParameterCommand({ Name: name, Type: "SecureString", Value: privateKey }));
  }
  return { serverUrl: `${url}/organizations/${organization}`, key: `ssm:${name}` };
}
