/** Hosts as other programs want them. Pure. */
import { isInService, stateOf, type Host } from "./running.ts";

export interface Access {
  readonly region: string;
  /** Login name; absent = whatever the reading program takes. */
  readonly user?: string;
}

/** A tag may hold line ends and tabs, which would begin something new in what is printed by lines. */
const plain = (value: string) => value.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?");

type Format = (hosts: readonly Host[], access: Access) => string;

/**
 * Instances have no public address: ssh goes through a Systems Manager session, with the instance id as host name.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-getting-started-enable-ssh-connections.html
 */
const proxyCommand = (region: string) =>
  `aws ssm start-session --region ${region} --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p`;

const lines: Format = (hosts) =>
  hosts
    .map((host) => {
      const { instanceId, privateAddress, fleet, role, environment, zone, launchedAt } = host;
      return [instanceId, privateAddress, fleet, role, environment, zone, launchedAt, stateOf(host)].map(plain).join("\t");
    })
    .join("\n");

const json: Format = (hosts) => JSON.stringify(hosts, undefined, 2);

/** An instance id is never given twice, so the key of the first connection is trusted, and no other after it. */
const sshConfig: Format = (hosts, { region, user }) =>
  hosts
    .map((host) =>
      [
        plain(`# ${host.environment} ${host.fleet} (${host.role})${isInService(host) ? "" : `, ${stateOf(host)}`}`),
        `Host ${host.instanceId}`,
        ...(user === undefined ? [] : [`  User ${user}`]),
        "  StrictHostKeyChecking accept-new",
        `  ProxyCommand ${proxyCommand(region)}`,
      ].join("\n"),
    )
    .join("\n\n");

/** Names of groups are variables in Ansible: https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html */
const groupName = (kind: string, value: string) => `${kind}_${value.replaceAll(/\W/g, "_")}`;

/** JSON is YAML, which Ansible's inventory plugin reads from files that end in `.json` or `.yml`. */
const ansible: Format = (hosts, { region, user }) => {
  const groups: Record<string, { hosts: Record<string, object> }> = {};
  for (const host of hosts)
    for (const kind of ["environment", "fleet", "role"] as const)
      (groups[groupName(kind, host[kind])] ??= { hosts: {} }).hosts[host.instanceId] = {};
  const facts = hosts.map((host) => [
    host.instanceId,
    { private_address: host.privateAddress, zone: host.zone, lifecycle_state: stateOf(host) },
  ]);
  const vars = {
    ...(user === undefined ? {} : { ansible_user: user }),
    ansible_ssh_common_args: `-o StrictHostKeyChecking=accept-new -o ProxyCommand="${proxyCommand(region)}"`,
  };
  return JSON.stringify({ all: { hosts: Object.fromEntries(facts) as object, vars, children: groups } }, undefined, 2);
};

/** A Ruby text in which nothing is interpolated. */
const ruby = (value: string) => `'${value.replaceAll(/[\\']/g, "\\$&")}'`;

/** Lines of a Capistrano 3 stage file; the first, which is the oldest, host of each role is its primary. */
const capistrano: Format = (hosts, { user }) =>
  hosts
    .map(({ instanceId, role }) => {
      const isPrimary = hosts.find((one) => one.role === role)?.instanceId === instanceId;
      const properties = [
        ...(user === undefined ? [] : [`user: ${ruby(user)}`]),
        `roles: [${ruby(role)}]`,
        ...(isPrimary ? ["primary: true"] : []),
      ];
      return `server ${ruby(instanceId)}, ${properties.join(", ")}`;
    })
    .join("\n");

export const formats = { lines, json, "ssh-config": sshConfig, ansible, capistrano } as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof formats;
