/** Reads and writes the state file: what `pulumi stack export` prints and `pulumi stack import` takes. */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { EngineError } from "../api.ts";
import type { PropertyMap, Value } from "../values.ts";
import { isObject, isSecret, makeSecret, signatureKey, signatures, transform, transformMap } from "../values.ts";
import type { PendingOperation, ResourceState } from "./resource-state.ts";
import { DecryptionError, existingCrypter, newCrypter } from "./secrets.ts";
import type { Crypter } from "./secrets.ts";

/** The engine whose format and behaviour this one follows. */
export const engineVersion = "v3.260.0";
const formatVersion = 3;

export interface Checkpoint {
  readonly resources: readonly ResourceState[];
  readonly pending: readonly PendingOperation[];
  readonly crypter: Crypter;
  /** Whether there was a file. */
  readonly exists: boolean;
}

interface RawCheckpoint {
  readonly resources: readonly ResourceState[];
  readonly pending: readonly PendingOperation[];
  readonly salt?: string;
}

function corrupt(stateFile: string, why: string): EngineError {
  return new EngineError(
    `The state file ${stateFile} is corrupt: ${why}. It was left untouched. Put back a good copy, or move it away to start with an empty state (resources that exist are then unknown to the next run).`,
  );
}

const isStrings = (value: unknown): boolean =>
  value === undefined || (Array.isArray(value) && value.every((item) => typeof item === "string"));

function isResource(value: unknown): value is ResourceState {
  if (typeof value !== "object" || value === null) return false;
  const { urn, type, custom, inputs, outputs, dependencies } = value as Record<string, unknown>;
  const isMap = (map: unknown) => map === undefined || isObject(map as Value);
  return (
    typeof urn === "string" &&
    urn.startsWith("urn:pulumi:") &&
    typeof type === "string" &&
    typeof custom === "boolean" &&
    isMap(inputs) &&
    isMap(outputs) &&
    isStrings(dependencies)
  );
}

