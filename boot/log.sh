# shellcheck shell=bash
# Strict mode, the log, steps and limits. The log is a file that every line is in at once; syslog and the console follow it
# through a mask, since the console can be read by whoever may describe the instance.
set -Eeuo pipefail
shopt -s inherit_errexit
umask 022
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/chef/bin:/snap/bin

log_file=/var/log/fleet/boot.log
state_directory=/var/lib/fleet
run_directory=/run/fleet
console=/dev/console
# Lines of the log that a failure tells: enough for a stack trace of Chef.
told_lines=100
current_step=start
running=''

# What is a secret wherever it stands: keys in PEM, access keys, JSON web tokens, and what is called a password, secret or token.
mask() {
  sed -u -E \
    -e '/-{5}BEGIN /,/-{5}END /s/.*/(masked)/' \
    -e 's/\b(AKIA|ASIA)[A-Z0-9]{16}\b/(masked)/g' \
    -e 's/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/(masked)/g' \
    -e 's/((pass(word|wd)?|secret|token|api_?key|credentials?)[A-Za-z_]*["'\'' ]*(=>|=|:)["'\'' ]*)[^ "'\'',]{4,}/\1(masked)/Ig' \
    -e 's#(://[^ /:@]+):[^ /@]+@#\1:(masked)@#g'
}

say() {
  printf '%(%FT%T%z)T [%s] %s\n' -1 "$current_step" "$*" >&2
}

# step NAME COMMAND…: what runs is named in the log and, when it fails, to whoever asks why.
step() {
  current_step=$1
  shift
  "$@"
}

# fail SENTENCE: ends the boot. The sentence stands in a file, since a subshell cannot tell its parent more than a status.
fail() {
  [ -s "$run_directory/failure" ] || printf '%s\n' "$*" >"$run_directory/failure"
  say "FAILED: $*"
  exit 1
}

failed_command() {
  [ -s "$run_directory/failure" ] || printf '%s\n' "line $3, status $1: $2" >"$run_directory/failure"
}

# wait_until SECONDS PAUSE WHAT COMMAND…: until COMMAND succeeds. COMMAND may set `seen` to what it found instead.
wait_until() {
  local limit=$1 pause=$2 what=$3 begun=$SECONDS
  shift 3
  seen=''
  until "$@"; do
    ((SECONDS - begun < limit)) || fail "$what: not within $limit s${seen:+; last seen: $seen}"
    sleep "$pause"
  done
}

# run COMMAND…: what may take long, so that the limit of the boot need not wait for its end.
run() {
  "$@" &
  running=$!
  wait "$running"
}

# Sends what the log gets to syslog and the console for as long as this process lives.
follow_log() {
  [ -w "$console" ] || console=/dev/null
  (tail -n 0 -s 0.2 --pid=$$ -F "$log_file" | mask | tee -a "$console" | logger -t fleet-boot) </dev/null >/dev/null 2>&1 &
}

start_log() {
  mkdir -p "${log_file%/*}"
  install -d -m 0700 "$state_directory" "$run_directory"
  rm -f "$run_directory"/*
  (umask 077 && : >>"$log_file")
  follow_log
  exec </dev/null >>"$log_file" 2>&1
  trap 'failed_command "$?" "$BASH_COMMAND" "$LINENO"' ERR
  trap 'finish "$?"' EXIT
  trap 'fail "the boot was ended after $SECONDS s"' TERM INT HUP
}
