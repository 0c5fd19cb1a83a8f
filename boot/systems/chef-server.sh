# shellcheck shell=bash
# A node of a Chef Infra Server: a new identity, the first run, and from then on runs at intervals.
# How often a server that does not answer is asked again.
server_pause_seconds=10

name_node() {
  node_name="${setting[nodeNamePrefix]}$instance_id"
  display_name="${setting[prefix]} - $node_name"
}

set_up() {
  step chef check_chef
  step chef-identity write_identity
  step chef-server wait_until "${setting[waitSeconds]}" "$server_pause_seconds" "the Chef server ${setting[serverUrl]}" server_answers
  step chef-client-key make_client
  step chef-run chef_run --config "$chef_directory/client.rb" --json-attributes "$chef_directory/first-boot.json" --once --no-color
  rm -f "$chef_directory/validation.pem"
  step chef-schedule schedule --config "$chef_directory/client.rb"
}

# Begun before a reboot of this same instance: its client is known to the server, and its key is the only one.
write_identity() {
  local begun=$state_directory/identity-$instance_id
  [ -e "$begun" ] || remove_old_identity
  mkdir -p "$chef_directory/trusted_certs"
  write_hint
  write_first_boot
  write_client_rb >"$chef_directory/client.rb"
  [ -z "${setting[certificateAuthority]}" ] || store_secret "${setting[certificateAuthority]}" "$chef_directory/trusted_certs/fleet.crt"
  touch "$begun"
}

write_client_rb() {
  printf 'chef_server_url %s\nnode_name %s\nlog_location STDOUT\n' "$(ruby "${setting[serverUrl]}")" "$(ruby "$node_name")"
  [ -z "${setting[chefEnvironment]}" ] || printf 'environment %s\n' "$(ruby "${setting[chefEnvironment]}")"
  [ -z "${setting[policyName]}" ] ||
    printf 'policy_name %s\npolicy_group %s\n' "$(ruby "${setting[policyName]}")" "$(ruby "${setting[policyGroup]}")"
  [ -z "${setting[validatorName]}" ] ||
    printf 'validation_client_name %s\nvalidation_key %s\n' "$(ruby "${setting[validatorName]}")" "$(ruby "$chef_directory/validation.pem")"
}

# Any answer is one: what the server thinks of us is the first run's business.
server_answers() {
  local certificate=$chef_directory/trusted_certs/fleet.crt
  [ -e "$certificate" ] || certificate=''
  seen=$(curl -sS -o /dev/null --connect-timeout 5 --max-time 15 ${certificate:+--cacert "$certificate"} "${setting[serverUrl]}" 2>&1)
}

# With a validator chef-client makes its own client; without one, a user who may make clients does it here.
make_client() {
  [ ! -s "$chef_directory/client.pem" ] || return 0
  if [ -n "${setting[validatorName]}" ]; then
    store_secret "${setting[key]}" "$chef_directory/validation.pem"
    return 0
  fi
  command -v knife >/dev/null || fail 'knife is missing; the bake installs it for a user without validator'
  store_secret "${setting[key]}" "$run_directory/user.pem"
  printf 'chef_server_url %s\nnode_name %s\nclient_key %s\ntrusted_certs_dir %s\n' "$(ruby "${setting[serverUrl]}")" \
    "$(ruby "${setting[userName]}")" "$(ruby "$run_directory/user.pem")" "$(ruby "$chef_directory/trusted_certs")" >"$run_directory/knife.rb"
  knife_creates || { knife client delete "$node_name" --yes --config "$run_directory/knife.rb" && knife_creates; } ||
    fail "the user ${setting[userName]} cannot make the client $node_name"
  rm -f "$run_directory/user.pem"
}

knife_creates() {
  timeout 120 knife client create "$node_name" --disable-editing --file "$chef_directory/client.pem" --config "$run_directory/knife.rb"
}
