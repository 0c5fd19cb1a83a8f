# shellcheck shell=bash
# tag_instance [KEY VALUE]…: tags of this instance; a key with an empty value is left out.
tag_instance() {
  local tags=''
  for (( ; $# > 0; )); do
    [ -z "$2" ] || tags+=",$(object Key "$1" Value "$2")"
    shift 2
  done
  api ec2 CreateTags "{\"Resources\":[\"$instance_id\"],\"Tags\":[${tags:1}]}" >/dev/null || fail "the instance's tags cannot be written"
}

tag_node() {
  tag_instance Name "$display_name" fleet:role "${setting[role]}" fleet:environment "${setting[environment]}" \
    fleet:product "${setting[product]}" fleet:major-version "${setting[majorVersion]}" fleet:node-name "$node_name"
  say "tagged as ${display_name}"
}

write_facts() {
  mkdir -p /etc/fleet
  printf '%s\n' "${setting[facts]}" >/etc/fleet/fleet.json
}
