/** The Chef server of a stack: the double beside the local AWS, with the users and clients that the settings name, and their keys. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
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

/** The key of one of them, made once for this local AWS: of several runs at the same time the first one makes it. */
async function keyOf({ endpoint, region }: AwsPlace, name: string): Promise<KeyObject> {
  // Loaded here alone: most settings name no Chef server.
  const { GetParameterCommand, ParameterAlreadyExists, ParameterNotFound, PutParameterCommand, SSMClient } =
    await import("@aws-sdk/client-ssm");
  const ssm = new SSMClient({
    endpoint,
    region,
    credentials: { accessKeyId: "AKIASANDBOXSANDBOX00", secretAccessKey: "sandbox-has-no-secrets-0000000000000000" },
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  });
  const read = async () => {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    return createPrivateKey(Parameter?.Value ?? "");
  };
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ParameterNotFound)) throw error;
  }
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const Value = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  try {
    await ssm.send(new PutParameterCommand({ Name: name, Type: "SecureString", Value }));
    return privateKey;
  } catch (error) {
    if (error instanceof ParameterAlreadyExists) return await read();
    throw error;
  }
}

/** Whose key it is: a user who may delete nodes and clients, or who may make clients, a validator or a user. */
export type ChefActor = { readonly user: string } | { readonly name: string; readonly validator: boolean };

/** Makes organization, user or client, and its key; what is there already stays. */
export async function seedChef(place: AwsPlace, organization: string, actor: ChefActor): Promise<SeededChef> {
  const { url } = await asked<{ readonly url: string }>("POST", `${place.endpoint}/_fleet/chef`);
  // A user is the server's, whatever organizations it is in, and has one key; a validator is its organization's.
  const isValidator = "validator" in actor && actor.validator;
  const name = `/sandbox/chef/${isValidator ? organization : "users"}/${"user" in actor ? actor.user : actor.name}`;
  const publicKey = createPublicKey(await keyOf(place, name))
    .export({ type: "spki", format: "pem" })
    .toString();
  await asked("PUT", `${url}/_fleet/organizations/${organization}${"user" in actor ? "" : "/creators"}`, { ...actor, publicKey });
  return { serverUrl: `${url}/organizations/${organization}`, key: `ssm:${name}` };
}
