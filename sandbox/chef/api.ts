import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { allowedSkewSeconds, isSignedBy, missingHeaders, parseTimestamp, signVersion, type SignedRequest } from "./signature.ts";
import { indexedFields, parseQuery, SearchSyntaxError } from "./search.ts";
import { accessForNew, isAllowed, type ChefStore, type ClientRecord, type Organization, type Permission, type Stored } from "./store.ts";

export interface ChefReply {
  readonly status: number;
  readonly body: unknown;
}

/** Server API versions spoken: chef-server's own range. */
const apiVersions = { min: 0, max: 2 };

const fail = (status: number, ...error: string[]): ChefReply => ({ status, body: { error } });

interface Context {
  readonly organizationName: string;
  readonly organization: Organization;
  readonly actor: string;
  readonly request: SignedRequest;
}

/**
 * The Chef Infra Server's API as far as nodes and clients need it, with the server's own order of checks
 * (oc_chef_wm_base.erl): API version, method, headers and clock, organization, signature, membership, object, access.
 */
export class ChefServerApi {
  readonly #store: ChefStore;
  readonly #now: () => number;
  /** Node documents as the index knows them, with the time from which a change is found. */
  readonly #index = new Map<string, { atMs: number; node: Record<string, unknown> | undefined }[]>();
  readonly #fields = new WeakMap<object, ReadonlyMap<string, readonly string[]>>();
  /** Key of all clients that `register` makes: nobody signs with it. */
  #registeredKey: string | undefined;
  /** How long the search index is behind, milliseconds. */
  indexLagMs = 0;

  constructor(store: ChefStore, now: () => number) {
    this.#store = store;
    this.#now = now;
    for (const [name, organization] of Object.entries(store.state.organizations)) {
      for (const [node, { value }] of Object.entries(organization.nodes)) this.#index.set(`${name}/${node}`, [{ atMs: 0, node: value }]);
    }
  }

  handle(request: SignedRequest): ChefReply {
    const path = decodeURI(request.url.split("?")[0] ?? "").replace(/\/{2,}/g, "/");
    if (path === "/server_api_version" && request.method === "GET")
      return { status: 200, body: { min_api_version: apiVersions.min, max_api_version: apiVersions.max } };
    const match = /^\/organizations\/([^/]+)\/(nodes|clients|search)(?:\/([^/]+))?\/?$/.exec(path);
    if (!match) return fail(404, `no such address: ${path}`);
    const [, organizationName = "", kind = "", name] = match;
    const refused = this.#refuseUnversioned(request) ?? refuseMethod(request.method, kind, name) ?? this.#refuseMalformed(request);
    if (refused) return refused;
    const organization = this.#store.state.organizations[organizationName];
    if (!organization) return fail(404, `organization '${organizationName}' does not exist.`);
    const unsigned = this.#refuseUnsigned(request, organizationName, organization);
    if (unsigned) return unsigned;
    const context = { organizationName, organization, actor: header(request, "x-ops-userid"), request };
    if (kind === "search") return this.#search(context, name);
    return name === undefined
      ? this.#collection(context, kind as "nodes" | "clients")
      : this.#object(context, kind as "nodes" | "clients", decodeURIComponent(name));
  }

  /** What an instance's first Chef run leaves: a client, and the node that it made and may change. Not part of Chef's API. */
  register(organizationName: string, name: string, node: Record<string, unknown>): ChefReply {
    const organization = this.#store.state.organizations[organizationName];
    if (!organization) return fail(404, `organization '${organizationName}' does not exist.`);
    if (!namePattern.nodes.test(name) || !namePattern.clients.test(name)) return fail(400, "Field 'name' invalid");
    if (organization.nodes[name] !== undefined || organization.clients[name] !== undefined) return fail(409, `${name} already exists`);
    const { clients, nodes } = organization.containers;
    this.#registeredKey ??= generateKeyPairSync("rsa", { modulusLength: 2048 })
      .publicKey.export({ type: "spki", format: "pem" })
      .toString();
    const client = { name, validator: false, publicKey: this.#registeredKey };
    this.#store.putClient(organizationName, name, { value: client, access: accessForNew(clients, name) });
    this.#store.putNode(organizationName, name, { value: node, access: accessForNew(nodes, name) });
    this.#indexed({ organizationName }, name, node);
    return { status: 201, body: {} };
  }

  #refuseUnversioned(request: SignedRequest): ChefReply | undefined {
    const asked = header(request, "x-ops-server-api-version") || "0";
    const version = /^\d+$/.test(asked) ? Number(asked) : -1;
    if (version >= apiVersions.min && version <= apiVersions.max) return undefined;
    const message = `Specified version ${asked} not supported`;
    return {
      status: 406,
      body: { error: "invalid-x-ops-server-api-version", message, min_version: apiVersions.min, max_version: apiVersions.max },
    };
  }

