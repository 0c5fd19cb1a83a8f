import type { SecretReference } from "../settings.ts";

/** How long a secret is used before it is read again, milliseconds: a rotated key is found without a refused request. */
const secretLifeMs = 15 * 60_000;

/** Reads a secret by its reference, from wherever it is stored. Never logs it. */
export type ReadSecret = (reference: SecretReference) => Promise<string>;

/** The SDK of only the store that is used is loaded: it is most of a cold start. A module of its own each, so that a bundle holds no more of it than is called. */
export const readSecret: ReadSecret = async ({ store, name }) => {
  const value =
    store === "ssm"
      ? await (await import("./parameter-store.ts")).readParameter(name)
      : await (await import("./secrets-manager.ts")).readSecretValue(name);
  if (value === undefined || value === "") throw new Error(`${store}:${name} is empty; store the secret there`);
  return value;
};

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
