# shellcheck shell=bash
# A managed node of AWS Systems Manager: its agent registers it by the role, it is assigned to its layer by tags, and an association
# of the layer runs the recipes.
online_pause_seconds=5
result_pause_seconds=10

# The hostname is unique in the layer, since the instance id is; the host's part of the name is at most 63 characters long.
name_node() {
  local suffix=${instance_id#i-}
  hostname="${setting[role]:0:$((62 - ${#suffix}))}-$suffix"
  display_name="${setting[stackName]} - $hostname"
}

set_up() {
  write_hint
  step hostname set_hostname
  step agent start_agent
  step registration wait_until "${setting[onlineSeconds]}" "$online_pause_seconds" 'registration with Systems Manager' is_online
  # Only now: recipes must not begin before volumes are mounted and the node can be reached.
  step layer assign_layer
  step association wait_until "${setting[waitSeconds]}" "$result_pause_seconds" "first success of ${setting[association]}" has_succeeded
}

set_hostname() {
  hostnamectl set-hostname "$hostname" || fail "the host cannot be named $hostname"
}

# Its unit has another name where it was installed as a snap.
start_agent() {
  systemctl enable --now amazon-ssm-agent || systemctl enable --now snap.amazon-ssm-agent.amazon-ssm-agent ||
    fail 'the agent of Systems Manager does not start; the bake installs it'
}

is_online() {
  local answer
  answer=$(api ssm DescribeInstanceInformation "{\"Filters\":[{\"Key\":\"InstanceIds\",\"Values\":[\"$instance_id\"]}]}") || return 1
  seen=$(jq -r '.InstanceInformationList[0].PingStatus // "not registered"' <<<"$answer")
  [ "$seen" = Online ]
}

assign_layer() {
  tag_instance fleet:layer "${setting[layer]}"
  say "assigned to layer ${setting[layer]} of stack ${setting[stackName]}"
}

# A failed run is not the end: the next one may succeed, as long as there is time.
has_succeeded() {
  local answer
  answer=$(api ssm DescribeInstanceAssociationsStatus "$(object InstanceId "$instance_id")") || return 1
  seen=$(jq -r --arg name "${setting[association]}" '[.InstanceAssociationStatusInfos[] | select(.AssociationName == $name)][0]
    | "\(.Status // "not begun") \(.DetailedStatus // "") \(.ErrorCode // "")"' <<<"$answer")
  [[ $seen == Success* ]]
}
