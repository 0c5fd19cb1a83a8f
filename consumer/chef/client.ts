import { createPrivateKey, type KeyObject } from "node:crypto";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { rootCertificates } from "node:tls";
import { classify, ChefError, type Answer } from "./errors.ts";
import { signedHeaders, type SigningVersion } from "./sign.ts";

export interface ChefClientOptions {
  /** Address with organization, `https://chef.example.com/organizations/acme`. */
  readonly serverUrl: string;
  /** Client or user that signs. */
  readonly user: string;
  /** Gives the private key as PEM; asked again with `fresh` after the server refused the signature. */
  readonly key: (options: { fresh: boolean }) => Promise<string>;
  /** Signing protocol; default 1.3. */
  readonly signing?: SigningVersion;
  /** Allows an `http:` address (a server behind a TLS proxy on this machine, or a test); default false. */
  readonly allowHttp?: boolean;
  /** Certificates (PEM) to trust beside Node's; default none. */
  readonly certificateAuthority?: string;
  /** Time for the TCP and TLS handshake, milliseconds; default 3,000. */
  readonly connectTimeoutMs?: number;
  /** Time for the whole request, milliseconds; default 15,000. */
  readonly totalTimeoutMs?: number;
  /** Connections kept open; default 16. */
  readonly maxConnections?: number;
  /** Milliseconds since 1970; default the machine's clock. */
  readonly now?: () => number;
}

/** What a search hit says of a node: its name and, where its cloud attributes are known, its instance. */
export interface NodeFacts {
  readonly name: string;
  /** `automatic.ec2.instance_id`. */
  readonly instanceId: string | undefined;
  /** `automatic.ohai_time`, seconds since 1970; when chef-client last reported. */
  readonly lastSeenSeconds: number | undefined;
  /** `automatic.ec2.account_id` and `automatic.ec2.region`: where the instance runs. */
  readonly accountId: string | undefined;
  readonly region: string | undefined;
}

export interface ClientFacts {
  readonly name: string;
  readonly validator: boolean;
  readonly admin: boolean;
}

/** The part of the Chef server's API that clean-up needs. Every failure is a ChefError. */
export interface ChefApi {
  /** False when it was not there. */
  deleteNode(name: string): Promise<boolean>;
  deleteClient(name: string): Promise<boolean>;
  /** Undefined when there is none of the name. */
  node(name: string): Promise<NodeFacts | undefined>;
  client(name: string): Promise<ClientFacts | undefined>;
  /** Nodes whose index says that they run on the instance; the index may lag behind. */
  searchNodes(query: string, limit: number): Promise<{ readonly total: number; readonly nodes: readonly NodeFacts[] }>;
  /** Every node that the index shows, page by page. */
  searchAllNodes(): Promise<readonly NodeFacts[]>;
  listNodes(): Promise<readonly string[]>;
  listClients(): Promise<readonly string[]>;
}

/** Rows of one search page; the server's own default. */
const searchPage = 1_000;
/** What a partial search brings of each node, by the path of its attribute. */
const wantedOfSearch = {
  name: ["name"],
  instanceId: ["ec2", "instance_id"],
  accountId: ["ec2", "account_id"],
  region: ["ec2", "region"],
  lastSeen: ["ohai_time"],
};

/** Newest first; the server's own range is asked for only when it refuses. */
const preferredApiVersion = 1;
const maxBodyBytes = 64 * 1024 * 1024;

export class ChefClient implements ChefApi {
  readonly #options: ChefClientOptions;
  readonly #base: URL;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #organization: string;
  #key: KeyObject | undefined;
  #apiVersion = preferredApiVersion;

  /** @throws RangeError when the address is no https address with an organization. */
  constructor(options: ChefClientOptions) {
    this.#options = options;
    this.#base = checkedAddress(options.serverUrl, options.allowHttp ?? false);
    this.#organization = /\/organizations\/([^/]+)/.exec(this.#base.pathname)?.[1] ?? "";
    const shared = { keepAlive: true, maxSockets: options.maxConnections ?? 16 };
    this.#agent = this.#base.protocol === "https:" ? new HttpsAgent({ ...shared, ...trust(options) }) : new HttpAgent(shared);
  }

