/** A builder after weeks of life: everything that a clean-up must take away, each thing a line of it depends on. */
export const node = "bake-storefront-20261121-070000";
export const serverUrl = "https://chef.example.com/organizations/storefront";
export const validatorKey = "-----BEGIN RSA PRIVATE KEY-----\nvalidator\n-----END RSA PRIVATE KEY-----\n";

/** What the Chef server knows, and stand-ins read. */
export const chefServer = {
  "/opt/stand-ins/server/url": serverUrl,
  "/opt/stand-ins/server/validators/storefront-validator": validatorKey,
  "/opt/stand-ins/server/nodes/": "",
  "/opt/stand-ins/server/clients/": "",
};

export const leftovers: Readonly<Record<string, string>> = {
  "/opt/stand-ins/units/datadog-agent.service/active": "",
  "/opt/stand-ins/units/datadog-agent.service/enabled": "",
  "/opt/stand-ins/units/consul.service/active": "",
  "/opt/stand-ins/units/consul.service/enabled": "",
  "/var/lib/consul/raft/raft.db": "state",
  "/opt/consul/data/node-id": "b7d4a1f0",
  "/opt/consul/bin/consul": "the program stays",
  "/var/lib/amazon/ssm/Vault/Store/EC2RegistrationKey": "key",
  "/var/lib/cloud/instances/i-0123456789abcdef0/user-data.txt": "secret",
  "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
  "/var/lib/dbus/machine-id": "0123456789abcdef0123456789abcdef\n",
  "/etc/ssh/ssh_host_ed25519_key": "key",
  "/root/.bash_history": "mysql -psecret\n",
  "/home/admin/.viminfo": "history",
  "/tmp/left.txt": "left",
  "/var/tmp/left.txt": "left",
  "/var/log/syslog": "line",
  "/var/log/journal/0123456789abcdef0123456789abcdef/system.journal": "line",
  "/var/log/nginx/access.log.1.gz": "line",
};

/** What Packer's locals hand to the scripts. */
export const environment = (changes: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
  FLEET_REGION: "eu-west-1",
  FLEET_NODE: node,
  FLEET_PROVISIONING: "none",
  FLEET_PACKAGE_URL: "",
  FLEET_PACKAGE_SHA256: "",
  FLEET_CHEF_SERVER_URL: "",
  FLEET_CHEF_VALIDATOR: "",
  FLEET_CHEF_VALIDATOR_KEY: "",
  FLEET_CHEF_ENVIRONMENT: "",
  FLEET_CHEF_RUN_LIST: "",
  FLEET_CHEF_SNAPSHOT: "",
  FLEET_CHEF_VOLUME_LABEL: "chef",
  ...changes,
});
