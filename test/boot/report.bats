#!/usr/bin/env bats
# What every boot does: who it is, whom it tells, and what it does when something is not there.
load helpers

@test "a complete image: facts, tags, the hook continued, and a mark that it is done" {
  boot none no "$whole"
  [ "$status" -eq 0 ]
  [ "$(cat "$T/facts")" = '{"fleet":"app"}' ]
  [[ $(calls_of CreateTags) == *"ResourceId.1=$instance&"*Tag.1.Key=Name*"Tag.1.Value=shop-app%20-%20$instance"* ]]
  [[ $(calls_of CompleteLifecycleAction) == *AutoScalingGroupName=app-group*LifecycleActionResult=CONTINUE* ]]
  [ -e "$T/state/done-$instance" ]
}

@test "an empty tag is left out" {
  boot none no "$whole"
  [[ $(calls_of CreateTags) != *fleet%3Anode-name* ]]
}

@test "a second start does nothing again" {
  boot none no "$whole"
  : >"$T/calls"
  boot none no "$whole"
  [ "$status" -eq 0 ]
  [ ! -s "$T/calls" ]
  [[ $log == *"nothing to do: the boot of $instance is done"* ]]
}

@test "a copy that stands on an image of another instance takes itself away" {
  echo i-00000000000000000 >"$T/state/instance"
  mkdir "$T/per-boot"
  boot none no "$whole"
  mv "$T/script" "$T/per-boot/fleet-boot"
  rm -f "$T"/state/done-*
  echo i-00000000000000000 >"$T/state/instance"
  : >"$T/calls"
  run bash "$T/per-boot/fleet-boot"
  [ "$status" -eq 0 ]
  [ ! -e "$T/per-boot/fleet-boot" ]
  [ ! -s "$T/calls" ]
}

@test "no metadata: ends within its limit and says so; there is nobody to tell" {
  rm "$T/imds/api/token"
  boot none no "$whole"
  [ "$status" -eq 1 ]
  [[ $log == *"FAILED: instance metadata: not within 60 s"* ]]
  [ ! -s "$T/calls" ]
  grep -q 'failed in step metadata: instance metadata: not within 60 s' "$T/console"
}

@test "an instance of no group boots without a hook" {
  rm "$T/imds/meta-data/tags/instance/aws:autoscaling:groupName"
  boot none no "$whole"
  [ "$status" -eq 0 ]
  [ -z "$(calls_of CompleteLifecycleAction)" ]
}

@test "a hook that nobody waits in is done" {
  aws_says CompleteLifecycleAction 400 '<Error><Message>No active Lifecycle Action found with instance ID i-0</Message></Error>'
  boot none no "$whole"
  [ "$status" -eq 0 ]
  [[ $log == *'launch hook: nothing waits'* ]]
}

@test "a throttled call is made again" {
  aws_says CreateTags.1 503 '<Error><Code>RequestLimitExceeded</Code></Error>'
  aws_says CreateTags.2 400 '<Error><Code>Throttling</Code></Error>'
  boot none no "$whole"
  [ "$status" -eq 0 ]
  [ "$(calls_of CreateTags | wc -l)" -eq 3 ]
}

@test "a call that stays throttled fails the boot after six tries" {
  aws_says CreateTags 503 '<Error><Code>RequestLimitExceeded</Code></Error>'
  boot none no "$whole"
  [ "$status" -eq 1 ]
  [ "$(calls_of CreateTags | wc -l)" -eq 6 ]
  [[ $(calls_of CompleteLifecycleAction) == *LifecycleActionResult=ABANDON* ]]
}

@test "a refused call is not made again" {
  aws_says CreateTags 403 '<Error><Code>UnauthorizedOperation</Code></Error>'
  boot none no "$whole"
  [ "$(calls_of CreateTags | wc -l)" -eq 1 ]
  [[ $log == *"ec2 CreateTags: 403"*UnauthorizedOperation* ]]
}

@test "a failure is told: console, log group, metric, and then ABANDON" {
  boot none no 'set_up() { say "about to"; step breaking false; }; '"$whole"
  [ "$status" -eq 1 ]
  grep -q "boot of $instance failed in step breaking: line [0-9]*, status 1: " "$T/console"
  [[ $(calls_of CreateLogStream) == *'"logGroupName":"/fleet/shop-app/boot","logStreamName":"'$instance'"'* ]]
  [[ $(calls_of PutLogEvents) == *'failed in step breaking'*'about to'* ]]
  [[ $(calls_of PutMetricData) == *MetricData.member.1.MetricName=BootFailures*MetricData.member.1.Dimensions.member.1.Value=shop-app* ]]
  [ "$(tail -n 1 "$T/calls" | cut -d ' ' -f 1)" = CompleteLifecycleAction ]
  [[ $(tail -n 1 "$T/calls") == *ABANDON* ]]
}

