# package COMMAND: installs the package that brings COMMAND, unless the source image has it.
# shellcheck source=lib.sh
. "$FLEET_RUN/lib.sh"

# Ubuntu has the Systems Manager agent as a snap, whose command is not on the PATH.
is_there() {
  command -v "$1" >/dev/null || [ -e "/snap/bin/$1" ] || [ -e "/snap/$1/current" ]
}

if is_there "$1"; then
  say "the source image has $1"
  exit 0
fi
[ -n "$FLEET_PACKAGE_URL" ] || fail "the source image has no $1: give package_url and package_sha256, or a source image that has it"
[ -n "$FLEET_PACKAGE_SHA256" ] || fail "package_sha256 is missing: nothing is installed whose checksum is unknown"

file=$FLEET_RUN/${FLEET_PACKAGE_URL##*/}
say "installing $FLEET_PACKAGE_URL"
curl -sS -f -L --retry 3 --connect-timeout 10 --max-time 600 -o "$file" "$FLEET_PACKAGE_URL" || fail "$FLEET_PACKAGE_URL cannot be fetched"
printf '%s  %s\n' "$FLEET_PACKAGE_SHA256" "$file" | sha256sum --check --status ||
  fail "$FLEET_PACKAGE_URL has the SHA-256 $(sha256sum "$file" | cut -d ' ' -f 1), not package_sha256"
case $file in
  *.deb) dpkg --install "$file" ;;
  *.rpm) rpm --upgrade --replacepkgs "$file" ;;
  *) fail "$FLEET_PACKAGE_URL is neither a .deb nor an .rpm file" ;;
esac
rm -f "$file"
is_there "$1" || fail "$FLEET_PACKAGE_URL is installed, but there is still no $1"
