# Chef to most of the way, as a node of its own that the clean-up removes again.
# shellcheck source=lib.sh
. "$FLEET_RUN/lib.sh"
for name in FLEET_CHEF_SERVER_URL FLEET_CHEF_VALIDATOR FLEET_CHEF_VALIDATOR_KEY; do
  [ -n "${!name}" ] || fail "${name#FLEET_} is missing: a run of Chef needs chef_server_url, chef_validator and chef_validator_key"
done

rm -f /etc/chef/client.pem
(umask 077 && bash -euo pipefail "$FLEET_RUN/secret.sh" "$FLEET_CHEF_VALIDATOR_KEY" >/etc/chef/validation.pem)

# Packer's variables let no quote through; Ruby reads single quotes as they are.
{
  printf "chef_server_url '%s'\n" "$FLEET_CHEF_SERVER_URL"
  printf "node_name '%s'\n" "$FLEET_NODE"
  printf "validation_client_name '%s'\n" "$FLEET_CHEF_VALIDATOR"
  printf "validation_key '/etc/chef/validation.pem'\n"
  [ -z "$FLEET_CHEF_ENVIRONMENT" ] || printf "environment '%s'\n" "$FLEET_CHEF_ENVIRONMENT"
  printf 'log_location STDOUT\n'
} >/etc/chef/client.rb
jq -n --arg items "$FLEET_CHEF_RUN_LIST" '{run_list: ($items | split(","))}' >/etc/chef/first-boot.json

chef-client --config /etc/chef/client.rb --json-attributes /etc/chef/first-boot.json --once --no-color ||
  fail "chef-client failed with status $?"
