# shellcheck shell=bash
# Who hears of it: the launch hook of the group, the console, the log group of the fleet, the metric of failed boots.
# hook_call ACTION [NAME VALUE]…
hook_call() {
  local action=$1
  shift
  api autoscaling "$action" "$(object AutoScalingGroupName "$group" LifecycleHookName fleet-launch InstanceId "$instance_id" "$@")" >/dev/null
}

# complete_hook CONTINUE|ABANDON. No action that waits, because there is no hook, it was completed before, or it timed out, is
# no fault. Status 2 says that nothing waited.
complete_hook() {
  [ -n "$group" ] || return 2
  if hook_call CompleteLifecycleAction LifecycleActionResult "$1"; then
    say "launch hook: $1"
  elif refused_with 'No active Lifecycle Action'; then
    say 'launch hook: nothing waits'
    return 2
  else
    return 1
  fi
}

# A process beside the boot that ends when it is told to, and what it waits for with it.
as_helper() {
  trap - ERR EXIT INT HUP
  trap 'kill "$!" 2>/dev/null; exit 0' TERM
}

nap() {
  sleep "$1" &
  wait "$!"
}

# While the boot goes on, the hook does not time out; the limit of the whole boot ends this too.
keep_hook_alive() {
  [ -n "$group" ] || return 0
  beat &
  helpers+=($!)
}

# What is refused here is no answer to what the boot itself asks, so it has a file of its own.
beat() {
  local api_error=$run_directory/beat-error
  as_helper
  while nap "$((setting[heartbeatSeconds] / 3))"; do
    hook_call RecordLifecycleActionHeartbeat || ! refused_with 'No active Lifecycle Action' || exit 0
  done
}

limit_boot() {
  end_boot &
  helpers+=($!)
}

end_boot() {
  as_helper
  nap "${setting[limitSeconds]}"
  kill -TERM $$
}

# What failed and the end of the log, masked before it is cut, so that no half of a key slips through.
failure_report() {
  printf 'boot of %s failed in step %s: %s\n' "${instance_id:-an unknown instance}" "$current_step" "$(cat "$run_directory/failure" 2>/dev/null || echo unknown)"
  mask <"$log_file" | tail -n "$told_lines"
}

tell_log_group() {
  local names
  names=$(object logGroupName "${setting[logGroup]}" logStreamName "$instance_id")
  api logs CreateLogStream "$names" >/dev/null || refused_with ResourceAlreadyExists || return 0
  api logs PutLogEvents "$(jq -cRs --argjson names "$names" --argjson now "$(date +%s%3N)" \
    '$names + {logEvents: [split("\n")[] | select(. != "") | {timestamp: $now, message: .}]}' <"$run_directory/report")" >/dev/null || true
}

count_failure() {
  api monitoring PutMetricData "$(jq -cn --arg fleet "${setting[prefix]}" '{Namespace: "Fleet",
    MetricData: [{MetricName: "BootFailures", Value: 1, Unit: "Count", Dimensions: [{Name: "Fleet", Value: $fleet}]}]}')" >/dev/null || true
}

# The group replaces an instance whose launch is abandoned; where no hook holds it, it is declared unhealthy.
give_up() {
  local status=0
  complete_hook ABANDON || status=$?
  if ((status != 2)) || [ -z "$group" ]; then return 0; fi
  api autoscaling SetInstanceHealth "{\"InstanceId\":\"$instance_id\",\"HealthStatus\":\"Unhealthy\",\"ShouldRespectGracePeriod\":false}" >/dev/null &&
    say 'declared unhealthy, so that the group replaces the instance'
}

# Runs in a trap, where a bare `return` gives the status from before it: every function that is called here says which.
tell_failure() {
  # A failure of Systems Manager or CloudWatch must not keep the instance: every call is limited, and none ends this.
  failure_report >"$run_directory/report"
  cat "$run_directory/report" >>"$console" || true
  [ -n "${region:-}" ] || return 0
  tell_log_group
  count_failure
  give_up || true
}

finish() {
  local status=$1
  trap - ERR EXIT TERM INT HUP
  set +eE
  kill ${running:+"$running"} "${helpers[@]}" 2>/dev/null
  ((status == 0)) || {
    clean_up
    tell_failure
  }
  exit "$status"
}
