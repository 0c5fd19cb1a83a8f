#!/usr/bin/env bats
# The three systems that run recipes, and what they do when something goes wrong.
load helpers

chef_settings() {
  settings 'firstBoot={"run_list":["role[app]"],"fleet":{"prefix":"shop-app"}}' chefEnvironment=staging nodeNamePrefix=app- client=timer \
    intervalSeconds=1800 splaySeconds=300 runSeconds=600 attempts=3
}
server_settings() {
  chef_settings
  settings serverUrl=https://chef.example.com/organizations/shop policyName= policyGroup= key=ssm:/shop/validator \
    validatorName=shop-validator userName= certificateAuthority= waitSeconds=120
  touch "$T/chef-server"
  aws_says GetParameter 200 '{"Parameter":{"Value":"-----BEGIN KEY-----\nabc\n"}}'
  stub chef-client 'touch "$T/chef/client.pem"'
}

@test "chef-server: a new identity, the validator's key only for the first run, then a timer" {
  server_settings
  for file in client.pem client.rb validation.pem first-boot.json; do echo old >"$T/chef/$file"; done
  stub chef-client 'cp "$T/chef/validation.pem" "$T/key"; stat -c %a "$T/chef/validation.pem" >"$T/mode"; [ ! -e "$T/chef/client.pem" ]'
  boot chef-server no "$whole"
  [ "$status" -eq 0 ]
  [[ $(calls_of GetParameter) == *'{"Name":"/shop/validator","WithDecryption":true}'* ]]
  [ "$(cat "$T/key")" = $'-----BEGIN KEY-----\nabc' ]
  [ "$(cat "$T/mode")" = 600 ]
  [ ! -e "$T/chef/validation.pem" ]
  [ "$(cat "$T/chef/client.rb")" = "chef_server_url 'https://chef.example.com/organizations/shop'
node_name 'app-$instance'
log_location STDOUT
environment 'staging'
validation_client_name 'shop-validator'
validation_key '$T/chef/validation.pem'" ]
  [ "$(cat "$T/chef/first-boot.json")" = '{"run_list":["role[app]"],"fleet":{"prefix":"shop-app"}}' ]
  [ -e "$T/chef/ohai/hints/ec2.json" ]
  [[ $(calls_of CreateTags) == *fleet%3Anode-name*app-$instance* ]]
  grep -q '^OnUnitActiveSec=1800$' "$T/units/chef-client.timer"
  grep -q "^ExecStart=$T/bin/chef-client --config $T/chef/client.rb$" "$T/units/chef-client.service"
  [ "$(tail -n 1 "$T/systemctl.calls")" = 'enable --now chef-client.timer' ]
}

@test "chef-server: as a service, or not at all" {
  server_settings
  settings client=service
  boot chef-server no "$whole"
  grep -q -- '--interval 1800 --splay 300$' "$T/units/chef-client.service"
  rm -rf "$T"/state/* "$T"/units/*
  settings client=none
  boot chef-server no "$whole"
  [ "$status" -eq 0 ]
  [ -z "$(ls "$T/units")" ]
}

@test "chef-server: without validator knife makes the client, anew when an old one is in the way" {
  server_settings
  settings validatorName= userName=fleet-boot policyName=app policyGroup=staging chefEnvironment=
  stub knife 'case $1-$2 in client-create) [ -e "$T/deleted" ] && touch "$T/chef/client.pem" ;; client-delete) touch "$T/deleted" ;; esac'
  boot chef-server no "$whole"
  [ "$status" -eq 0 ]
  [ "$(cut -d ' ' -f 1-3 "$T/knife.calls")" = "client create app-$instance
client delete app-$instance
client create app-$instance" ]
  grep -q "^policy_group 'staging'$" "$T/chef/client.rb"
  ! grep -q validation "$T/chef/client.rb"
  [ ! -e "$T/run/user.pem" ]
}

@test "chef-server: a server that does not answer is waited for, and no longer than that" {
  server_settings
  rm "$T/chef-server"
  boot chef-server no "$whole"
  [ "$status" -eq 1 ]
  [[ $log == *'FAILED: the Chef server https://chef.example.com/organizations/shop: not within 120 s; last seen: curl: (7) refused'* ]]
  [[ $(calls_of PutLogEvents) == *'failed in step chef-server'* ]]
}

@test "chef-server: a first run that fails twice is tried again" {
  server_settings
  stub chef-client '[ "$(wc -l <"$T/chef-client.calls")" -ge 3 ]'
  boot chef-server no "$whole"
  [ "$status" -eq 0 ]
  [[ $log == *'chef-client failed with status 1, try 2 of 3'* ]]
}

@test "chef-server: a first run that keeps failing is given up, with what Chef said" {
  server_settings
  stub chef-client 'echo "NoMethodError in recipe storefront"; exit 1'
  boot chef-server no "$whole"
  [ "$status" -eq 1 ]
  [ "$(wc -l <"$T/chef-client.calls")" -eq 3 ]
  [[ $(calls_of PutLogEvents) == *'failed in step chef-run: chef-client failed 3 times, the last time with status 1'*NoMethodError* ]]
  [[ $(calls_of CompleteLifecycleAction) == *ABANDON* ]]
}

@test "chef-server: a run that hangs is ended" {
  server_settings
  settings runSeconds=1 attempts=1
  stub chef-client 'exec /usr/bin/sleep 30'
  boot chef-server no "$whole"
  [ "$status" -eq 1 ]
  [[ $log == *'chef-client failed 1 times, the last time with status 124'* ]]
}

@test "chef-server: a boot that a reboot interrupted keeps its identity" {
  server_settings
  touch "$T/state/identity-$instance"
  echo mine >"$T/chef/client.pem"
  stub chef-client 'cat "$T/chef/client.pem" >"$T/used"'
  boot chef-server no "$whole"
  [ "$status" -eq 0 ]
  [ "$(cat "$T/used")" = mine ]
  [ -z "$(calls_of GetParameter)" ]
}

@test "chef-server: a key that cannot be read is named, not shown" {
  server_settings
  aws_says GetParameter 400 '{"__type":"ParameterNotFound"}'
  boot chef-server no "$whole"
  [ "$status" -eq 1 ]
  [[ $log == *'FAILED: ssm:/shop/validator cannot be read'* ]]
}

@test "chef-server: a secret, and the server's own authority" {
  server_settings
  settings key=secretsmanager:shop/validator certificateAuthority=ssm:/shop/ca
  aws_says GetSecretValue 200 '{"SecretString":"key from a secret"}'
  stub chef-client 'cp "$T/chef/validation.pem" "$T/key"'
  boot chef-server no "$whole"
  [ "$status" -eq 0 ]
  [ "$(cat "$T/key")" = 'key from a secret' ]
  [ -s "$T/chef/trusted_certs/fleet.crt" ]
  grep -q -- "--cacert $T/chef/trusted_certs/fleet.crt" "$T/arguments"
}

@test "a name with quotes stays one string of Ruby" {
  boot chef-server no 'start_log; ruby "it'"'"'s \\ #{x}" >"$T/ruby"'
  [ "$(cat "$T/ruby")" = "'it\\'s \\\\ #{x}'" ]
}

@test "chef-solo: the repository on the volume, a local run, nothing written there" {
  chef_settings
  settings repository="$T/repository"
  mkdir -p "$T/repository/cookbooks"
  stub chef-client 'exit 0'
  boot chef-solo no "$whole"
  [ "$status" -eq 0 ]
  [ "$(cat "$T/chef-client.calls")" = "--local-mode --config $T/chef/client.rb --json-attributes $T/chef/first-boot.json --no-color" ]
  grep -q "^chef_repo_path '$T/repository'$" "$T/chef/client.rb"
  grep -q "^node_path '/var/chef/nodes'$" "$T/chef/client.rb"
}

@test "chef-solo: a volume without cookbooks is told" {
  chef_settings
  settings repository="$T/repository"
  stub chef-client 'exit 0'
  boot chef-solo no "$whole"
  [[ $log == *"FAILED: $T/repository on the volume has no folder cookbooks"* ]]
}

@test "without Chef on the image it is said who installs it" {
  server_settings
  rm "$T/bin/chef-client"
  boot chef-server no "command() { [ \"\$2\" != chef-client ]; }; $whole"
  [[ $log == *'FAILED: chef-client is missing; the bake installs it'* ]]
}

managed_settings() {
  settings 'stackName=v3 staging web' layer=app association=shop-app-layer onlineSeconds=60 waitSeconds=300
  aws_says DescribeInstanceInformation.1 200 '{"InstanceInformationList":[]}'
  aws_says DescribeInstanceInformation 200 '{"InstanceInformationList":[{"PingStatus":"Online"}]}'
  aws_says DescribeInstanceAssociationsStatus.1 200 '{"InstanceAssociationStatusInfos":[{"AssociationName":"another","Status":"Success"}]}'
  aws_says DescribeInstanceAssociationsStatus.2 200 '{"InstanceAssociationStatusInfos":[{"AssociationName":"shop-app-layer","Status":"Failed"}]}'
  aws_says DescribeInstanceAssociationsStatus 200 '{"InstanceAssociationStatusInfos":[{"AssociationName":"shop-app-layer","Status":"Success"}]}'
}

@test "managed-node: named, registered, assigned to its layer only then, and done at its association's first success" {
  managed_settings
  boot managed-node no "$whole"
  [ "$status" -eq 0 ]
  [ "$(cat "$T/hostnamectl.calls")" = 'set-hostname app-0123456789abcdef0' ]
  [[ $(calls_of CreateTags | head -n 1) == *Tag.1.Value=v3%20staging%20web%20-%20app-0123456789abcdef0* ]]
  [[ $(calls_of CreateTags | tail -n 1) == *fleet%3Alayer*Value=app* ]]
  [ "$(cut -d ' ' -f 1 "$T/calls" | uniq | tail -n 4 | tr '\n' ' ')" = 'DescribeInstanceInformation CreateTags DescribeInstanceAssociationsStatus CompleteLifecycleAction ' ]
  [ "$(calls_of DescribeInstanceAssociationsStatus | wc -l)" -eq 3 ]
}

@test "managed-node: never registered" {
  managed_settings
  aws_says DescribeInstanceInformation 200 '{"InstanceInformationList":[]}'
  boot managed-node no "$whole"
  [[ $log == *'FAILED: registration with Systems Manager: not within 60 s; last seen: not registered'* ]]
}

@test "managed-node: recipes that keep failing" {
  managed_settings
  aws_says DescribeInstanceAssociationsStatus 200 '{"InstanceAssociationStatusInfos":[{"AssociationName":"shop-app-layer","Status":"Failed","ErrorCode":"Failed"}]}'
  boot managed-node no "$whole"
  [[ $log == *'FAILED: first success of shop-app-layer: not within 300 s; last seen: Failed  Failed'* ]]
}

@test "managed-node: a long role leaves the host's name within 63 characters" {
  managed_settings
  settings "role=$(printf 'a%.0s' {1..64})"
  boot managed-node no "$whole"
  [ "$(cut -d ' ' -f 2 "$T/hostnamectl.calls" | tr -d '\n' | wc -c)" -eq 63 ]
}

@test "managed-node: no agent" {
  managed_settings
  stub systemctl 'exit 1'
  boot managed-node no "$whole"
  [[ $log == *'FAILED: the agent of Systems Manager does not start'* ]]
}