  #refuseMalformed(request: SignedRequest): ChefReply | undefined {
    const missing = missingHeaders(request);
    if (missing.length > 0) return fail(400, `missing required authentication header(s) '${missing.join("', '")}'`);
    if (signVersion(header(request, "x-ops-sign")) === undefined) return fail(400, "Unsupported authentication protocol version");
    const user = header(request, "x-ops-userid");
    const signedAt = parseTimestamp(header(request, "x-ops-timestamp"));
    if (signedAt === undefined) return fail(401, `Failed to authenticate as '${user}'. bad header 'X-Ops-Timestamp'`);
    const skewed = Math.abs(this.#now() - signedAt) >= allowedSkewSeconds * 1000;
    return skewed ? fail(401, `Failed to authenticate as '${user}'. Synchronize the clock on your host.`) : undefined;
  }

  #refuseUnsigned(request: SignedRequest, organizationName: string, organization: Organization): ChefReply | undefined {
    const actor = header(request, "x-ops-userid");
    const key = this.#store.keyOf(organization, actor);
    if (!key) return fail(401, `Failed to authenticate as '${actor}'. Ensure that your node_name and client key are correct.`);
    const version = signVersion(header(request, "x-ops-sign"));
    if (version === undefined || !isSignedBy(request, version, key)) return fail(401, `Invalid signature for user or client '${actor}'`);
    const isMember = organization.clients[actor] !== undefined || this.#store.state.users[actor]?.organizations.includes(organizationName);
    return isMember ? undefined : fail(403, `'${actor}' not associated with organization '${organizationName}'`);
  }

  #collection(context: Context, kind: "nodes" | "clients"): ChefReply {
    const { organization, organizationName, actor, request } = context;
    const permission = request.method === "GET" ? "read" : "create";
    if (!isAllowed(organization, organization.containers[kind], permission, actor)) return forbidden(permission);
    const uri = (name: string) => `/organizations/${organizationName}/${kind}/${name}`;
    if (request.method === "GET")
      return { status: 200, body: Object.fromEntries(Object.keys(organization[kind]).map((name) => [name, uri(name)])) };
    const document = parseObject(request.body);
    const name = document?.["name"];
    if (document === undefined || typeof name !== "string" || !namePattern[kind].test(name)) return fail(400, "Field 'name' invalid");
    if (organization[kind][name] !== undefined) return fail(409, `${kind === "nodes" ? "Node" : "Client"} already exists`);
    const access = accessForNew(organization.containers[kind], actor);
    if (kind === "nodes") {
      this.#store.putNode(organizationName, name, { value: document, access });
      this.#indexed(context, name, document);
      return { status: 201, body: { uri: uri(name) } };
    }
    return this.#createClient(context, name, document, uri(name));
  }

  /** API version 1: the server makes a key pair when the request brings no public key. */
  #createClient(
    { organization, organizationName, actor }: Context,
    name: string,
    document: Record<string, unknown>,
    uri: string,
  ): ChefReply {
    const given = typeof document["public_key"] === "string" ? document["public_key"] : undefined;
    if (given !== undefined && !isPublicKey(given)) return fail(400, "Public Key must be a valid key.");
    const pair =
      given === undefined
        ? generateKeyPairSync("rsa", {
            modulusLength: 2048,
            publicKeyEncoding: { type: "spki", format: "pem" },
            privateKeyEncoding: { type: "pkcs1", format: "pem" },
          })
        : undefined;
    const publicKey = given ?? pair?.publicKey ?? "";
    const access = accessForNew(organization.containers.clients, actor);
    for (const entry of Object.values(access)) entry.actors.push(name);
    this.#store.putClient(organizationName, name, { value: { name, validator: document["validator"] === true, publicKey }, access });
    const key = {
      name: "default",
      public_key: publicKey,
      expiration_date: "infinity",
      uri: `${uri}/keys/default`,
      ...(pair ? { private_key: pair.privateKey } : {}),
    };
    return { status: 201, body: { uri, chef_key: key } };
  }

  /** The object is looked for before its access list: a 404 never proves a permission. */
  #object(context: Context, kind: "nodes" | "clients", name: string): ChefReply {
    const { organization, actor, request } = context;
    const found: Stored<Record<string, unknown> | ClientRecord> | undefined = organization[kind][name];
    if (!found) return kind === "nodes" ? fail(404, `node '${name}' not found`) : fail(404, `Cannot load client ${name}`);
    const permission: Permission = request.method === "GET" ? "read" : request.method === "DELETE" ? "delete" : "update";
    if (!isAllowed(organization, found.access, permission, actor)) return forbidden(permission);
    if (request.method === "GET") return { status: 200, body: shown(found.value) };
    if (request.method === "PUT") return this.#update(context, kind, name, found);
    this.#store.remove(context.organizationName, kind, name);
    if (kind === "nodes") this.#indexed(context, name, undefined);
    return { status: 200, body: shown(found.value) };
  }

  #update(context: Context, kind: "nodes" | "clients", name: string, found: Stored<unknown>): ChefReply {
    const document = parseObject(context.request.body);
    if (kind === "clients") return fail(405, "clients are not updated here");
    if (document === undefined || (document["name"] ?? name) !== name) return fail(400, "Node name mismatch.");
    const value = { ...document, name };
    this.#store.putNode(context.organizationName, name, { value, access: found.access });
    this.#indexed(context, name, value);
    return { status: 200, body: value };
  }

  #indexed({ organizationName }: Pick<Context, "organizationName">, name: string, node: Record<string, unknown> | undefined): void {
    const key = `${organizationName}/${name}`;
    const versions = this.#index.get(key) ?? [];
    versions.push({ atMs: this.#now() + this.indexLagMs, node });
    this.#index.set(key, versions);
  }

  /** Nodes as the index shows them at this moment; older versions are dropped on the way. */
  #visibleNodes(organizationName: string): Record<string, unknown>[] {
    const now = this.#now();
    return [...this.#index].flatMap(([key, versions]) => {
      if (!key.startsWith(`${organizationName}/`)) return [];
      const current = versions.findLastIndex(({ atMs }) => atMs <= now);
      if (current > 0) versions.splice(0, current);
      const node = current < 0 ? undefined : versions[0]?.node;
      if (node === undefined && versions.length === 1 && current >= 0) this.#index.delete(key);
      return node === undefined ? [] : [node];
    });
  }

  /** Worked out once for each document: documents are replaced, never changed. */
  #fieldsOf(node: Record<string, unknown>): ReadonlyMap<string, readonly string[]> {
    const known = this.#fields.get(node) ?? indexedFields(node);
    this.#fields.set(node, known);
    return known;
  }

  /** Search has no access filter (`strict_search_result_acls` is off by default). */
  #search({ organizationName, request }: Context, index: string | undefined): ChefReply {
    if (index !== "node") return fail(404, `I don't know how to search for ${index ?? "nothing"} data objects.`);
    const query = new URL(request.url, "http://chef").searchParams;
    try {
      const matches = parseQuery(query.get("q") ?? "*:*");
      const hits = this.#visibleNodes(organizationName).filter((node) => matches(this.#fieldsOf(node)));
      const start = Number(query.get("start") ?? 0);
      const rows = hits.slice(start, start + Number(query.get("rows") ?? 1000));
      const keys = request.method === "POST" ? parseObject(request.body) : undefined;
      return {
        status: 200,
        body: { total: hits.length, start, rows: rows.map((node) => (keys ? { url: "", data: picked(node, keys) } : shown(node))) },
      };
    } catch (error) {
      if (error instanceof SearchSyntaxError) return fail(400, `invalid search query: '${query.get("q") ?? ""}'`);
      throw error;
    }
  }
}

