# Node and client of the builder leave the Chef server, by the client's own right; nothing to do when there is no client.
# shellcheck source=lib.sh
. "$FLEET_RUN/lib.sh"
[ -s /etc/chef/client.pem ] || exit 0
as_builder /etc/chef/client.pem node delete "$FLEET_NODE" --yes || say 'the node was not deleted; perhaps there was none'
as_builder /etc/chef/client.pem client delete "$FLEET_NODE" --yes
rm -f /etc/chef/client.pem
