# shellcheck shell=bash
# What the steps of a bake share.

say() {
  printf 'bake: %s\n' "$*"
}

fail() {
  say "$*" >&2
  exit 1
}

# empty DIRECTORY…: removes what is in them, not what is mounted there; one that does not exist is empty.
empty() {
  local directory
  for directory in "$@"; do
    [ ! -d "$directory" ] || find "$directory" -xdev -mindepth 1 -delete
  done
}

# as_builder KEY COMMAND…: knife with the builder's own client; a server that does not answer ends the bake.
as_builder() {
  timeout 60 knife "${@:2}" --server-url "$FLEET_CHEF_SERVER_URL" --user "$FLEET_NODE" --key "$1" --no-color \
    --config-option trusted_certs_dir=/etc/chef/trusted_certs
}
