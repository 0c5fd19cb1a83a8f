# shellcheck shell=bash
# Instance metadata, version 2 only. The endpoint can be moved by the variable that AWS's own tools read.
metadata_endpoint=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}
metadata_endpoint=${metadata_endpoint%/}
# Metadata answer within milliseconds once they are there; at the start of an instance they may not be yet.
metadata_limit_seconds=60
# Between two answers of one call; no metadata have it in them.
metadata_mark=$'\036'

metadata_token() {
  token=$(curl -sS -f -X PUT --connect-timeout 2 --max-time 5 -H 'X-aws-ec2-metadata-token-ttl-seconds: 21600' \
    "$metadata_endpoint/latest/api/token") && [ -n "$token" ]
}

# metadata PATH…: what stands there, in order, in the array `found`; "" where there is nothing. One call, whose start costs more than
# its answers. Fails when one has no answer.
metadata() {
  local part
  found=()
  while IFS= read -r -d "$metadata_mark" part; do
    case $part in
      *200) found+=("${part%200}") ;;
      404) found+=('') ;;
      *) return 1 ;;
    esac
  done < <(curl -s -f --connect-timeout 2 --max-time 5 --retry 3 -w "%{http_code}$metadata_mark" \
    -K <(printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$token") "${@/#/$metadata_endpoint/latest/}")
  ((${#found[@]} == $#))
}

# string_of NAME: that string of the JSON text `document`, in `string`. Names, keys and tokens need no escapes in JSON.
string_of() {
  local pattern="\"$1\"[[:space:]]*:[[:space:]]*\"([^\"\\]+)\""
  [[ $document =~ $pattern ]] && string=${BASH_REMATCH[1]}
}

# The group's name is one of the tags that AWS itself writes; an instance that nobody's group launched has none.
read_identity() {
  local found document string
  metadata dynamic/instance-identity/document meta-data/services/domain meta-data/tags/instance/aws:autoscaling:groupName || return 1
  document=${found[0]} dns_suffix=${found[1]:-amazonaws.com} group=${found[2]}
  string_of instanceId && instance_id=$string && string_of region && region=$string && string_of availabilityZone && zone=$string
}

identify() {
  wait_until "$metadata_limit_seconds" 2 'instance metadata' metadata_token
  wait_until "$metadata_limit_seconds" 2 'the identity document' read_identity
  say "instance $instance_id in $zone, group ${group:-none}"
}
