# shellcheck shell=bash
# Instance metadata, version 2 only. The endpoint can be moved by the variable that AWS's own tools read.
metadata_endpoint=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}
metadata_endpoint=${metadata_endpoint%/}
# Metadata answer within milliseconds once they are there; at the start of an instance they may not be yet.
metadata_limit_seconds=60

metadata_token() {
  token=$(curl -sS -f -X PUT --connect-timeout 2 --max-time 5 -H 'X-aws-ec2-metadata-token-ttl-seconds: 21600' \
    "$metadata_endpoint/latest/api/token") && [ -n "$token" ]
}

# metadata PATH: prints what stands there; fails when there is nothing.
metadata() {
  curl -sS -f --connect-timeout 2 --max-time 5 --retry 3 -K <(printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$token") \
    "$metadata_endpoint/latest/$1"
}

read_identity() {
  local document
  document=$(metadata dynamic/instance-identity/document) || return 1
  instance_id=$(jq -er .instanceId <<<"$document") || return 1
  region=$(jq -er .region <<<"$document") || return 1
  zone=$(jq -er .availabilityZone <<<"$document")
}

# The group's name is one of the tags that AWS itself writes; an instance that nobody's group launched has none.
identify() {
  wait_until "$metadata_limit_seconds" 2 'instance metadata' metadata_token
  wait_until "$metadata_limit_seconds" 2 'the identity document' read_identity
  dns_suffix=$(metadata meta-data/services/domain) || dns_suffix=amazonaws.com
  group=$(metadata meta-data/tags/instance/aws:autoscaling:groupName) || group=''
  say "instance $instance_id in $zone, group ${group:-none}"
}
