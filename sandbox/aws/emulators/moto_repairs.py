"""What moto's EC2 drops and the stacks need, put back at start: one function per repair.

moto 5.2.5 registers every image with a root device of type "standard", an invented snapshot and without architecture and tags, so
that a program which verifies its image would refuse each of them.
"""


def register_image_keeps_its_arguments():
    from moto.core.responses import ActionResult
    from moto.ec2.models.amis import Ami
    from moto.ec2.responses.amis import AmisResponse as Response
    from moto.ec2.utils import random_ami_id

    invented_mappings = Ami.block_device_mappings.fget
    Ami.block_device_mappings = property(lambda image: getattr(image, "registered_mappings", None) or invented_mappings(image))

    def mapping_of(backend, given):
        ebs = dict(given.get("Ebs") or {})
        snapshot = ebs.get("SnapshotId")
        if snapshot:
            # Raises InvalidSnapshot.NotFound, as AWS does.
            ebs.setdefault("VolumeSize", backend.describe_snapshots(snapshot_ids=[snapshot])[0].volume.size)
        ebs.setdefault("DeleteOnTermination", True)
        ebs.setdefault("VolumeType", "gp2")
        return {**given, "Ebs": ebs} if given.get("Ebs") else given

    def register_image(self):
        self.error_on_dryrun()
        backend = self.ec2_backend
        mappings = [mapping_of(backend, given) for given in self._get_param("BlockDeviceMappings", [])]
        if not mappings:
            image = backend.register_image(self._get_param("Name"), self._get_param("Description", ""))
            return ActionResult({"ImageId": image.id})
        image = Ami(
            backend,
            random_ami_id(),
            name=self._get_param("Name"),
            description=self._get_param("Description", ""),
            architecture=self._get_param("Architecture", "x86_64"),
            virtualization_type=self._get_param("VirtualizationType", "hvm"),
            root_device_name=self._get_param("RootDeviceName", mappings[0]["DeviceName"]),
            root_device_type="ebs",
        )
        invented = image.ebs_snapshot
        backend.snapshots.pop(invented.id, None)
        image.registered_mappings = mappings
        roots = [one["Ebs"].get("SnapshotId") for one in mappings if one["DeviceName"] == image.root_device_name and "Ebs" in one]
        for snapshot_id in filter(None, roots):
            image.ebs_snapshot = backend.describe_snapshots(snapshot_ids=[snapshot_id])[0]
            image.ebs_snapshot.from_ami = image.id  # so that it cannot be deleted under the image
        for specification in self._get_param("TagSpecifications", []):
            if specification.get("ResourceType") == "image":
                for tag in specification.get("Tags", []):
                    image.add_tag(tag["Key"], tag["Value"])
        backend.amis[image.id] = image
        return ActionResult({"ImageId": image.id})

    Response.register_image = register_image


def create_image_takes_the_volumes_of_its_instance():
    """moto gives every image that is made of an instance one unencrypted volume of 15 GiB at /dev/sda1."""
    from moto.core.responses import ActionResult
    from moto.ec2.responses.amis import AmisResponse as Response

    original = Response.create_image

    def create_image(self):
        image = self.ec2_backend.amis[original(self).result["ImageId"]]
        backend, instance = self.ec2_backend, image.instance
        left_out = {one["DeviceName"] for one in self._get_param("BlockDeviceMappings", []) if "NoDevice" in one}
        backend.snapshots.pop(image.ebs_snapshot.id, None)
        image.root_device_type = "ebs"
        image.root_device_name = instance.root_device_name
        image.registered_mappings = []
        for device, block in instance.get_block_device_mapping:
            if device in left_out:
                continue
            description = f"Created by CreateImage({instance.id}) for {image.id}"
            snapshot = backend.create_snapshot(block.volume_id, description, from_ami=image.id)
            if device == image.root_device_name:
                image.ebs_snapshot = snapshot
            volume = snapshot.volume
            ebs = {"SnapshotId": snapshot.id, "VolumeSize": volume.size, "VolumeType": volume.volume_type, "Encrypted": snapshot.encrypted}
            image.registered_mappings.append({"DeviceName": device, "Ebs": {**ebs, "DeleteOnTermination": True}})
        return ActionResult({"ImageId": image.id})

    Response.create_image = create_image


def run_instances_honours_its_client_token():
    """Who asks again because no answer came would otherwise launch twice."""
    import threading

    from moto.ec2.exceptions import EC2ClientError
    from moto.ec2.models.instances import InstanceBackend

    original = InstanceBackend.run_instances
    lock = threading.Lock()
    no_token = "ABCDE"  # what moto fills in

    def run_instances(self, image_id, count, user_data, security_group_names, **kwargs):
        token = kwargs.get("client_token", no_token)
        if token == no_token:
            return original(self, image_id, count, user_data, security_group_names, **kwargs)
        asked = (image_id, count, kwargs.get("instance_type"), kwargs.get("subnet_id"))
        with lock:
            answers = self.__dict__.setdefault("answers_by_token", {})
            if token in answers:
                before, reservation = answers[token]
                if before != asked:
                    message = f"The client token {token} was used for a request with other parameters"
                    raise EC2ClientError("IdempotentParameterMismatch", message)
                return reservation
            reservation = original(self, image_id, count, user_data, security_group_names, **kwargs)
            answers[token] = (asked, reservation)
            return reservation

    InstanceBackend.run_instances = run_instances


def launches_keep_placement_and_performance_of_volumes():
    """moto drops group and tenancy of a placement and the throughput of volumes, and refuses io1 and io2, as it has lost their IOPS."""
    import threading

    from moto.ec2.models.instances import Instance
    from moto.ec2.responses.instances import InstanceResponse

    original = InstanceResponse.run_instances
    asked = threading.local()

    def add_block_device(self, size, device_path, snapshot_id, encrypted, delete_on_termination, kms_key_id, volume_type):
        ebs = getattr(asked, "devices", {}).get(device_path, {})
        volume = self.ec2_backend.create_volume(
            size=size,
            zone_name=self.placement.zone,
            snapshot_id=snapshot_id,
            encrypted=encrypted,
            kms_key_id=kms_key_id,
            volume_type=volume_type,
            iops=ebs.get("Iops"),
            throughput=ebs.get("Throughput"),
        )
        self.ec2_backend.attach_volume(volume.id, self.id, device_path, delete_on_termination)

    def run_instances(self):
        asked.devices = {one.get("DeviceName"): one.get("Ebs", {}) for one in self._get_param("BlockDeviceMappings", [])}
        try:
            answer = original(self)
        finally:
            asked.devices = {}
        for instance in answer.result.instances:
            instance.placement.group_name = self._get_param("Placement.GroupName") or ""
            instance.placement.tenancy = self._get_param("Placement.Tenancy") or "default"
        return answer

    Instance.add_block_device = add_block_device
    InstanceResponse.run_instances = run_instances


def apply():
    register_image_keeps_its_arguments()
    create_image_takes_the_volumes_of_its_instance()
    run_instances_honours_its_client_token()
    launches_keep_placement_and_performance_of_volumes()
