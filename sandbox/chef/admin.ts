/** The paths below `/_fleet/`: what the sandbox itself asks of its Chef double. Not signed, and only on 127.0.0.1. */
import type { ChefReply, ChefServerApi } from "./api.ts";
import type { Fault } from "./fault.ts";
import { accessForNew, newOrganization, type ChefStore } from "./store.ts";

export const adminPath = "/_fleet/";

interface Administered {
  readonly store: ChefStore;
  readonly api: ChefServerApi;
  readonly faults: Fault[];
}

interface Body {
  readonly validator?: unknown;
  readonly user?: unknown;
  readonly publicKey?: unknown;
  readonly name?: unknown;
}

const refused = (error: string): ChefReply => ({ status: 400, body: { error: [error] } });

/**
 * `PUT faults [{match, times, …}]` says what goes wrong from now on (`match` as the source of a pattern).
 * `PUT organizations/NAME {user, publicKey}` makes an organization and a member who may delete nodes and clients; again for another member.
 * `PUT organizations/NAME/creators {name, publicKey, validator}` makes who may make clients: a validator, or a user when that is false.
 * `GET organizations/NAME` names its nodes and clients. `POST organizations/NAME/nodes {name, …}` registers a node with its client.
 */
export function administer(method: string, url: string, text: string, { store, api, faults }: Administered): ChefReply {
  if (method === "PUT" && url === `${adminPath}faults`) return setFaults(text, faults);
  const match = /^\/_fleet\/organizations\/([a-z0-9][a-z0-9_-]*)(\/nodes|\/creators)?$/.exec(url);
  const [, name = "", nodes] = match ?? [];
  const action = match === null ? undefined : actions[`${method}${nodes ?? ""}`];
  if (action === undefined) return { status: 404, body: { error: [`no ${method} ${url} here`] } };
  try {
    const body = (text === "" ? {} : JSON.parse(text)) as Body;
    return action(name, body, store, api);
  } catch (error) {
    if (error instanceof SyntaxError) return refused(error.message);
    throw error;
  }
}

function setFaults(text: string, faults: Fault[]): ChefReply {
  try {
    const given = JSON.parse(text) as (Omit<Fault, "match"> & { match: string })[];
    faults.splice(0, faults.length, ...given.map((one) => ({ ...one, match: new RegExp(one.match) })));
    return { status: 200, body: {} };
  } catch (error) {
    return refused(`faults must be a list of {match, times, …}: ${String(error)}`);
  }
}

type Action = (organization: string, body: Body, store: ChefStore, api: ChefServerApi) => ChefReply;

const actions: Readonly<Record<string, Action>> = {
  PUT: (name, { user, publicKey }, store) => {
    if (typeof user !== "string" || typeof publicKey !== "string") return refused("user and publicKey must be texts");
    const organization = (store.state.organizations[name] ??= newOrganization());
    const member = (store.state.users[user] ??= { publicKey, organizations: [] });
    member.publicKey = publicKey;
    if (!member.organizations.includes(name)) member.organizations.push(name);
    if (organization.groups["users"]?.includes(user) === false) organization.groups["users"].push(user);
    store.save();
    return { status: 200, body: {} };
  },
  "PUT/creators": (organizationName, { name, publicKey, validator }, store) => {
    if (typeof name !== "string" || typeof publicKey !== "string") return refused("name and publicKey must be texts");
    const organization = (store.state.organizations[organizationName] ??= newOrganization());
    const { clients } = organization.containers;
    if (!clients.create.actors.includes(name)) clients.create.actors.push(name);
    if (validator === true) {
      organization.clients[name] ??= { value: { name, validator: true, publicKey }, access: accessForNew(clients, name) };
      organization.clients[name].value.publicKey = publicKey;
    } else {
      const member = (store.state.users[name] ??= { publicKey, organizations: [] });
      member.publicKey = publicKey;
      if (!member.organizations.includes(organizationName)) member.organizations.push(organizationName);
    }
    store.save();
    return { status: 200, body: {} };
  },
  GET: (name, _, store) => {
    const organization = store.state.organizations[name];
    if (organization === undefined) return { status: 404, body: { error: [`organization '${name}' does not exist.`] } };
    return { status: 200, body: { nodes: Object.keys(organization.nodes), clients: Object.keys(organization.clients) } };
  },
  "POST/nodes": (name, node, _, api) => {
    if (typeof node.name !== "string") return refused("name must be a text");
    return api.register(name, node.name, { ...node });
  },
};
