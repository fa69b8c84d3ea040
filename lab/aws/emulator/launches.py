"""
What RunInstances looks at first: the image, the capacity, the quota.
docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from moto.ec2.exceptions import EC2ClientError, InvalidAMIIdError
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.responses.instances import InstanceResponse

from . import quotas, settings, sharing
from .patch import around


@around(InstanceBackend, "run_instances")
def run_instances(plain, backend, image_id, count, user_data, security_group_names, **kwargs):
    template = kwargs.get("launch_template")
    data = backend._get_template_from_args(template).data if template else {}
    image_id = image_id or data.get("ImageId")
    ami = sharing.image(backend.account_id, backend.region_name, image_id) if image_id else None
    if ami is None:
        raise InvalidAMIIdError(image_id)
    if ami.state != "available":
        raise EC2ClientError("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is not available")
    kind = kwargs["instance_type"]
    if kwargs.get("is_instance_type_default") and data.get("InstanceType"):
        kind = data["InstanceType"]
    if kind not in INSTANCE_TYPES:
        raise EC2ClientError("InvalidInstanceType", f"The instance type '{kind}' is invalid")
    zone = zone_of(backend, kwargs)
    missing(kind, zone)
    quotas.for_instances(backend, kind, count)
    disks = merged(ami.__dict__.get("mappings", []), kwargs.get("block_device_mappings") or data.get("BlockDeviceMappings") or [])
    if disks:
        kwargs["block_device_mappings"] = disks
    for disk in disks:
        snapshot_id = disk["Ebs"].get("SnapshotId")
        snapshot = sharing.snapshot(backend.account_id, backend.region_name, snapshot_id) if snapshot_id else None
        if snapshot and snapshot.status != "completed":
            raise EC2ClientError("IncorrectState", f"Snapshot '{snapshot_id}' is not 'completed'")
    return plain(backend, image_id, count, user_data, security_group_names, **kwargs)


@around(InstanceResponse, "_parse_block_device_mapping")
def parse_block_device_mapping(plain, self):
    """What is not said of a device is left to the image."""
    parsed = plain(self)
    for said, one in zip(self._get_param("BlockDeviceMappings", []), parsed, strict=True):
        if "DeleteOnTermination" not in said.get("Ebs", {}):
            del one["Ebs"]["DeleteOnTermination"]
    return parsed


def zone_of(backend, kwargs):
    subnet = kwargs.get("subnet_id") or next((nic["SubnetId"] for nic in kwargs.get("nics", []) if "SubnetId" in nic), None)
    return backend.get_subnet(subnet).availability_zone if subnet else kwargs.get("placement") or f"{backend.region_name}a"


def missing(kind, zone, code="InsufficientInstanceCapacity"):
    for gap in settings.get("capacity"):
        if gap["type"] == kind and gap.get("zone") in (None, zone):
            raise EC2ClientError(
                code, f"We currently do not have sufficient {kind} capacity in the Availability Zone you requested ({zone})."
            )


def merged(image, wanted):
    """What is asked for a device changes what the image says of it."""
    disks = {one["DeviceName"]: {"DeviceName": one["DeviceName"], "Ebs": dict(one["Ebs"])} for one in image}
    for one in wanted:
        device = one["DeviceName"]
        if one.get("NoDevice") == "":
            disks.pop(device, None)
            continue
        given = {key: value for key, value in (one.get("Ebs") or {}).items() if value not in (None, "")}
        if device in disks and given.get("Encrypted") is False:
            del given["Encrypted"]
        disks[device] = {"DeviceName": device, "Ebs": {**disks.get(device, {"Ebs": {}})["Ebs"], **given}}
    return list(disks.values())
