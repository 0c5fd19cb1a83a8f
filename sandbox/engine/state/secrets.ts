/**
 * Pulumi's passphrase secrets: PBKDF2-SHA256 with 1,000,000 rounds makes the key, AES-256-GCM encrypts.
 * A ciphertext is `v1:<nonce>:<text and tag>` in base64; the salt is kept as `v1:<salt>:<ciphertext of "pulumi">`.
 * https://github.com/pulumi/pulumi/blob/master/pkg/secrets/passphrase/manager.go
 */
import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

const rounds = 1_000_000;
const keyBytes = 32;
const saltBytes = 8;
const nonceBytes = 12;
const tagBytes = 16;
const checkText = "pulumi";

/** The passphrase does not fit the salt, or the text was changed. */
export class DecryptionError extends Error {
  override readonly name = "DecryptionError";
}

export class Crypter {
  readonly #key: Buffer;
  /** The salt with its check text, as it stands in `encryptionsalt` and `secrets_providers`. */
  readonly state: string;
  /** One ciphertext per plaintext, so that an unchanged secret leaves an unchanged state. */
  readonly #known = new Map<string, string>();

  constructor(key: Buffer, state: (encrypt: (text: string) => string) => string) {
    this.#key = key;
    this.state = state((text) => this.encrypt(text));
  }

  encrypt(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    const encrypted = `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
    this.#known.set(text, encrypted);
    return encrypted;
  }

  decrypt(encrypted: string): string {
    const [version, nonce, sealed] = encrypted.split(":");
    if (version !== "v1" || nonce === undefined || sealed === undefined) throw new DecryptionError("not a v1 ciphertext");
    const bytes = Buffer.from(sealed, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.#key, Buffer.from(nonce, "base64"));
    try {
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      const text = Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString("utf8");
      this.#known.set(text, encrypted);
      return text;
    } catch {
      throw new DecryptionError("wrong passphrase, or the ciphertext was changed");
    }
  }
}

const deriveKey = (passphrase: string, salt: Buffer) => promisify(pbkdf2)(passphrase, salt, rounds, keyBytes, "sha256");

export async function newCrypter(passphrase: string): Promise<Crypter> {
  const salt = randomBytes(saltBytes);
  return new Crypter(await deriveKey(passphrase, salt), (encrypt) => `v1:${salt.toString("base64")}:${encrypt(checkText)}`);
}

/** Takes the salt of an existing state or stack file; throws a DecryptionError when the passphrase is another one. */
export async function existingCrypter(passphrase: string, state: string): Promise<Crypter> {
  const [version, salt, ...check] = state.split(":");
  if (version !== "v1" || salt === undefined) throw new DecryptionError("not a v1 salt");
  const crypter = new Crypter(await deriveKey(passphrase, Buffer.from(salt, "base64")), () => state);
  if (crypter.decrypt(check.join(":")) !== checkText) throw new DecryptionError("wrong passphrase");
  return crypter;
}
