# Runs the parts of boot/ as they are, with folders of the test in the place of the machine's and stubs in the place of its tools.
# Time passes only where the script waits: `sleep` moves SECONDS.
root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
instance=i-0123456789abcdef0

# shellcheck disable=SC2034 # bats calls it
setup() {
  export T=$BATS_TEST_TMPDIR
  mkdir -p "$T"/{aws,bin,chef,dev,imds,log,run,state,units}
  cp "$BATS_TEST_DIRNAME"/stubs/* "$T/bin/"
  chmod +x "$T"/bin/*
  # Should a stub ever be missing, nothing leaves this machine.
  export AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1
  : >"$T/calls"
  : >"$T/console"
  : >"$T/fstab"
  metadata_has api/token secret-token
  metadata_has dynamic/instance-identity/document "{\"instanceId\":\"$instance\",\"region\":\"eu-central-1\",\"availabilityZone\":\"eu-central-1a\"}"
  metadata_has meta-data/tags/instance/aws:autoscaling:groupName app-group
  metadata_has meta-data/iam/security-credentials/ node
  metadata_has meta-data/iam/security-credentials/node '{"AccessKeyId":"AKID","SecretAccessKey":"shh","Token":"session"}'
  for name in systemctl hostnamectl logger mkfs; do stub "$name" 'exit 0'; done
  settings prefix=shop-app role=app environment=staging product=shop majorVersion=3 logGroup=/fleet/shop-app/boot \
    heartbeatSeconds=300 limitSeconds=3600 'facts={"fleet":"app"}'
}

# settings NAME=VALUE…: added to those that there are.
settings() { printf '%s\n' "$@" >>"$T/settings"; }

# A folder says what is in it.
metadata_has() {
  local file=$T/imds/$1
  [[ $1 != */ ]] || file+=.list
  mkdir -p "${file%/*}"
  printf '%s' "$2" >"$file"
}

# stub NAME CODE: an executable that notes its arguments first.
stub() {
  # shellcheck disable=SC2016
  printf '#!/bin/bash\necho "$*" >>"$T/%s.calls"\n%s\n' "$1" "$2" >"$T/bin/$1"
  chmod +x "$T/bin/$1"
}

# aws_says ACTION[.N] STATUS [BODY]: at the Nth call, or at every one.
aws_says() { printf '%s\n%s' "$2" "${3:-}" >"$T/aws/$1"; }

calls_of() { grep "^$1 " "$T/calls" || true; }

# boot SYSTEM VOLUMES CODE: CODE after all parts but the last; `boot` in it is the whole.
boot() {
  local system=$1 volumes=$2 parts=(log metadata api report tags)
  [ "$volumes" = yes ] && parts+=(volumes) || parts+=(no-volumes)
  parts+=(secrets ohai chef "systems/$system")
  {
    for part in "${parts[@]}"; do cat "$root/boot/$part.sh"; done
    sed '/^start_log$/,$d' "$root/boot/main.sh"
    cat <<'END'
log_file=$T/log/boot.log state_directory=$T/state run_directory=$T/run console=$T/console api_error=$T/run/api-error
chef_directory=$T/chef unit_directory=$T/units fstab=$T/fstab devices=$T/dev per_boot=$T/per-boot/fleet-boot
PATH=$T/bin:$PATH
follow_log() { :; }
keep_hook_alive() { :; }
limit_boot() { :; }
slept=0
sleep() { local ms; printf -v ms %.0f "${1}e3"; slept=$((slept + ms)); SECONDS=$((SECONDS + slept / 1000)) slept=$((slept % 1000)); }
write_facts() { printf '%s\n' "${setting[facts]}" >"$T/facts"; }
boot_settings() { cat "$T/settings"; }
END
    printf '%s\n' "$3"
  } >"$T/script"
  run bash "$T/script"
  log=$(cat "$T/log/boot.log" 2>/dev/null || true)
}

# For parts of it: everything that `boot` would have found out before.
known='start_log; read_settings; check_tools; identify; read_credentials; name_node;'
whole='start_log; boot;'
