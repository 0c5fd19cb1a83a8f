# shellcheck shell=bash
# secret REFERENCE: prints what `ssm:NAME` or `secretsmanager:NAME` holds. The settings hold names only.
secret() {
  local name=${1#*:} named
  case $1 in
    ssm:*) named=$(object Name "$name") && api ssm GetParameter "${named%?},\"WithDecryption\":true}" | jq -er .Parameter.Value ;;
    secretsmanager:*) api secretsmanager GetSecretValue "$(object SecretId "$name")" | jq -er .SecretString ;;
  esac
}

# store_secret REFERENCE FILE
store_secret() {
  (umask 077 && secret "$1" >"$2") || fail "$1 cannot be read; its name and the role's permission decide"
}
