# Nodes of a Chef server: boot writes their configuration.
bash -euo pipefail "$FLEET_RUN/hint.sh"
install -d -m 755 /etc/chef/trusted_certs
