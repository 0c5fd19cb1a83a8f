# Nodes of Systems Manager: the agent registers at boot with the instance's role, an association runs the recipes.
# shellcheck source=lib.sh
. "$FLEET_RUN/lib.sh"
bash -euo pipefail "$FLEET_RUN/hint.sh"

for unit in amazon-ssm-agent.service snap.amazon-ssm-agent.amazon-ssm-agent.service; do
  if systemctl cat "$unit" >/dev/null 2>&1; then
    systemctl enable "$unit"
    exit 0
  fi
done
fail "the Systems Manager agent is there, but no service starts it"
