# shellcheck shell=bash
# The boot from its first line to its last. cloud-init runs it once in an instance's life, and from then on, as a copy, at every
# start: a boot that a reboot interrupted goes on, a finished one only mounts what is not mounted.
declare -A setting
helpers=()
begun=${EPOCHREALTIME/[.,]/}
instance_id='' group='' node_name='' display_name=''
per_boot=/var/lib/cloud/scripts/per-boot/fleet-boot

read_settings() {
  local line
  while IFS= read -r line; do setting[${line%%=*}]=${line#*=}; done < <(boot_settings)
}

elapsed() {
  local now=${EPOCHREALTIME/[.,]/}
  printf '%d.%03d' "$(((now - begun) / 1000000))" "$(((now - begun) / 1000 % 1000))"
}

# The copy belongs to this instance: on an image that was made of it, it takes itself away.
is_stale_copy() {
  [ "$0" = "$per_boot" ] && [ "$(cat "$state_directory/instance" 2>/dev/null)" != "$instance_id" ]
}

keep_copy() {
  printf '%s\n' "$instance_id" >"$state_directory/instance"
  [ "$0" != "$per_boot" ] && [ -d "${per_boot%/*}" ] && [ -f "$0" ] || return 0
  install -m 0700 "$0" "$per_boot"
}

boot() {
  step settings read_settings
  step tools check_tools
  step metadata identify
  if is_stale_copy; then
    rm -f "$per_boot"
    say 'this copy is another instance'\''s, taken away'
    return 0
  fi
  done_file=$state_directory/done-$instance_id
  if [ -e "$done_file" ]; then
    step volumes mount_again
    say "nothing to do: the boot of $instance_id is done since $(cat "$done_file")"
    return 0
  fi
  keep_copy
  step credentials wait_until 60 2 'credentials of the role' read_credentials
  limit_boot
  keep_hook_alive
  step facts write_facts
  name_node
  step tags tag_node
  step volumes set_up_volumes
  set_up
  current_step=report
  complete_hook CONTINUE || (($? == 2)) || fail 'the launch hook cannot be completed'
  printf '%(%FT%T%z)T\n' -1 >"$done_file"
  say "done in $(elapsed) s"
}

start_log
boot
