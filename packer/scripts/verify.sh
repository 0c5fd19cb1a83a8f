# Fails the bake when the clean-up left anything, or when something is not there that boot relies on; names all of it.
# shellcheck source=lib.sh
. "$FLEET_RUN/lib.sh"
shopt -s nullglob dotglob
faults=0

fault() {
  say "$*" >&2
  faults=$((faults + 1))
}

gone() {
  local path
  for path in "$@"; do
    if [ -e "$path" ] || [ -L "$path" ]; then fault "left: $path"; fi
  done
}

# No files in these folders; a folder that a running service made meanwhile is none of ours.
no_files() {
  local path
  while IFS= read -r path; do fault "left: $path"; done < <(for path in "$@"; do [ ! -d "$path" ] || find "$path" -xdev ! -type d; done)
}

# The server itself says that both are gone: of the node while the client could still ask, of the client now.
if [ "$FLEET_PROVISIONING" = chef-server ] && [ -n "$FLEET_CHEF_RUN_LIST" ]; then
  grep -qi 'could not be found' "$FLEET_RUN/node-shown" 2>/dev/null ||
    fault "left on the Chef server: node $FLEET_NODE ($(head -c 300 "$FLEET_RUN/node-shown" 2>&1 || :))"
  shown=$(as_builder "$FLEET_RUN/client.pem" client show "$FLEET_NODE" 2>&1) && fault "left on the Chef server: client $FLEET_NODE"
  grep -qi 'failed to authenticate' <<<"$shown" || fault "whether client $FLEET_NODE is gone cannot be told: ${shown:0:300}"
fi
gone /etc/chef/{client.pem,client.rb,validation.pem,first-boot.json}
no_files /var/chef/cache /var/chef/backup

for unit in datadog-agent datadog-agent-trace datadog-agent-process; do
  ! systemctl is-active --quiet "$unit.service" || fault "still running: $unit"
  ! systemctl is-enabled --quiet "$unit.service" 2>/dev/null || fault "still enabled: $unit"
done
! systemctl is-active --quiet consul.service || fault 'still running: consul'
for data in /var/lib/consul /opt/consul /opt/consul/data /var/consul; do
  gone "$data"/{node-id,raft,serf,proxy,checks,services,checkpoint-signature,server_metadata.json}
done
gone /var/lib/amazon/ssm/Vault

no_files /var/lib/cloud
[ ! -s /etc/machine-id ] || fault 'left: what is in /etc/machine-id'
gone /var/lib/dbus/machine-id /etc/ssh/ssh_host_*
for home in /root /home/*; do
  gone "$home"/.*_history "$home"/.lesshst "$home"/.viminfo "$home"/.wget-hsts
done
no_files /tmp /var/tmp /var/log
gone /var/log/journal/*

for directory in /etc/fleet /usr/local/lib/fleet /var/log/fleet; do
  [ -d "$directory" ] || fault "missing: $directory"
done
if [ "$FLEET_PROVISIONING" != none ] && [ ! -s /etc/chef/ohai/hints/ec2.json ]; then fault 'missing: /etc/chef/ohai/hints/ec2.json'; fi
if [ "$FLEET_PROVISIONING" = chef-solo ]; then
  grep -q '^[^#].*[[:space:]]/chef[[:space:]]' /etc/fstab || fault 'missing: a line for /chef in /etc/fstab'
  ! mountpoint -q /chef || fault 'still mounted: /chef'
fi

((faults == 0)) || fail "the image would not be clean: $faults faults"
say 'the image is clean'
