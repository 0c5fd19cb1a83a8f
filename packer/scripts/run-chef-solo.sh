# Chef to most of the way, from the repository on the volume.
# shellcheck source=lib.sh
. "$FLEET_RUN/lib.sh"
[ -n "$FLEET_CHEF_SNAPSHOT" ] || fail 'CHEF_SNAPSHOT is missing: a run of Chef without a server needs the snapshot of its repository'

mount /chef || fail "the volume of $FLEET_CHEF_SNAPSHOT cannot be mounted at /chef: is the label of its file system $FLEET_CHEF_VOLUME_LABEL?"
# Whatever happens: the image is made without it.
trap 'cd / && umount /chef' EXIT
[ -d /chef/cookbooks ] || fail "$FLEET_CHEF_SNAPSHOT holds no folder cookbooks: it must be a repository of Chef"
jq -n --arg items "$FLEET_CHEF_RUN_LIST" '{run_list: ($items | split(","))}' >"$FLEET_RUN/first-boot.json"
cd /chef || exit
chef-client --local-mode --json-attributes "$FLEET_RUN/first-boot.json" --no-color || fail "chef-client failed with status $?"
