import { createPublicKey, type KeyObject } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** Everything the Chef double knows, as plain JSON. */
export interface ChefState {
  users: Record<string, { publicKey: string; organizations: string[] }>;
  organizations: Record<string, Organization>;
}

export interface Organization {
  /** Members by group; `clients` and `users` fill by themselves as on the server. */
  groups: Record<string, string[]>;
  containers: Record<"nodes" | "clients", AccessList>;
  nodes: Record<string, Stored<Record<string, unknown>>>;
  clients: Record<string, Stored<ClientRecord>>;
}

export interface ClientRecord {
  name: string;
  validator: boolean;
  publicKey: string;
}

export interface Stored<T> {
  value: T;
  access: AccessList;
}

export type Permission = "create" | "read" | "update" | "delete";
export type AccessList = Record<Permission, { actors: string[]; groups: string[] }>;

const access = (groups: Record<Permission, string[]>): AccessList => ({
  create: { actors: [], groups: groups.create },
  read: { actors: [], groups: groups.read },
  update: { actors: [], groups: groups.update },
  delete: { actors: [], groups: groups.delete },
});

/** What a new organization allows (oc_chef_authz_org_creator.erl): members read and delete clients, clients create nodes. */
export function newOrganization(): Organization {
  return {
    groups: { admins: [], users: [], clients: [] },
    containers: {
      nodes: access({
        create: ["admins", "users", "clients"],
        read: ["admins", "users", "clients"],
        update: ["admins", "users"],
        delete: ["admins", "users"],
      }),
      clients: access({ create: ["admins"], read: ["admins", "users"], update: ["admins"], delete: ["admins", "users"] }),
    },
    nodes: {},
    clients: {},
  };
}

/** An object starts with a copy of its container's list, and its maker may do everything; later changes to the container do not reach it. */
export function accessForNew(container: AccessList, maker: string): AccessList {
  const copy = structuredClone(container);
  for (const entry of Object.values(copy)) entry.actors.push(maker);
  return copy;
}

export function isAllowed(organization: Organization, list: AccessList, permission: Permission, actor: string): boolean {
  const entry = list[permission];
  return entry.actors.includes(actor) || entry.groups.some((group) => organization.groups[group]?.includes(actor));
}

/** What is kept of one object's change: the object, or null when it is gone. */
type Change = readonly [organization: string, kind: "nodes" | "clients", name: string, stored: Stored<unknown> | null];

/** Bytes of the journal above which the file is written anew. */
const journalLimitBytes = 16 * 1024 * 1024;

/**
 * Keeps the state in a file, and what changed since in a journal beside it: a change is on disk before it is answered,
 * and costs a line however large the organization is.
 */
export class ChefStore {
  readonly state: ChefState;
  readonly #file: string | undefined;
  readonly #keys = new Map<string, KeyObject>();
  #journalBytes = 0;

  constructor(file?: string) {
    this.#file = file;
    this.state =
      file !== undefined && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as ChefState) : { users: {}, organizations: {} };
    if (file === undefined || !existsSync(`${file}.journal`)) return;
    const lines = readFileSync(`${file}.journal`, "utf8").split("\n");
    for (const line of lines.slice(0, -1)) apply(this.state, JSON.parse(line) as Change); // behind the last newline is what a kill cut off, or nothing
    this.save();
  }

  /** Public key of a client of the organization or of a user. */
  keyOf(organization: Organization, name: string): KeyObject | undefined {
    const pem = organization.clients[name]?.value.publicKey ?? this.state.users[name]?.publicKey;
    if (pem === undefined) return undefined;
    const known = this.#keys.get(pem) ?? createPublicKey(pem);
    this.#keys.set(pem, known);
    return known;
  }

  putNode(organization: string, name: string, node: Organization["nodes"][string]): void {
    this.#change([organization, "nodes", name, node]);
  }

  /** A client is a member of the group `clients` from its first moment, and of no group from its last. */
  putClient(organization: string, name: string, client: Organization["clients"][string]): void {
    this.#change([organization, "clients", name, client]);
  }

  remove(organization: string, kind: "nodes" | "clients", name: string): void {
    this.#change([organization, kind, name, null]);
  }

  #change(change: Change): void {
    apply(this.state, change);
    if (this.#file === undefined) return;
    const line = `${JSON.stringify(change)}\n`;
    appendFileSync(`${this.#file}.journal`, line, { mode: 0o600 });
    this.#journalBytes += line.length;
    if (this.#journalBytes > journalLimitBytes) this.save();
  }

  /** Writes the whole state: for what is no node or client, and at the end. */
  save(): void {
    if (this.#file === undefined) return;
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.state), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
    // A kill before this leaves changes that the file has already; they lead to the same state once more.
    rmSync(`${this.#file}.journal`, { force: true });
    this.#journalBytes = 0;
  }
}

function apply({ organizations }: ChefState, [organizationName, kind, name, stored]: Change): void {
  const organization = organizations[organizationName];
  if (organization === undefined) return;
  if (stored !== null) {
    (organization[kind] as Record<string, Stored<unknown>>)[name] = stored;
    const members = organization.groups["clients"];
    if (kind === "clients" && members?.includes(name) === false) members.push(name);
    return;
  }
  delete organization[kind][name];
  if (kind === "clients")
    for (const members of Object.values(organization.groups)) if (members.includes(name)) members.splice(members.indexOf(name), 1);
}
