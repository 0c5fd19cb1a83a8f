/** Signed requests to the Chef server, as a client or user with its key. */
import { createPrivateKey } from "node:crypto";
import { signedHeaders } from "../../../consumer/chef/sign.ts";

export interface Signer {
  readonly user: string;
  /** PEM. */
  readonly key: string;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** @param serverUrl with the organization. */
export async function ask(serverUrl: string, { user, key }: Signer, method: string, path: string, document?: object): Promise<Answer> {
  const url = new URL(`${serverUrl}/${path}`);
  const body = document === undefined ? "" : JSON.stringify(document);
  const signed = { method, path: url.pathname, body, user, time: new Date(), apiVersion: 1 };
  const headers = {
    ...(await signedHeaders(signed, createPrivateKey(key), "1.3")),
    Accept: "application/json",
    "X-Chef-Version": "18.0.0",
  };
  const answer = await fetch(url, { method, headers, ...(body === "" ? {} : { body }) });
  return { status: answer.status, body: JSON.parse((await answer.text()) || "{}") as Answer["body"] };
}

/** Makes a client and gives its private key; refused, with the server's words, when the signer may not or the name is taken. */
export async function createClient(serverUrl: string, signer: Signer, name: string): Promise<string> {
  const { status, body } = await ask(serverUrl, signer, "POST", "clients", { name, create_key: true });
  const key = (body["chef_key"] as { readonly private_key?: string } | undefined)?.private_key;
  if (status !== 201 || key === undefined)
    throw new Error(`the client ${name} is refused to ${signer.user}: ${status} ${JSON.stringify(body["error"])}`);
  return key;
}
