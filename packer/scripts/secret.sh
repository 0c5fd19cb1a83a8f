# secret REFERENCE: prints what `ssm:NAME` or `secretsmanager:NAME` holds, read with the role of the builder's instance profile.
# shellcheck source=lib.sh
. "$FLEET_RUN/lib.sh"

metadata_endpoint=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}

metadata() {
  curl -sS -f --connect-timeout 2 --max-time 5 --retry 3 -H @"$FLEET_RUN/token" "${metadata_endpoint%/}/latest/meta-data/$1"
}

read_credentials() {
  local role document
  umask 077
  printf 'X-aws-ec2-metadata-token: %s' "$(curl -sS -f -X PUT --connect-timeout 2 --max-time 5 --retry 3 \
    -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "${metadata_endpoint%/}/latest/api/token")" >"$FLEET_RUN/token"
  if ! role=$(metadata iam/security-credentials/) || ! document=$(metadata "iam/security-credentials/$role"); then
    fail "the builder has no role: give instance_profile, with the permission to read $reference"
  fi
  domain=$(metadata services/domain) || domain=amazonaws.com
  jq -r '"user = \"\(.AccessKeyId):\(.SecretAccessKey)\"\nheader = \"X-Amz-Security-Token: \(.Token)\""' <<<"$document" >"$FLEET_RUN/signer"
}

# ask SERVICE TARGET BODY
ask() {
  local url=${AWS_ENDPOINT_URL:-https://$1.$FLEET_REGION.$domain}
  curl -sS --fail-with-body --connect-timeout 5 --max-time 30 --retry 3 --aws-sigv4 "aws:amz:$FLEET_REGION:$1" -K "$FLEET_RUN/signer" \
    -H 'Content-Type: application/x-amz-json-1.1' -H "X-Amz-Target: $2" --data-binary "$3" "${url%/}/"
}

by_curl() {
  read_credentials
  case $1 in
    ssm) ask ssm AmazonSSM.GetParameter "$(jq -cn --arg name "$2" '{Name: $name, WithDecryption: true}')" ;;
    secretsmanager) ask secretsmanager secretsmanager.GetSecretValue "$(jq -cn --arg name "$2" '{SecretId: $name}')" ;;
  esac
}

by_cli() {
  case $1 in
    ssm) aws ssm get-parameter --region "$FLEET_REGION" --output json --with-decryption --name "$2" ;;
    secretsmanager) aws secretsmanager get-secret-value --region "$FLEET_REGION" --output json --secret-id "$2" ;;
  esac
}

reference=$1
by=by_curl
printf '7.75.0\n%s\n' "$(curl --version | head -n 1 | cut -d ' ' -f 2)" | sort -C -V || by=by_cli
answer=$("$by" "${reference%%:*}" "${reference#*:}") ||
  fail "$reference cannot be read; its name and the permissions of the builder's role decide${answer:+: $answer}"
jq -erj '.Parameter.Value // .SecretString' <<<"$answer" || fail "$reference holds no text"