@test "a failure without a hook declares the instance unhealthy" {
  aws_says CompleteLifecycleAction 400 '<Error><Message>No active Lifecycle Action found</Message></Error>'
  boot none no 'set_up() { fail "no luck"; }; '"$whole"
  [ "$status" -eq 1 ]
  [[ $(calls_of SetInstanceHealth) == *HealthStatus=Unhealthy* ]]
}

@test "a failure that the hook hears of declares nothing" {
  boot none no 'set_up() { fail "no luck"; }; '"$whole"
  [[ $(calls_of CompleteLifecycleAction) == *ABANDON* ]]
  [ -z "$(calls_of SetInstanceHealth)" ]
}

@test "telling a failure does not depend on anybody who hears of it" {
  for action in CreateLogStream PutLogEvents PutMetricData; do aws_says "$action" 403 denied; done
  boot none no 'set_up() { fail "no luck"; }; '"$whole"
  [[ $(calls_of CompleteLifecycleAction) == *ABANDON* ]]
}

@test "a stream that is there already is written to" {
  aws_says CreateLogStream 400 '{"__type":"ResourceAlreadyExistsException"}'
  boot none no 'set_up() { fail "no luck"; }; '"$whole"
  [[ $(calls_of PutLogEvents) == *'no luck'* ]]
}

@test "only the last 100 lines are told, and secrets in them are masked, also half a key" {
  boot none no 'set_up() {
    { echo "-----BEGIN RSA PRIVATE KEY-----"; for ((i = 0; i < 150; i++)); do echo "MIIEabcdef$i"; done; echo "-----END RSA PRIVATE KEY-----"; } >&2
    for ((i = 0; i < 40; i++)); do echo "line $i" >&2; done
    echo "password = hunter2hunter2 AKIAABCDEFGHIJKLMNOP https://me:pass1234@host/ api_key: abcdefgh" >&2
    fail "no luck"
  }; '"$whole"
  run cat "$T/console"
  [ "${#lines[@]}" -eq 101 ]
  [[ $output == *'line 39'* ]]
  [[ $output == *'(masked)'* ]]
  for secret in MIIE hunter2 AKIAABCD pass1234 abcdefgh; do [[ $output != *$secret* ]]; done
}

@test "a full disk fails the boot, and is told" {
  boot none no 'set_up() { step writing printf "x\n" >/dev/full; }; '"$whole"
  [ "$status" -eq 1 ]
  [[ $log == *'No space left on device'* ]]
  [[ $(calls_of CompleteLifecycleAction) == *ABANDON* ]]
}

@test "the limit of the boot ends it, also in the middle of a long command" {
  stub chef-client 'exec /usr/bin/sleep 60'
  boot none no 'end_boot() { until [ -s "$T/chef-client.calls" ]; do /usr/bin/sleep 0.05; done; kill -TERM $$; }; limit_boot() { end_boot & helpers+=($!); }; set_up() { step long run chef-client; }; '"$whole"
  [ "$status" -eq 1 ]
  [[ $log == *'FAILED: the boot was ended after'* ]]
  [[ $(calls_of CompleteLifecycleAction) == *ABANDON* ]]
}

@test "a hook is kept alive while the boot goes on" {
  settings heartbeatSeconds=3
  boot none no 'unset -f keep_hook_alive; '"$(sed -n '/^keep_hook_alive()/,/^}/p' "$root/boot/report.sh")"'; nap() { /usr/bin/sleep 0.05; }; set_up() { until [ "$(grep -c "^RecordLifecycleActionHeartbeat " "$T/calls")" -ge 2 ]; do /usr/bin/sleep 0.05; done; }; '"$whole"
  [ "$status" -eq 0 ]
  [ "$(calls_of RecordLifecycleActionHeartbeat | wc -l)" -ge 2 ]
}

@test "missing tools are named" {
  boot none no "command() { [ \"\$2\" != jq ]; }; $whole"
  [ "$status" -eq 1 ]
  [[ $log == *'FAILED: jq is missing; the bake installs it'* ]]
}

@test "an old curl gives way to the AWS CLI" {
  export CURL_VERSION=7.68.0
  stub aws 'exit 0'
  boot none no "$whole"
  [ "$status" -eq 0 ]
  grep -q -- '--region eu-central-1 --output json ec2 create-tags --cli-input-json {"Resources":\["'$instance'"\]' "$T/aws.calls"
  grep -q 'autoscaling complete-lifecycle-action --cli-input-json' "$T/aws.calls"
}

@test "an old curl without the AWS CLI is a failure that says so" {
  export CURL_VERSION=7.68.0
  boot none no "command() { [ \"\$2\" != aws ]; }; $whole"
  [[ $log == *'FAILED: curl is older than 7.75 and there is no AWS CLI'* ]]
}

@test "credentials and tokens never stand in an argument of curl" {
  boot none no "$whole"
  [ -s "$T/arguments" ]
  ! grep -q -e shh -e session -e secret-token "$T/arguments"
}
