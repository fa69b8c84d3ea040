"""What AWS refuses and moto lets pass: acts in the wrong state, in the wrong place, or twice."""

import threading

from moto.ec2.exceptions import EC2ClientError, InvalidSnapshotIdError
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.tags import TagBackend

from . import request
from .patch import around

_one_group_at_a_time = threading.Lock()


@around(SecurityGroupBackend, "create_security_group")
def create_security_group(plain, *args, **kwargs):
    """A name is there once in a VPC, and this server is threaded: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html"""
    with _one_group_at_a_time:
        return plain(*args, **kwargs)


@around(InvalidSnapshotIdError, "__init__")
def not_found(plain, error, snapshot_id=None):
    """moto gives no message, and the SDK makes `UnknownError` of that."""
    EC2ClientError.__init__(error, "InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id or 'that was named'}' does not exist.")


def state_of(instance):
    return f"The instance '{instance.id}' is not in a state from which it can be"


@around(InstanceBackend, "start_instances")
def start_instances(plain, backend, instance_ids):
    """docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html"""
    for instance in backend.get_multi_instances_by_id(instance_ids):
        if instance.state not in ("stopped", "running", "pending"):
            raise EC2ClientError("IncorrectInstanceState", f"{state_of(instance)} started ({instance.state}).")
    return plain(backend, instance_ids)


@around(InstanceBackend, "stop_instances")
def stop_instances(plain, backend, instance_ids):
    """docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html"""
    for instance in backend.get_multi_instances_by_id(instance_ids):
        if instance.state in ("terminated", "shutting-down"):
            raise EC2ClientError("IncorrectInstanceState", f"{state_of(instance)} stopped ({instance.state}).")
    return plain(backend, instance_ids)


@around(InstanceBackend, "terminate_instances")
def terminate_instances(plain, backend, instance_ids):
    """A second termination changes nothing: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html"""
    found = backend.get_multi_instances_by_id(instance_ids)
    ended = [instance for instance in found if instance.state in ("terminated", "shutting-down")]
    left = [instance.id for instance in found if instance not in ended]
    return (plain(backend, left) if left else []) + [(instance, instance._state) for instance in ended]


@around(InstanceBackend, "modify_instance_attribute")
def modify_instance_attribute(plain, backend, instance_id, key, value):
    """docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-resize.html"""
    instance = backend.get_instance(instance_id)
    if key == "instance_type" and instance.state != "stopped":
        raise EC2ClientError("IncorrectInstanceState", f"The instance '{instance_id}' is not in the 'stopped' state.")
    return plain(backend, instance_id, key, value)


@around(EBSBackend, "attach_volume")
def attach_volume(plain, backend, volume_id, instance_id, device_path, delete_on_termination=False):
    """docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html"""
    volume, instance = backend.get_volume(volume_id), backend.get_instance(instance_id)
    if volume.status == "creating" and instance.block_device_mapping:
        raise EC2ClientError("IncorrectState", f"{volume_id} is not 'available'.")
    if volume.attachment:
        raise EC2ClientError("VolumeInUse", f"{volume_id} is already attached to an instance")
    if volume.availability_zone != instance.availability_zone:
        raise EC2ClientError(
            "InvalidVolume.ZoneMismatch", f"The volume '{volume_id}' is not in the same availability zone as instance '{instance_id}'"
        )
    if device_path in instance.block_device_mapping:
        raise EC2ClientError(
            "InvalidParameterValue", f"Invalid value '{device_path}' for unixDevice. Attachment point {device_path} is already in use"
        )
    if instance.state in ("terminated", "shutting-down"):
        raise EC2ClientError("IncorrectState", f"Instance '{instance_id}' is not 'running'.")
    return plain(backend, volume_id, instance_id, device_path, delete_on_termination)


@around(EBSBackend, "detach_volume")
def detach_volume(plain, backend, volume_id, instance_id, device_path):
    """The instance may be left out: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachVolume.html"""
    volume = backend.get_volume(volume_id)
    if not volume.attachment:
        raise EC2ClientError("IncorrectState", f"Volume '{volume_id}' is in the 'available' state.")
    return plain(backend, volume_id, instance_id or volume.attachment.instance.id, device_path)


KINDS = {"vol": ("volumes", "Volume"), "snap": ("snapshots", "Snapshot"), "ami": ("amis", "AMIID")}


@around(TagBackend, "create_tags")
def create_tags(plain, backend, resource_ids, tags):
    """docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html"""
    call = request.current.get()
    # Other calls tag what they are just making.
    for resource in resource_ids if call and call.operation == "CreateTags" else []:
        held, name = KINDS.get(resource.split("-")[0], (None, None))
        if held and resource not in getattr(backend, held):
            raise EC2ClientError(f"Invalid{name}.NotFound", f"The ID '{resource}' does not exist")
    return plain(backend, resource_ids, tags)