  close(): void {
    this.#agent.destroy();
  }

  async deleteNode(name: string): Promise<boolean> {
    return (await this.#optional("DELETE", `nodes/${encodeURIComponent(name)}`)) !== undefined;
  }

  async deleteClient(name: string): Promise<boolean> {
    return (await this.#optional("DELETE", `clients/${encodeURIComponent(name)}`)) !== undefined;
  }

  async node(name: string): Promise<NodeFacts | undefined> {
    const found = await this.#optional("GET", `nodes/${encodeURIComponent(name)}`);
    return found === undefined ? undefined : nodeFacts(name, record(record(found)["automatic"]));
  }

  async client(name: string): Promise<ClientFacts | undefined> {
    const found = await this.#optional("GET", `clients/${encodeURIComponent(name)}`);
    return found === undefined
      ? undefined
      : { name, validator: record(found)["validator"] === true, admin: record(found)["admin"] === true };
  }

  searchNodes(query: string, limit: number): Promise<{ total: number; nodes: NodeFacts[] }> {
    return this.#search(query, limit, 0);
  }

  async searchAllNodes(): Promise<NodeFacts[]> {
    const found: NodeFacts[] = [];
    for (let total = 1; found.length < total;) {
      const page = await this.#search("*:*", searchPage, found.length);
      found.push(...page.nodes);
      total = page.nodes.length === 0 ? 0 : page.total;
    }
    return found;
  }

  async #search(query: string, rowCount: number, start: number): Promise<{ total: number; nodes: NodeFacts[] }> {
    const path = `search/node?q=${encodeURIComponent(query)}&rows=${rowCount}&start=${start}`;
    const found = record(await this.#request("POST", path, JSON.stringify(wantedOfSearch)));
    const rows = Array.isArray(found["rows"]) ? found["rows"] : [];
    const nodes = rows.map((row) => {
      const data = record(record(row)["data"]);
      const ec2 = { instance_id: data["instanceId"], account_id: data["accountId"], region: data["region"] };
      return nodeFacts(String(data["name"]), { ec2, ohai_time: data["lastSeen"] });
    });
    return { total: Number(found["total"] ?? nodes.length), nodes };
  }

  async listNodes(): Promise<string[]> {
    return Object.keys(record(await this.#request("GET", "nodes")));
  }

  async listClients(): Promise<string[]> {
    return Object.keys(record(await this.#request("GET", "clients")));
  }

  async #optional(method: string, path: string): Promise<unknown> {
    try {
      return await this.#request(method, path);
    } catch (error) {
      if (error instanceof ChefError && error.kind === "notFound") return undefined;
      throw error;
    }
  }

  /** Asks once more with a fresh key after a refused signature, and with the server's API version after a refused one. */
  async #request(method: string, path: string, body = ""): Promise<unknown> {
    const usedKey = this.#key !== undefined;
    try {
      return await this.#attempt(method, path, body);
    } catch (error) {
      if (!(error instanceof ChefError)) throw error;
      if (error.kind === "authentication" && usedKey) this.#key = await this.#readKey(true);
      else if (error.kind !== "apiVersion" || !(await this.#negotiate())) throw error;
      return await this.#attempt(method, path, body);
    }
  }

  async #attempt(method: string, path: string, body: string): Promise<unknown> {
    const key = (this.#key ??= await this.#readKey(false));
    const url = new URL(`${this.#base.pathname}/${path}`, this.#base);
    const signedAtMs = (this.#options.now ?? Date.now)();
    const { user } = this.#options;
    const signed = { method, path: url.pathname, body, user, time: new Date(signedAtMs), apiVersion: this.#apiVersion };
    const headers = {
      ...(await signedHeaders(signed, key, this.#options.signing ?? "1.3")),
      Accept: "application/json",
      "X-Chef-Version": "18.0.0",
      ...(body === "" ? {} : { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(body)) }),
    };
    const answer = await this.#send(url, method, headers, body);
    if (answer.status < 200 || answer.status > 299)
      throw classify(answer, { method, path: url.pathname, user, organization: this.#organization, signedAtMs });
    return parsed(answer, url.pathname);
  }

  /** The newest version that both speak; false when the server's range is not to be had or nothing would change. */
  async #negotiate(): Promise<boolean> {
    const answer = await this.#send(new URL("/server_api_version", this.#base), "GET", { Accept: "application/json" }, "");
    if (answer.status !== 200) return false;
    const range = record(parsed(answer, "/server_api_version"));
    const wanted = Math.min(Math.max(preferredApiVersion, Number(range["min_api_version"])), Number(range["max_api_version"]));
    if (!Number.isInteger(wanted) || wanted === this.#apiVersion) return false;
    this.#apiVersion = wanted;
    return true;
  }

  async #readKey(fresh: boolean): Promise<KeyObject> {
    const pem = await this.#options.key({ fresh });
    try {
      const key = createPrivateKey(pem);
      if (key.asymmetricKeyType !== "rsa") throw new TypeError(`it is a ${key.asymmetricKeyType ?? "unknown"} key`);
      return key;
    } catch {
      // The cause could quote the key, so it is left out.
      throw new ChefError(
        "authentication",
        `the key of ${this.#options.user} is no RSA private key in PEM format; store the file that knife or the server gave, unchanged`,
      );
    }
  }

  #send(url: URL, method: string, headers: Record<string, string>, body: string): Promise<Answer> {
    const { connectTimeoutMs = 3_000, totalTimeoutMs = 15_000 } = this.#options;
    return new Promise((resolve, reject) => {
      const outgoing = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, { method, headers, agent: this.#agent });
      const fail = (error: Error) => reject(new ChefError("network", `no answer from ${url.host}: ${error.message}`, { cause: error }));
      const total = setTimeout(() => outgoing.destroy(new Error(`not done within ${totalTimeoutMs} ms`)), totalTimeoutMs);
      outgoing.on("socket", (socket) => {
        if (!socket.connecting) return;
        const connect = setTimeout(() => outgoing.destroy(new Error(`no connection within ${connectTimeoutMs} ms`)), connectTimeoutMs);
        const ready = url.protocol === "https:" ? "secureConnect" : "connect";
        for (const event of [ready, "close"]) socket.once(event, () => clearTimeout(connect));
      });
      outgoing.on("error", fail);
      outgoing.on("close", () => clearTimeout(total));
      outgoing.on("response", (response) => void collect(response).then(resolve, fail));
      outgoing.end(body);
    });
  }
}

async function collect(response: IncomingMessage): Promise<Answer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBodyBytes) throw new Error(`the answer is larger than ${maxBodyBytes} bytes`);
    parts.push(part);
  }
  if (!response.complete) throw new Error("the answer ended early");
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() };
}

function parsed(answer: Answer, path: string): unknown {
  try {
    return JSON.parse(answer.body === "" ? "{}" : answer.body);
  } catch (error) {
    throw new ChefError("overload", `the Chef server's answer to ${path} is not JSON`, { status: answer.status, cause: error });
  }
}

function checkedAddress(text: string, allowHttp: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const schemes = allowHttp ? ["https:", "http:"] : ["https:"];
  if (
    url === undefined ||
    !schemes.includes(url.protocol) ||
    !/^\/organizations\/[a-z0-9][a-z0-9_-]{0,254}\/?$/.test(url.pathname) ||
    url.username !== ""
  ) {
    throw new RangeError(
      `the Chef server's address is ${JSON.stringify(text)}; it must look like https://chef.example.com/organizations/NAME${allowHttp ? "" : " (http only when it is allowed explicitly)"}`,
    );
  }
  url.pathname = url.pathname.replace(/\/$/, "");
  return url;
}

/** The given authority comes beside the system's own, not in their place. */
function trust({ certificateAuthority }: ChefClientOptions): { ca?: string[] } {
  return certificateAuthority === undefined ? {} : { ca: [...rootCertificates, certificateAuthority] };
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

function nodeFacts(name: string, automatic: Readonly<Record<string, unknown>>): NodeFacts {
  const ec2 = record(automatic["ec2"]);
  const seen = automatic["ohai_time"];
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  return {
    name,
    instanceId: text(ec2["instance_id"]),
    lastSeenSeconds: typeof seen === "number" ? seen : undefined,
    accountId: text(ec2["account_id"]),
    region: text(ec2["region"]),
  };
}
