# Nodes whose cookbooks are on a volume of their own, made of a snapshot and attached at launch.
# shellcheck source=lib.sh
. "$FLEET_RUN/lib.sh"
bash -euo pipefail "$FLEET_RUN/hint.sh"

install -d -m 755 /chef
# By label, because Nitro shows the volume under another name than /dev/sdk; nofail, so that an instance without it still boots
# far enough to say so. Boot mounts the volume by its id where the label differs.
if ! awk '$1 !~ /^#/ && $2 == "/chef" { found = 1 } END { exit !found }' /etc/fstab; then
  printf 'LABEL=%s /chef auto defaults,nofail,x-systemd.device-timeout=30s 0 2\n' "$FLEET_CHEF_VOLUME_LABEL" >>/etc/fstab
fi
