# shellcheck shell=bash
# Calls to AWS, signed with the role of the instance: by curl, or by the AWS CLI where curl is older than 7.75 and cannot sign.
credentials_read=
# What the last refused call was told.
api_error=$run_directory/api-error
# Role credentials are renewed hours before they end; a boot that waits longer reads them again.
credentials_last_seconds=900

read_credentials() {
  local roles=meta-data/iam/security-credentials/ found document string
  [ -z "$credentials_read" ] || ((SECONDS - credentials_read > credentials_last_seconds)) || return 0
  metadata "$roles" && [ -n "${found[0]}" ] && metadata "$roles${found[0]}" || return 1
  document=${found[0]}
  string_of AccessKeyId && access_key=$string && string_of SecretAccessKey && secret_key=$string || return 1
  string_of Token && session_token=$string && credentials_read=$SECONDS
}

curl_signs() {
  local version
  version=$(curl --version)
  [[ $version =~ ^curl\ ([0-9]+)\.([0-9]+) ]] && ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] >= 7075))
}

check_tools() {
  local tool
  for tool in curl jq logger timeout; do
    command -v "$tool" >/dev/null || fail "$tool is missing; the bake installs it"
  done
  if curl_signs; then api_by=curl; else
    api_by=cli
    command -v aws >/dev/null || fail 'curl is older than 7.75 and there is no AWS CLI; the bake checks this'
    say 'curl is older than 7.75: the AWS CLI takes its place, which costs about a second a call'
  fi
}

# Structured input as the Query protocol writes it; EC2 names some lists in the singular and numbers them without `member`.
# shellcheck disable=SC2016 # a program of jq, whose variables are its own
form_program='
  def named: {Filters: "Filter", Values: "Value", Resources: "ResourceId", Tags: "Tag", TagSpecifications: "TagSpecification",
    VolumeIds: "VolumeId", OwnerIds: "Owner", BlockDeviceMappings: "BlockDeviceMapping"}[.] // .;
  def leaves($path):
    if type == "object" then to_entries[] as {key: $key, value: $value}
      | $value | leaves($path + [if $ec2 and type == "array" then $key | named else $key end])
    elif type == "array" then to_entries[] as {key: $index, value: $value}
      | $value | leaves($path + if $ec2 then [] else ["member"] end + [$index + 1 | tostring])
    else "\($path | join("."))=\(tostring | @uri)" end;
  ["Action=\($action)", "Version=\($version)", leaves([])] | join("&")'

# The answer of the CLI as `name<TAB>value`, named as EC2'"'"'s XML names it.
# shellcheck disable=SC2016
lines_program='paths(scalars) as $path | [($path | map(strings) | last | (.[:1] | ascii_downcase) + .[1:]), getpath($path)] | @tsv'

# Elements that hold nothing but text: an opening tag, which its closing one follows at once.
xml_lines() {
  awk -v RS='<' '{ end = index($0, ">"); tag = substr($0, 1, end - 1) }
    tag == "/" name { print name "\t" text }
    { name = tag; text = substr($0, end + 1) }'
}

# Prints the answer's body and, on a line of its own, its status.
send() {
  local service=$1 host=$2 type=$3 target=$4
  local url=${AWS_ENDPOINT_URL:-https://$host.$region.$dns_suffix}
  curl -sS --connect-timeout 5 --max-time 30 --aws-sigv4 "aws:amz:$region:$service" -w '\n%{http_code}' --data-binary @- \
    -K <(printf 'user = "%s:%s"\nheader = "X-Amz-Security-Token: %s"\nheader = "Content-Type: %s"\n' \
      "$access_key" "$secret_key" "$session_token" "$type"
      [ -z "$target" ] || printf 'header = "X-Amz-Target: %s"\n' "$target") "${url%/}/"
}

query() {
  local service=$1 version=$2 action=$3 input=$4 is_ec2=false
  [ "$service" != ec2 ] || is_ec2=true
  jq -rj --argjson ec2 "$is_ec2" --arg action "$action" --arg version "$version" "$form_program" <<<"$input" |
    send "$service" "$service" 'application/x-www-form-urlencoded; charset=utf-8' ''
}

by_curl() {
  case $1 in
    ec2) query ec2 2016-11-15 "$2" "$3" ;;
    autoscaling) query autoscaling 2011-01-01 "$2" "$3" ;;
    monitoring) query monitoring 2010-08-01 "$2" "$3" ;;
    ssm) send ssm ssm application/x-amz-json-1.1 "AmazonSSM.$2" <<<"$3" ;;
    secretsmanager) send secretsmanager secretsmanager application/x-amz-json-1.1 "secretsmanager.$2" <<<"$3" ;;
    logs) send logs logs application/x-amz-json-1.1 "Logs_20140328.$2" <<<"$3" ;;
  esac
}

by_cli() {
  local command
  command=$(sed -E 's/([a-z])([A-Z])/\1-\L\2/g; s/^./\L&/' <<<"$2")
  AWS_PAGER='' aws --region "$region" --output json "${1/monitoring/cloudwatch}" "$command" --cli-input-json "$3" |
    case $1 in
      ec2 | autoscaling | monitoring) jq -r "$lines_program" ;;
      *) cat ;;
    esac
}

# One try. The answer on stdout; 1 = refused, 75 = worth another try; why stands in a file.
call() {
  local answer status
  if [ "$api_by" = cli ]; then
    by_cli "$@" 2>"$api_error" && return 0
    grep -qE 'Throttl|RequestLimitExceeded|TooManyRequests|connect|50[0-9]' "$api_error" && return 75
    return 1
  fi
  answer=$(by_curl "$@" 2>"$api_error") || return 75
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  if [[ $status == 2* ]]; then
    case $1 in
      ec2 | autoscaling | monitoring) xml_lines <<<"$answer" ;;
      *) printf '%s\n' "$answer" ;;
    esac
    return 0
  fi
  printf '%s %s\n' "$status" "${answer//$'\n'/ }" >"$api_error"
  [[ $status == 5* || $status == 429 || $answer == *Throttl* || $answer == *RequestLimitExceeded* || $answer == *TooManyRequests* ]] && return 75
  return 1
}

# api SERVICE ACTION INPUT: what AWS answers: JSON, or for EC2, Auto Scaling and CloudWatch one `name<TAB>value` a line. Input as
# the CLI takes it. Tries again, 30 s in all, what was throttled or got no answer.
api() {
  local try status
  read_credentials || return 1
  for try in 1 2 4 8 15 0; do
    status=0
    call "$@" || status=$?
    ((status == 75 && try > 0)) || break
    sleep "$try"
  done
  ((status == 0)) || { status=$(<"$api_error") && say "$1 $2: ${status:0:600}"; return 1; }
}

refused_with() {
  [ -e "$api_error" ] && [[ $(<"$api_error") == *"$1"* ]]
}

# object NAME VALUE…: JSON of strings, of which none holds a control character; settings have been checked.
object() {
  local text='' value
  for (( ; $# > 0; )); do
    value=${2//\\/\\\\}
    text+=",\"$1\":\"${value//\"/\\\"}\""
    shift 2
  done
  printf '{%s}' "${text:1}"
}

# value NAME: the first value of that name in the lines of an answer.
value() {
  awk -F '\t' -v name="$1" '$1 == name && !found { print $2; found = 1 }'
}
