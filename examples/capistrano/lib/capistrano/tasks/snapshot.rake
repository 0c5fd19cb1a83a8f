namespace :deploy do
  desc "Snapshot the primary's volume, so that new instances begin with what was deployed"
  task :snapshot do
    host = primary(:all)
    run_locally do
      within FLEET do
        execute :npm, "run", "-s", "ops", "--", "snapshot",
                "--stack", fetch(:stage), "--fleet", fetch(:fleet_name), "--name", fetch(:volume_name),
                "--instance", host.hostname, "--device", fetch(:volume_device), "--consistent",
                "--keep-newest", 10, "--keep-days", 30
      end
    end
  end
end
