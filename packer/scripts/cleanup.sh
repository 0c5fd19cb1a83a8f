# Removes what must not be the same on two instances, and what nobody but the builder should see. Without any one of these lines
# the bake fails: verify.sh, which knows the same things by itself, finds what the line left.
# shellcheck source=lib.sh
. "$FLEET_RUN/lib.sh"

# Node, then client, by the client's own right. While the client exists it can ask whether its node is gone.
if [ "$FLEET_PROVISIONING" = chef-server ] && [ -s /etc/chef/client.pem ]; then
  cp /etc/chef/client.pem "$FLEET_RUN/client.pem"
  as_builder "$FLEET_RUN/client.pem" node delete "$FLEET_NODE" --yes
  as_builder "$FLEET_RUN/client.pem" node show "$FLEET_NODE" >"$FLEET_RUN/node-shown" 2>&1 || :
  as_builder "$FLEET_RUN/client.pem" client delete "$FLEET_NODE" --yes
fi
rm -f /etc/chef/client.pem
rm -f /etc/chef/client.rb
rm -f /etc/chef/validation.pem
rm -f /etc/chef/first-boot.json
empty /var/chef/cache /var/chef/backup

# Monitoring begins when boot or Chef has named the instance, not before.
for unit in datadog-agent.service datadog-agent-trace.service datadog-agent-process.service; do
  systemctl cat "$unit" >/dev/null 2>&1 || continue
  systemctl stop "$unit"
  systemctl disable "$unit"
done

# A stopped Consul writes no more; its binary and configuration stay.
if systemctl cat consul.service >/dev/null 2>&1; then
  systemctl stop consul.service
fi
rm -rf /{var/lib/consul,opt/consul,opt/consul/data,var/consul}/{checkpoint-signature,checks,node-id,proxy,raft,serf,server_metadata.json,services}

# The agent's key belongs to the builder; while Packer's session runs through the agent, the rest is in use.
rm -rf /var/lib/amazon/ssm/Vault

# Each instance makes these anew at its first boot.
empty /var/lib/cloud
truncate -s 0 /etc/machine-id
rm -f /var/lib/dbus/machine-id
rm -f /etc/ssh/ssh_host_*

rm -f {/root,/home/*}/.{*_history,lesshst,viminfo,wget-hsts}
empty /tmp /var/tmp
rm -rf /var/log/journal/*
# Deleted, not emptied: a daemon that still writes does so into a file that is in no folder any more.
find /var/log -xdev -type f -delete
