# What a bake is told. `npm run ops -- bake` fills these in from the settings of a stack; docs/bake.md shows how to run Packer by hand.
# Shared by both source files (the folders 1.6 and 1.7 link here). Packer 1.6 has no regex(), so patterns are checked by what
# regex_replace() leaves of a value.

variable "region" {
  type        = string
  description = "Region in which the image is built, for example eu-central-1."
  validation {
    condition     = length(var.region) > 0 && regex_replace(var.region, "^[a-z]{2}(-[a-z]+)+-[0-9]$", "") == ""
    error_message = "The region must look like eu-central-1."
  }
}

variable "endpoint" {
  type        = string
  default     = ""
  description = "Address of an AWS other than the real one, for example http://127.0.0.1:4566; empty = the region's own."
  validation {
    condition     = regex_replace(var.endpoint, "^https?://[^/ ]+/?$", "") == ""
    error_message = "The endpoint must be empty or look like http://127.0.0.1:4566."
  }
}

variable "name" {
  type        = string
  description = "What the image's name begins with, for example storefront-staging-web-v3-app; the time of the bake follows."
  validation {
    condition     = length(var.name) > 0 && regex_replace(var.name, "^[a-z][a-z0-9-]{0,95}$", "") == ""
    error_message = "The name must be up to 96 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "product" {
  type        = string
  description = "Product: a tag."
  validation {
    condition     = length(var.product) > 0 && regex_replace(var.product, "^[a-z][a-z0-9-]{0,23}$", "") == ""
    error_message = "The product must be up to 24 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "major_version" {
  type        = number
  description = "Major version of the product: a tag."
  validation {
    condition     = var.major_version >= 0 && var.major_version <= 9999
    error_message = "The major_version must be from 0 to 9999."
  }
}

variable "recipe_revision" {
  type        = string
  description = "Revision of the recipes, cookbooks or scripts in the image, for example a commit: a tag."
  validation {
    condition     = length(var.recipe_revision) > 0 && regex_replace(var.recipe_revision, "^[A-Za-z0-9._+-]{1,64}$", "") == ""
    error_message = "The recipe_revision must be 1 to 64 letters, digits and ._+- characters."
  }
}

variable "inputs_hash" {
  type        = string
  default     = ""
  description = "Hash of all inputs of the bake, a tag by which an image of the same inputs is found again; empty = no such tag."
  validation {
    condition     = regex_replace(var.inputs_hash, "^[0-9a-f]{64}$", "") == ""
    error_message = "The inputs_hash must be empty or 64 hexadecimal digits."
  }
}

variable "source_image" {
  type        = string
  description = "Image that is built upon: an id, so that two bakes of the same inputs begin with the same thing."
  validation {
    condition     = length(var.source_image) > 0 && regex_replace(var.source_image, "^ami-([0-9a-f]{8}|[0-9a-f]{17})$", "") == ""
    error_message = "The source_image must be an id: ami- and 8 or 17 hexadecimal digits."
  }
}

variable "architecture" {
  type        = string
  default     = "x86_64"
  description = "Architecture of source image and instance type: a tag."
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "The architecture must be x86_64 or arm64."
  }
}

variable "instance_type" {
  type        = string
  description = "Instance type that the image is built on: its bake type, a tag. The fleet runs on the same type."
  validation {
    condition     = length(var.instance_type) > 0 && regex_replace(var.instance_type, "^[a-z][a-z0-9-]*[.][a-z0-9-]+$", "") == ""
    error_message = "The instance_type must look like m7i.large."
  }
}

variable "root_device_name" {
  type        = string
  default     = "/dev/xvda"
  description = "Root device of the source image; under any other name a second volume would be added."
  validation {
    condition     = length(var.root_device_name) > 0 && regex_replace(var.root_device_name, "^/dev/(sd|xvd|hd)[a-z][0-9]*$", "") == ""
    error_message = "The root_device_name must look like /dev/xvda or /dev/sda1."
  }
}

variable "root_size_gib" {
  type        = number
  default     = 0
  description = "Size of the root volume in GiB; 0 = that of the source image."
  validation {
    condition     = var.root_size_gib >= 0 && var.root_size_gib <= 65536
    error_message = "The root_size_gib must be from 0 to 65536."
  }
}

variable "kms_key" {
  type        = string
  default     = ""
  description = "ARN of the key that encrypts the snapshots; empty = the account's default key for EBS."
  validation {
    condition     = regex_replace(var.kms_key, "^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/.+$", "") == ""
    error_message = "The kms_key must be empty or the ARN of a key."
  }
}

variable "subnet_id" {
  type        = string
  default     = ""
  description = "Subnet of the builder; empty = the default VPC's."
  validation {
    condition     = regex_replace(var.subnet_id, "^subnet-([0-9a-f]{8}|[0-9a-f]{17})$", "") == ""
    error_message = "The subnet_id must be empty or an id: subnet- and 8 or 17 hexadecimal digits."
  }
}

variable "security_group_ids" {
  type        = list(string)
  default     = []
  description = "Security groups of the builder; empty = a temporary one that lets in port 22 from private addresses only."
}

variable "instance_profile" {
  type        = string
  default     = ""
  description = "Instance profile of the builder, with whose role it reads secrets; empty = none."
  validation {
    condition     = regex_replace(var.instance_profile, "^[A-Za-z0-9+=,.@_-]{1,128}$", "") == ""
    error_message = "The instance_profile must be empty or the name (not the ARN) of an instance profile."
  }
}

variable "communicator" {
  type        = string
  default     = "ssh"
  description = "ssh, or none: nothing is provisioned, the image is the source image with tags. For an AWS without real instances."
  validation {
    condition     = contains(["ssh", "none"], var.communicator)
    error_message = "The communicator must be ssh or none."
  }
}

variable "ssh_username" {
  type        = string
  default     = "ec2-user"
  description = "User of the source image that may become root: ec2-user, admin, ubuntu …"
  validation {
    condition     = length(var.ssh_username) > 0 && regex_replace(var.ssh_username, "^[a-z_][a-z0-9_-]{0,31}$", "") == ""
    error_message = "The ssh_username must be the name of a user."
  }
}

variable "ssh_interface" {
  type        = string
  default     = "private_ip"
  description = "How the builder is reached: private_ip, public_ip, private_dns, public_dns, or session_manager (needs its plugin here and instance_profile)."
  validation {
    condition     = contains(["private_ip", "public_ip", "private_dns", "public_dns", "session_manager"], var.ssh_interface)
    error_message = "The ssh_interface must be private_ip, public_ip, private_dns, public_dns or session_manager."
  }
}

variable "ssh_host" {
  type        = string
  default     = ""
  description = "Address of the builder when it is none of its own, as with a forwarded port; empty = by ssh_interface."
}

variable "ssh_port" {
  type        = number
  default     = 22
  description = "Port of the builder's SSH server."
  validation {
    condition     = var.ssh_port >= 1 && var.ssh_port <= 65535
    error_message = "The ssh_port must be from 1 to 65535."
  }
}

variable "ssh_timeout" {
  type        = string
  default     = "10m"
  description = "How long the builder may take to answer on its SSH port: 90s, 10m."
  validation {
    condition     = length(var.ssh_timeout) > 0 && regex_replace(var.ssh_timeout, "^[1-9][0-9]*[sm]$", "") == ""
    error_message = "The ssh_timeout must look like 90s or 10m."
  }
}

variable "environment" {
  type        = map(string)
  default     = {}
  description = "Environment of the provisioning scripts beside their own FLEET_* variables, for example https_proxy."
}

variable "script" {
  type        = string
  default     = ""
  description = "Path of a script of yours that runs as root after the installation and before Chef; empty = none."
}

variable "provisioning" {
  type        = string
  default     = "none"
  description = "What the fleet's nodes get their configuration from."
  validation {
    condition     = contains(["none", "chef-server", "managed-node", "chef-solo"], var.provisioning)
    error_message = "The provisioning must be none, chef-server, managed-node or chef-solo."
  }
}

variable "package_url" {
  type        = string
  default     = ""
  description = "Package (.deb or .rpm) of Chef, or with managed-node of the Systems Manager agent; empty = the source image has it."
  validation {
    condition     = regex_replace(var.package_url, "^https?://[^ ]+[.](deb|rpm)$", "") == ""
    error_message = "The package_url must be empty or the address of a .deb or .rpm file."
  }
}

variable "package_sha256" {
  type        = string
  default     = ""
  description = "SHA-256 of that package; without it nothing is installed."
  validation {
    condition     = regex_replace(var.package_sha256, "^[0-9a-f]{64}$", "") == ""
    error_message = "The package_sha256 must be empty or 64 hexadecimal digits."
  }
}

variable "chef_server_url" {
  type        = string
  default     = ""
  description = "With chef-server: address with the organization, for example https://chef.example.com/organizations/storefront."
  validation {
    condition     = regex_replace(var.chef_server_url, "^https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~/-]+)?/organizations/[a-z0-9][a-z0-9_-]*$", "") == ""
    error_message = "The chef_server_url must be empty or look like https://chef.example.com/organizations/storefront."
  }
}

variable "chef_validator" {
  type        = string
  default     = ""
  description = "With chef-server: name of the validator client."
  validation {
    condition     = regex_replace(var.chef_validator, "^[A-Za-z0-9._-]{1,128}$", "") == ""
    error_message = "The chef_validator must be empty or the name of a client."
  }
}

variable "chef_validator_key" {
  type        = string
  default     = ""
  description = "With chef-server: where the validator's key is stored, ssm:NAME or secretsmanager:NAME; the builder reads it with its instance profile."
  validation {
    condition     = regex_replace(var.chef_validator_key, "^(ssm|secretsmanager):[A-Za-z0-9/_+=.@:-]{1,512}$", "") == ""
    error_message = "The chef_validator_key must be the name of a secret, ssm:NAME or secretsmanager:NAME, never the key itself."
  }
}

variable "chef_environment" {
  type        = string
  default     = ""
  description = "With chef-server: Chef environment of the builder's node; empty = Chef's own default."
  validation {
    condition     = regex_replace(var.chef_environment, "^[A-Za-z0-9_-]{1,128}$", "") == ""
    error_message = "The chef_environment must be empty or a name."
  }
}

variable "chef_run_list" {
  type        = list(string)
  default     = []
  description = "With chef-server and chef-solo: what Chef runs on the builder, for example role[base]; empty = Chef does not run."
  validation {
    condition = length([
      for item in var.chef_run_list : item if regex_replace(item, "^(role|recipe)\\[[A-Za-z0-9_.:@-]+\\]$", "") != ""
    ]) == 0
    error_message = "The chef_run_list must be a list of role[NAME] and recipe[NAME]."
  }
}

variable "chef_snapshot" {
  type        = string
  default     = ""
  description = "With chef-solo: snapshot with the repository of cookbooks, attached to the builder at /dev/sdk and no part of the image; empty = Chef does not run."
  validation {
    condition     = regex_replace(var.chef_snapshot, "^snap-([0-9a-f]{8}|[0-9a-f]{17})$", "") == ""
    error_message = "The chef_snapshot must be empty or an id: snap- and 8 or 17 hexadecimal digits."
  }
}

variable "chef_volume_label" {
  type        = string
  default     = "chef"
  description = "With chef-solo: label of the file system in that snapshot; the line in /etc/fstab mounts it at /chef."
  validation {
    condition     = length(var.chef_volume_label) > 0 && regex_replace(var.chef_volume_label, "^[A-Za-z0-9_-]{1,16}$", "") == ""
    error_message = "The chef_volume_label must be 1 to 16 letters, digits, hyphens and underscores."
  }
}

variable "manifest" {
  type        = string
  default     = "manifest.json"
  description = "File that gets the image's id when the bake is done."
}
