# shellcheck shell=bash
# Chef without a server: the repository stands on a volume, and the run is local.
name_node() {
  node_name="${setting[nodeNamePrefix]}$instance_id"
  display_name="${setting[prefix]} - $node_name"
}

set_up() {
  step chef check_chef
  step chef-repository check_repository
  step chef-identity write_identity
  step chef-run chef_run --local-mode --config "$chef_directory/client.rb" --json-attributes "$chef_directory/first-boot.json" --no-color
  step chef-schedule schedule --local-mode --config "$chef_directory/client.rb"
}

check_repository() {
  [ -d "${setting[repository]}/cookbooks" ] || fail "${setting[repository]} on the volume has no folder cookbooks"
}

write_identity() {
  remove_old_identity
  write_hint
  write_first_boot
  {
    printf 'local_mode true\nchef_repo_path %s\nnode_name %s\nlog_location STDOUT\n' "$(ruby "${setting[repository]}")" "$(ruby "$node_name")"
    # What a run writes must not land on the volume, which is another instance's tomorrow.
    printf 'node_path %s\nfile_cache_path %s\n' "$(ruby /var/chef/nodes)" "$(ruby /var/chef/cache)"
    [ -z "${setting[chefEnvironment]}" ] || printf 'environment %s\n' "$(ruby "${setting[chefEnvironment]}")"
  } >"$chef_directory/client.rb"
}
