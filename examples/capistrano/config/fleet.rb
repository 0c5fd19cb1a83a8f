# Where the operations of the fleet run: a checkout of this project with its packages.
FLEET = ENV.fetch("FLEET") { File.expand_path("../../..", __dir__) }

# `server` lines for the hosts in service at this moment; the oldest is the primary. Stops when there is none: a deploy to nothing
# would look like one that went well.
def fleet_servers(stack, fleet:, user:)
  command = ["npm", "run", "-s", "ops", "--", "hosts", "--stack", stack.to_s, "--fleet", fleet, "--format", "capistrano", "--user", user]
  lines = IO.popen(command, chdir: FLEET, &:read)
  abort "#{command.join(" ")} failed" unless $?.success?
  abort "No instance of fleet #{fleet} is in service in #{stack}" if lines.strip.empty?
  lines
end
