#!/bin/sh
# Takes back what freeze.sh did. Whoever runs it puts before it: state_directory, token.
# shellcheck disable=SC2154
set -eu

# Otherwise nothing was frozen, it thawed by itself, or another run has frozen it.
[ "$(cat "$state_directory/token" 2>/dev/null)" = "$token" ] || exit 0
kill -- "-$(cat "$state_directory/watchdog")" 2>/dev/null || true
status=0
while read -r target; do
  if fsfreeze --unfreeze "$target"; then
    echo "thawed $target"
  else
    echo "$target could not be thawed" >&2
    status=1
  fi
done <"$state_directory/targets"
rm -rf "$state_directory"
exit "$status"
