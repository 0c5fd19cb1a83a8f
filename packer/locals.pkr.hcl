# What follows from the variables. The tag keys are those of contract/tags.json, which a test compares.

locals {
  now      = timestamp()
  baked_at = "${formatdate("YYYY-MM-DD'T'hh:mm:ss", local.now)}Z"
  # Unique among bakes that run at once, because `name` holds the fleet.
  image_name = "${var.name}-${formatdate("YYYYMMDD-hhmmss", local.now)}"

  # On the builder and its volumes, so that what a broken bake left behind can be found and named.
  run_tags = {
    "Name"                = "bake-${local.image_name}"
    "fleet:product"       = var.product
    "fleet:major-version" = "${var.major_version}"
    "fleet:role"          = "image-builder"
  }

  tags = merge(
    {
      "Name"                  = local.image_name
      "fleet:product"         = var.product
      "fleet:major-version"   = "${var.major_version}"
      "fleet:bake-type"       = var.instance_type
      "fleet:source-image"    = var.source_image
      "fleet:recipe-revision" = var.recipe_revision
      "fleet:baked-at"        = local.baked_at
      "fleet:architecture"    = var.architecture
    },
    { for hash in compact([var.inputs_hash]) : "fleet:bake-inputs" => hash },
  )

  is_bare = var.communicator == "none"
  scripts = "${path.root}/../scripts"
  uploads = "/tmp/fleet-bake"
  # Root needs no sudo, and a source image whose user is root may have none.
  become = var.ssh_username == "root" ? "" : "sudo -n "

  # The scripts get everything as data; no value becomes part of a line that a shell reads.
  environment = merge(
    var.environment,
    {
      FLEET_REGION             = var.region
      FLEET_NODE               = "bake-${local.image_name}"
      FLEET_USER               = var.ssh_username
      FLEET_PRODUCT            = var.product
      FLEET_BAKE_TYPE          = var.instance_type
      FLEET_SOURCE_IMAGE       = var.source_image
      FLEET_RECIPE_REVISION    = var.recipe_revision
      FLEET_BAKED_AT           = local.baked_at
      FLEET_PROVISIONING       = var.provisioning
      FLEET_PACKAGE_URL        = var.package_url
      FLEET_PACKAGE_SHA256     = var.package_sha256
      FLEET_CHEF_SERVER_URL    = var.chef_server_url
      FLEET_CHEF_VALIDATOR     = var.chef_validator
      FLEET_CHEF_VALIDATOR_KEY = var.chef_validator_key
      FLEET_CHEF_ENVIRONMENT   = var.chef_environment
      FLEET_CHEF_RUN_LIST      = join(",", var.chef_run_list)
      FLEET_CHEF_SNAPSHOT      = var.chef_snapshot
      FLEET_CHEF_VOLUME_LABEL  = var.chef_volume_label
    },
  )
  environment_vars = [for name, value in local.environment : "${name}=${value}"]
}
