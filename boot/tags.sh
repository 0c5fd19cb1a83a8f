# shellcheck shell=bash
# tag_instance [KEY VALUE]…: tags of this instance; a key with an empty value is left out.
tag_instance() {
  local tags
  tags=$(jq -cn --arg id "$instance_id" '{Resources: [$id], Tags: [$ARGS.positional as $all | range(0; $all | length; 2) | select($all[. + 1] != "") | {Key: $all[.], Value: $all[. + 1]}]}' --args "$@")
  api ec2 CreateTags "$tags" >/dev/null || fail "the instance's tags cannot be written"
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
