#!/usr/bin/env bash
# Runs on the builder as root: installs, runs Chef to most of the way, cleans up, verifies. All that it is told stands in the
# environment, FLEET_*; the steps are scripts beside this one, each run by a shell that ends at the first failure.
set -euo pipefail
umask 022
cd /

# In memory, so that nothing of it can get into the image, and root's alone, because keys pass through it.
export FLEET_RUN=/run/fleet-bake
uploaded=$(dirname "${BASH_SOURCE[0]}")
rm -rf "$FLEET_RUN"
install -d -m 700 "$FLEET_RUN"
cp "$uploaded"/*.sh "$FLEET_RUN"

step() {
  printf '== %s\n' "$*"
  bash -euo pipefail "$FLEET_RUN/$1.sh" "${@:2}" </dev/null
}

# Whatever fails: no node and no client of a builder that is about to go stay on the Chef server.
forget_on_failure() {
  local status=$?
  ((status == 0)) || step forget || printf 'bake: the Chef server may still have the node and client %s; look, and delete them by hand\n' "$FLEET_NODE" >&2
  exit "$status"
}
trap forget_on_failure EXIT

step prepare
case $FLEET_PROVISIONING in
  none) ;;
  managed-node) step package amazon-ssm-agent ;;
  chef-server | chef-solo) step package chef-client ;;
  *) printf 'bake: the provisioning is "%s"; allowed: none, chef-server, managed-node, chef-solo\n' "$FLEET_PROVISIONING" >&2 && exit 1 ;;
esac
step "system-$FLEET_PROVISIONING"
step custom
case $FLEET_PROVISIONING in
  chef-server | chef-solo) [ -z "$FLEET_CHEF_RUN_LIST" ] || step "run-$FLEET_PROVISIONING" ;;
esac
step cleanup
step verify
