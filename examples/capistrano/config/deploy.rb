require "net/ssh/proxy/command"

set :application, "storefront"
set :repo_url, "git@github.com:example/storefront.git"
set :deploy_to, "/code/storefront"

# The volume of the settings with `deviceName: /dev/sdf`, on which :deploy_to lies.
set :fleet_name, "app"
set :volume_name, "code"
set :volume_device, "/dev/sdf"

# Instances have no public address: ssh goes through Systems Manager.
set :ssh_options, proxy: Net::SSH::Proxy::Command.new(
  "aws ssm start-session --target %h --document-name AWS-StartSSHSession --parameters portNumber=%p"
)

after :deploy, "deploy:snapshot"
after "deploy:rollback", "deploy:snapshot"
