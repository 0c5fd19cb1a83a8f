#!/bin/sh
# Freezes the file systems of one EBS volume, so that a snapshot begun now is consistent, and has them thaw by themselves after a
# limit: an operator's machine that dies in between must not stop the node's writes for ever.
# Prints "frozen PATH" for each of them; nothing when none is mounted.
# Whoever runs it puts before it: volume_id, device, hold_seconds, state_directory, token.
# shellcheck disable=SC2154
set -eu

fail() {
  echo "$*" >&2
  exit 1
}

# The disk in the kernel's own name: on Nitro it is /dev/nvme…, with the volume's id as its serial number; elsewhere the letter that
# the volume was attached under. https://docs.aws.amazon.com/ebs/latest/userguide/nvme-ebs-volumes.html
letter=${device#/dev/}
letter=${letter#sd}
letter=${letter#xvd}
serial=$(printf '%s' "$volume_id" | tr -d -)
disk=$(lsblk --noheadings --raw --paths --nodeps --output NAME,SERIAL | awk -v serial="$serial" -v letter="$letter" '
  $2 == serial { by_serial = $1 }
  $1 == "/dev/sd" letter || $1 == "/dev/xvd" letter { by_name = $1 }
  END { print (by_serial != "") ? by_serial : by_name }')
[ -n "$disk" ] || fail "no disk of this machine is $volume_id ($device)"

# Its partitions and what lies upon them too.
targets=
for name in $(lsblk --noheadings --raw --paths --output NAME "$disk"); do
  target=$(findmnt --noheadings --first-only --output TARGET --source "$name") || continue
  case $target in
  / | /usr | /usr/* | /etc | /var | /var/lib | /var/lib/amazon* | /var/log | /var/snap* | /snap* | /tmp | /var/tmp | /run | /run/*)
    fail "$target is on $volume_id: frozen, it would stop the agent that has to thaw it; stop the instance for a consistent snapshot"
    ;;
  esac
  targets="$targets$target
"
done
[ -n "$targets" ] || exit 0

mkdir "$state_directory" 2>/dev/null || fail "another snapshot of $volume_id is being taken ($state_directory exists)"
printf '%s' "$token" >"$state_directory/token"
printf '%s' "$targets" >"$state_directory/targets"

# Before anything is frozen. A session of its own outlives this command.
# shellcheck disable=SC2016
setsid sh -c '
  sleep "$1"
  [ "$(cat "$2/token")" = "$3" ] || exit 0
  while read -r target; do fsfreeze --unfreeze "$target"; done <"$2/targets"
  rm -rf "$2"
' sh "$hold_seconds" "$state_directory" "$token" </dev/null >/dev/null 2>&1 &
echo $! >"$state_directory/watchdog"

while read -r target; do
  if ! fsfreeze --freeze "$target"; then
    kill -- "-$(cat "$state_directory/watchdog")" 2>/dev/null || true
    while read -r frozen; do fsfreeze --unfreeze "$frozen" 2>/dev/null || true; done <"$state_directory/targets"
    rm -rf "$state_directory"
    fail "$target cannot be frozen; everything was thawed again"
  fi
  echo "frozen $target"
done <"$state_directory/targets"
