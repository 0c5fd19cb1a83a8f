# shellcheck shell=bash
# Ohai on EC2 needs to be told where it is.
chef_directory=/etc/chef

write_hint() {
  mkdir -p "$chef_directory/ohai/hints"
  printf '{}\n' >"$chef_directory/ohai/hints/ec2.json"
}