/** Undefined when there is no file. Throws an EngineError that names a file that is no state. */
async function readRaw(stateFile: string): Promise<RawCheckpoint | undefined> {
  let text: string;
  try {
    text = await readFile(stateFile, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new EngineError(`The state file ${stateFile} cannot be read: ${(error as Error).message}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw corrupt(stateFile, `it is not JSON (${(error as Error).message})`);
  }
  const file = json as { version?: unknown; deployment?: Record<string, unknown> } | null;
  if (file?.version !== formatVersion)
    throw corrupt(stateFile, `its "version" is ${JSON.stringify(file?.version)}, expected ${formatVersion}`);
  const deployment = file.deployment;
  if (typeof deployment !== "object") throw corrupt(stateFile, `it has no "deployment"`);
  const { resources = [], pending_operations: pending = [], secrets_providers: secrets } = deployment;
  if (!Array.isArray(resources) || !resources.every(isResource))
    throw corrupt(stateFile, `"deployment.resources" is not a list of resources`);
  if (
    !Array.isArray(pending) ||
    !pending.every((one: { resource?: unknown; type?: unknown } | null) => typeof one?.type === "string" && isResource(one.resource))
  )
    throw corrupt(stateFile, `"deployment.pending_operations" is not a list of operations`);
  const provider = secrets as { type?: string; state?: { salt?: string } } | undefined;
  if (provider !== undefined && (provider.type !== "passphrase" || typeof provider.state?.salt !== "string"))
    throw new EngineError(
      `The state file ${stateFile} has the secrets provider ${JSON.stringify(provider.type)}; this engine knows "passphrase" only. Use Pulumi's own CLI for this state.`,
    );
  return { resources, pending: pending as PendingOperation[], ...(provider?.state?.salt !== undefined && { salt: provider.state.salt }) };
}

type SecretDecoder = (ciphertext: string) => Value;

const decodeMap = (map: PropertyMap | undefined, decode: SecretDecoder): PropertyMap | undefined =>
  map && transformMap(map, (value) => decodeSecret(value, decode));

function decodeSecret(value: Value, decode: SecretDecoder): Value | undefined {
  if (!isSecret(value)) return undefined;
  const { ciphertext, plaintext } = value;
  if (typeof ciphertext === "string") return makeSecret(decode(ciphertext));
  return makeSecret(typeof plaintext === "string" ? (JSON.parse(plaintext) as Value) : null);
}

function decodeState(state: ResourceState, decode: SecretDecoder): ResourceState {
  const inputs = decodeMap(state.inputs, decode);
  const outputs = decodeMap(state.outputs, decode);
  const trigger = state.replacementTrigger;
  return {
    ...state,
    ...(inputs && { inputs }),
    ...(outputs && { outputs }),
    ...(trigger !== undefined && { replacementTrigger: transform(trigger, (value) => decodeSecret(value, decode)) }),
  };
}

/** An empty state with a new key when there is no file. Throws an EngineError for a corrupt file and a wrong passphrase. */
export async function loadCheckpoint(stateFile: string, passphrase: string): Promise<Checkpoint> {
  const raw = await readRaw(stateFile);
  if (raw === undefined) return { resources: [], pending: [], crypter: await newCrypter(passphrase), exists: false };
  try {
    const crypter = raw.salt === undefined ? await newCrypter(passphrase) : await existingCrypter(passphrase, raw.salt);
    const decode = (ciphertext: string) => JSON.parse(crypter.decrypt(ciphertext)) as Value;
    return {
      resources: raw.resources.map((state) => decodeState(state, decode)),
      pending: raw.pending.map((one) => ({ ...one, resource: decodeState(one.resource, decode) })),
      crypter,
      exists: true,
    };
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error;
    throw new EngineError(
      `The secrets in the state file ${stateFile} cannot be read: ${error.message}. Give the passphrase that the state was made with (PULUMI_CONFIG_PASSPHRASE).`,
    );
  }
}

/** The resources without the need of a passphrase; secrets stay encrypted, as secret values without content. */
export async function loadResources(stateFile: string): Promise<readonly ResourceState[]> {
  const raw = await readRaw(stateFile);
  return (raw?.resources ?? []).map((state) => decodeState(state, () => null));
}

/** The file in pieces: a large state is written often, and what has not changed is neither serialized nor copied again. */
export type CheckpointContent = readonly Buffer[];

export const sameContent = (one: CheckpointContent, other: CheckpointContent): boolean =>
  one.length === other.length &&
  one.every((piece, index) => {
    const counterpart = other[index];
    return piece === counterpart || (counterpart !== undefined && piece.equals(counterpart));
  });

const separator = Buffer.from(",\n");

const separated = (pieces: readonly Buffer[]) => pieces.flatMap((piece, index) => (index === 0 ? [piece] : [separator, piece]));

/** Turns states into the file's content. */
export class CheckpointWriter {
  readonly #crypter: Crypter;
  readonly #stateFile: string;
  readonly #pieces = new WeakMap<ResourceState, Buffer>();

  constructor(stateFile: string, crypter: Crypter) {
    this.#stateFile = stateFile;
    this.#crypter = crypter;
  }

  #encode(value: Value): Value | undefined {
    if (!isSecret(value)) return undefined;
    return { [signatureKey]: signatures.secret, ciphertext: this.#crypter.encrypt(JSON.stringify(value["value"] ?? null)) };
  }

  #piece(state: ResourceState): Buffer {
    const known = this.#pieces.get(state);
    if (known !== undefined) return known;
    const encode = (value: Value) => this.#encode(value);
    const text = JSON.stringify({
      ...state,
      ...(state.inputs && { inputs: transformMap(state.inputs, encode) }),
      ...(state.outputs && { outputs: transformMap(state.outputs, encode) }),
      ...(state.replacementTrigger !== undefined && { replacementTrigger: transform(state.replacementTrigger, encode) }),
    });
    const piece = Buffer.from(text);
    this.#pieces.set(state, piece);
    return piece;
  }

  /** What the state says, without the time of writing. */
  content(resources: Iterable<ResourceState>, pending: Iterable<PendingOperation>): CheckpointContent {
    const secrets = JSON.stringify({ type: "passphrase", state: { salt: this.#crypter.state } });
    const operations = Array.from(pending, ({ type, resource }) => [
      Buffer.from(`{"type":${JSON.stringify(type)},"resource":`),
      this.#piece(resource),
      Buffer.from("}"),
    ]);
    return [
      Buffer.from(`"secrets_providers":${secrets},"resources":[\n`),
      ...separated(Array.from(resources, (state) => this.#piece(state))),
      ...operations.flatMap((operation, index) => [index === 0 ? Buffer.from(`\n],"pending_operations":[\n`) : separator, ...operation]),
      Buffer.from(`\n],"metadata":{}}}\n`),
    ];
  }

  /** Writes a new file beside the old one and renames it, so that a reader sees either the one or the other. */
  async write(content: CheckpointContent): Promise<void> {
    try {
      await this.#write(content);
    } catch (error) {
      throw new EngineError(`The state file ${this.#stateFile} cannot be written: ${(error as Error).message}`);
    }
  }

  async #write(content: CheckpointContent): Promise<void> {
    const magic = createHash("sha256").update(engineVersion).digest("hex");
    const manifest = JSON.stringify({ time: new Date().toISOString(), magic, version: engineVersion });
    const folder = dirname(this.#stateFile);
    const temporary = join(folder, `.${basename(this.#stateFile)}.${process.pid}.tmp`);
    await mkdir(folder, { recursive: true });
    const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
    try {
      const pieces = [Buffer.from(`{"version":${formatVersion},"deployment":{"manifest":${manifest},`), ...content];
      const { bytesWritten } = await file.writev(pieces);
      const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
      if (bytesWritten !== size) throw new Error(`only ${bytesWritten} of ${size} bytes were taken; is the disk full?`);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#stateFile);
  }
}
