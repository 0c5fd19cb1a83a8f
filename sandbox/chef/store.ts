import { createPublicKey, type KeyObject } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

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

/** Keeps the state in a file that is replaced as a whole, at most once a tick. */
export class ChefStore {
  readonly state: ChefState;
  readonly #file: string | undefined;
  readonly #keys = new Map<string, KeyObject>();
  #saving = false;

  constructor(file?: string) {
    this.#file = file;
    this.state =
      file !== undefined && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as ChefState) : { users: {}, organizations: {} };
  }

  /** Public key of a client of the organization or of a user. */
  keyOf(organization: Organization, name: string): KeyObject | undefined {
    const pem = organization.clients[name]?.value.publicKey ?? this.state.users[name]?.publicKey;
    if (pem === undefined) return undefined;
    const known = this.#keys.get(pem) ?? createPublicKey(pem);
    this.#keys.set(pem, known);
    return known;
  }

  changed(): void {
    if (this.#file === undefined || this.#saving) return;
    this.#saving = true;
    setImmediate(() => this.flush());
  }

  flush(): void {
    this.#saving = false;
    if (this.#file === undefined) return;
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.state), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}
