# Packer 1.6 (Debian's): without `metadata_options` the builder answers IMDSv1 too while it lives, and without an
# error-cleanup-provisioner what a failed bake registered in Chef is removed by the scripts alone. Use Packer 1.7 or newer where you can.

packer {
  required_version = "~> 1.6.0"
}

source "amazon-ebs" "image" {
  region              = var.region
  custom_endpoint_ec2 = var.endpoint

  source_ami                            = var.source_image
  instance_type                         = var.instance_type
  iam_instance_profile                  = var.instance_profile
  subnet_id                             = var.subnet_id
  associate_public_ip_address           = contains(["public_ip", "public_dns"], var.ssh_interface)
  security_group_ids                    = var.security_group_ids
  temporary_security_group_source_cidrs = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
  shutdown_behavior                     = "terminate"
  ebs_optimized                         = true
  run_tags                              = local.run_tags
  run_volume_tags                       = local.run_tags

  communicator              = var.communicator
  ssh_username              = var.ssh_username
  ssh_interface             = var.ssh_interface
  ssh_host                  = var.ssh_host
  ssh_port                  = var.ssh_port
  ssh_timeout               = var.ssh_timeout
  ssh_clear_authorized_keys = true

  # Encrypted from the first byte: no unencrypted snapshot ever exists.
  launch_block_device_mappings {
    device_name           = var.root_device_name
    volume_size           = var.root_size_gib
    volume_type           = "gp3"
    iops                  = 3000 # what gp3 includes; this release has no default
    throughput            = 125
    encrypted             = true
    kms_key_id            = var.kms_key
    delete_on_termination = true
  }

  dynamic "launch_block_device_mappings" {
    for_each = compact([var.chef_snapshot])
    content {
      device_name           = "/dev/sdk"
      snapshot_id           = launch_block_device_mappings.value
      volume_type           = "gp3"
      iops                  = 3000
      throughput            = 125
      delete_on_termination = true
    }
  }

  # The fleet's launch template attaches its own, newer one.
  dynamic "ami_block_device_mappings" {
    for_each = compact([var.chef_snapshot])
    content {
      device_name = "/dev/sdk"
      no_device   = true
    }
  }

  ami_name        = local.image_name
  ami_description = "${var.product} v${var.major_version}, ${var.provisioning}, recipes ${var.recipe_revision}, built on ${var.instance_type}"
  tags            = local.tags
  snapshot_tags   = local.tags
}

build {
  sources = ["source.amazon-ebs.image"]

  provisioner "shell" {
    except = local.is_bare ? ["amazon-ebs.image"] : []
    inline = ["rm -rf ${local.uploads}", "mkdir -m 700 ${local.uploads}"]
  }

  provisioner "file" {
    except      = local.is_bare ? ["amazon-ebs.image"] : []
    source      = "${local.scripts}/"
    destination = local.uploads
  }

  provisioner "file" {
    except      = local.is_bare ? ["amazon-ebs.image"] : []
    source      = coalesce(var.script, "${local.scripts}/custom.sh")
    destination = "${local.uploads}/custom.sh"
  }

  provisioner "shell" {
    except           = local.is_bare ? ["amazon-ebs.image"] : []
    environment_vars = local.environment_vars
    execute_command  = "${local.become}env {{ .Vars }} bash {{ .Path }}"
    inline           = ["exec bash ${local.uploads}/bake.sh"]
    inline_shebang   = "/bin/bash"
  }

  post-processor "manifest" {
    output = var.manifest
  }
}
