set :branch, "main"

eval fleet_servers(fetch(:stage), fleet: fetch(:fleet_name), user: "deploy")
