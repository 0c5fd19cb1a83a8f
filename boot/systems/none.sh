# shellcheck shell=bash
# The image is complete: nothing is left to do but to say so.
name_node() {
  display_name="${setting[prefix]} - $instance_id"
}

set_up() { :; }
