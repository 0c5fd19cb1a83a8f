"""Quick ways in moto's EC2 to what it otherwise searches for: each launch looks through all images, and each answer through all
tags for every resource in it, so that a thousand launches cost a million comparisons. Same results; anything else goes the old way.
"""


def find_image_by_id():
    from moto.ec2.models.amis import AmiBackend

    search = AmiBackend.describe_images

    def describe_images(self, ami_ids=None, filters=None, exec_users=None, owners=None):
        wanted = (filters or {}).get("image-id")
        if isinstance(wanted, str) and len(filters) == 1 and not (ami_ids or exec_users or owners):
            image = self.amis.get(wanted)
            return [] if image is None else [image]
        return search(self, ami_ids, filters, exec_users, owners)

    AmiBackend.describe_images = describe_images


def find_instance_by_id():
    from moto.ec2.models.instances import InstanceBackend

    search = InstanceBackend.get_instance

    def get_instance(self, instance_id):
        # A launch asks for the instance that it has just made, and reservations keep their instances for good.
        known = self.__dict__.setdefault("known_instances", {})
        if instance_id not in known:
            newest = next(reversed(self.reservations.values()), None)
            for instance in newest.instances if newest else ():
                known[instance.id] = instance
        if instance_id not in known:
            known[instance_id] = search(self, instance_id)
        return known[instance_id]

    InstanceBackend.get_instance = get_instance


def find_tags_by_resource():
    from moto.ec2.models.tags import TagBackend
    from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

    search = TagBackend.describe_tags

    def describe_tags(self, filters=None):
        wanted = (filters or {}).get("resource-id", ())
        if len(wanted) != 1 or len(filters) != 1 or "*" in wanted[0] or "?" in wanted[0]:
            return search(self, filters)
        resource_id = wanted[0]
        if resource_id not in self.tags:
            return []
        resource_type = EC2_PREFIX_TO_RESOURCE.get(get_prefix(resource_id), "")
        return [
            {"resource_id": resource_id, "key": key, "value": value, "resource_type": resource_type}
            for key, value in self.tags[resource_id].copy().items()
        ]

    TagBackend.describe_tags = describe_tags


def apply():
    find_image_by_id()
    find_instance_by_id()
    find_tags_by_resource()
