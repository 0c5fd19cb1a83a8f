# Tools and folders that every node has, whatever its provisioning.
# shellcheck source=lib.sh
. "$FLEET_RUN/lib.sh"

install_packages() {
  say "installing $*"
  if command -v apt-get; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
  elif command -v dnf; then
    dnf install -y -q "$@"
  elif command -v yum; then
    yum install -y -q "$@"
  else
    fail "$* missing, and there is no apt-get, dnf or yum to install them: use a source image that has them"
  fi >&2
}

missing=()
for tool in curl jq; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
[ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"

# Boot signs its calls to AWS with curl, which can since 7.75, or with the AWS CLI.
version=$(curl --version | head -n 1 | cut -d ' ' -f 2)
if ! printf '7.75.0\n%s\n' "$version" | sort -C -V && ! command -v aws >/dev/null; then
  fail "curl $version cannot sign calls to AWS (7.75 can) and there is no AWS CLI: use a source image with one of them"
fi

install -d -m 755 /etc/fleet /usr/local/lib/fleet /var/log/fleet
