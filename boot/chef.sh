# shellcheck shell=bash
# What every run of Chef on the instance needs.
unit_directory=/etc/systemd/system
# Pause between two tries of a first run that failed.
retry_pause_seconds=15
# Exit status of a run that asked for a reboot (Chef RFC 062): the boot goes on after it.
reboot_status=35

check_chef() {
  command -v chef-client >/dev/null || fail 'chef-client is missing; the bake installs it'
}

# A string as Ruby reads it.
ruby() {
  local text=${1//\\/\\\\}
  printf "'%s'" "${text//\'/\\\'}"
}

write_first_boot() {
  printf '%s\n' "${setting[firstBoot]}" >"$chef_directory/first-boot.json"
}

# What an image or an earlier life left of another node.
remove_old_identity() {
  rm -f "$chef_directory"/{client.pem,client.rb,validation.pem,first-boot.json}
}

chef_run() {
  local try status
  for ((try = 1; ; try++)); do
    status=0
    run timeout -k 30 "${setting[runSeconds]}" chef-client "$@" || status=$?
    ((status != 0)) || return 0
    if ((status == reboot_status)); then
      say 'Chef asked for a reboot; the boot goes on after it'
      run sleep "${setting[limitSeconds]}"
    fi
    ((try < setting[attempts])) || fail "chef-client failed $try times, the last time with status $status"
    say "chef-client failed with status $status, try $try of ${setting[attempts]}"
    sleep "$retry_pause_seconds"
  done
}

write_unit() {
  cat >"$unit_directory/$1"
}

# schedule ARGUMENT…: from now on Chef runs by itself, as a service that stays or as a timer.
schedule() {
  local command
  command="$(command -v chef-client)${*:+ $*}"
  case ${setting[client]} in
    service)
      write_unit chef-client.service <<END
[Unit]
After=network-online.target
Wants=network-online.target
[Service]
ExecStart=$command --interval ${setting[intervalSeconds]} --splay ${setting[splaySeconds]}
Restart=always
SuccessExitStatus=3
[Install]
WantedBy=multi-user.target
END
      enable chef-client.service
      ;;
    timer)
      write_unit chef-client.service <<END
[Unit]
After=network-online.target
Wants=network-online.target
[Service]
Type=oneshot
ExecStart=$command
SuccessExitStatus=3
END
      write_unit chef-client.timer <<END
[Timer]
OnActiveSec=${setting[intervalSeconds]}
OnUnitActiveSec=${setting[intervalSeconds]}
RandomizedDelaySec=${setting[splaySeconds]}
[Install]
WantedBy=timers.target
END
      enable chef-client.timer
      ;;
  esac
}

enable() {
  if ! systemctl daemon-reload || ! systemctl enable --now "$1"; then fail "$1 cannot be started"; fi
}
