import { clientOptions } from "./clients.ts";
import type { SecretReference } from "../settings.ts";

/** How long a secret is used before it is read again, milliseconds: a rotated key is found without a refused request. */
const secretLifeMs = 15 * 60_000;

/** Reads a secret by its reference, from wherever it is stored. Never logs it. */
export type ReadSecret = (reference: SecretReference) => Promise<string>;

/** The SDK of only the store that is used is loaded: it is most of a cold start. */
export const readSecret: ReadSecret = async ({ store, name }) => {
  const value = store === "ssm" ? await fromParameterStore(name) : await fromSecretsManager(name);
  if (value === undefined || value === "") throw new Error(`${store}:${name} is empty; store the secret there`);
  return value;
};

async function fromParameterStore(name: string): Promise<string | undefined> {
  const { GetParameterCommand, SSMClient } = await import("@aws-sdk/client-ssm");
  const { Parameter: parameter } = await new SSMClient(clientOptions).send(new GetParameterCommand({ Name: name, WithDecryption: true }));
  return parameter?.Value;
}

async function fromSecretsManager(name: string): Promise<string | undefined> {
  const { GetSecretValueCommand, SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
  return (await new SecretsManagerClient(clientOptions).send(new GetSecretValueCommand({ SecretId: name }))).SecretString;
}

/** Reads once and remembers; concurrent callers share one read, a failed read is not remembered. */
export class CachedSecret {
  readonly #read: () => Promise<string>;
  readonly #now: () => number;
  #value: { readonly readAtMs: number; readonly text: Promise<string> } | undefined;

  constructor(read: () => Promise<string>, now: () => number = Date.now) {
    this.#read = read;
    this.#now = now;
  }

  get({ fresh }: { fresh: boolean }): Promise<string> {
    const known = this.#value;
    if (known !== undefined && !fresh && this.#now() - known.readAtMs < secretLifeMs) return known.text;
    const value = { readAtMs: this.#now(), text: this.#read() };
    this.#value = value;
    value.text.catch(() => {
      if (this.#value === value) this.#value = undefined;
    });
    return value.text;
  }
}