const namePattern = { nodes: /^[A-Za-z0-9_.:-]+$/, clients: /^[A-Za-z0-9_.-]+$/ };

const header = (request: SignedRequest, name: string) => String(request.headers[name] ?? "");

const forbidden = (permission: Permission) => fail(403, `missing ${permission} permission`);

function refuseMethod(method: string, kind: string, name: string | undefined): ChefReply | undefined {
  const allowed = kind === "search" ? ["GET", "POST"] : name === undefined ? ["GET", "POST"] : ["GET", "PUT", "DELETE"];
  return allowed.includes(method) ? undefined : { status: 405, body: {} };
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isPublicKey(pem: string): boolean {
  try {
    return createPublicKey(pem).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}

/** A client is shown without its key (API version 1). */
function shown(value: Record<string, unknown> | ClientRecord): Record<string, unknown> {
  if (!("publicKey" in value)) return value;
  return { name: value.name, clientname: value.name, validator: value.validator, json_class: "Chef::ApiClient", chef_type: "client" };
}

/** Partial search: each wanted name with the value at its path, over the merged attribute levels. */
function picked(node: Record<string, unknown>, keys: Record<string, unknown>): Record<string, unknown> {
  const levels = ["automatic", "override", "normal", "default"].map((level) => node[level]);
  const at = (value: unknown, path: readonly unknown[]): unknown =>
    path.reduce<unknown>(
      (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[String(key)] : undefined),
      value,
    );
  return Object.fromEntries(
    Object.entries(keys).map(([name, path]) => {
      const parts = Array.isArray(path) ? path : [];
      return [name, [node, ...levels].map((level) => at(level, parts)).find((value) => value !== undefined) ?? null];
    }),
  );
}
