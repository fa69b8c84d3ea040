"""
Images that keep their disks, with the snapshots and the encryption of each.
docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopyImage.html
docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html
"""

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidAMIIdError, InvalidSnapshotIdError
from moto.ec2.models.amis import Ami
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.utils import convert_tag_spec, random_ami_id

from . import keys, sharing, states
from .patch import answers
from .snapshots import copy_of, encrypt

plain_mappings = Ami.block_device_mappings.fget
Ami.block_device_mappings = property(lambda ami: ami.__dict__.get("mappings") or plain_mappings(ami))


def mapping(device, volume_type, snapshot, keep=False):
    ebs = {
        "SnapshotId": snapshot.id,
        "VolumeSize": snapshot.volume_size,
        "VolumeType": volume_type,
        "Encrypted": bool(snapshot.encrypted),
        "DeleteOnTermination": not keep,
    }
    return {"DeviceName": device, "Ebs": {**ebs, **({"KmsKeyId": snapshot.kms_key_id} if snapshot.kms_key_id else {})}}


def new_image(backend, name, description, **more):
    if not name:
        raise EC2ClientError("MissingParameter", "The request must contain the parameter name")
    taken = next((ami for ami in backend.amis.values() if ami.name == name), None)
    if taken:
        raise EC2ClientError("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {taken.id}")
    return Ami(backend, random_ami_id(), name=name, description=description, **more)


def settle(backend, ami, mappings, tags):
    """Puts the image in its place; the snapshot that moto makes for each image goes where it has its own."""
    if mappings:
        ami.mappings = mappings
        backend.snapshots.pop(ami.ebs_snapshot.id, None)
    backend.amis[ami.id] = ami
    ami.add_tags(tags.get("image", {}))
    for one in mappings:
        backend.get_snapshot(one["Ebs"]["SnapshotId"]).add_tags(tags.get("snapshot", {}))
    return ActionResult({"ImageId": ami.id})


def tags_of(self):
    return convert_tag_spec(self._get_param("TagSpecifications", []) or [])


@answers(AmisResponse, "create_image")
def create_image(self):
    tags = tags_of(self)
    self.error_on_dryrun()
    backend = self.ec2_backend
    instance = backend.get_instance(self._get_param("InstanceId"))
    if instance.state not in ("running", "stopped", "stopping", "pending"):
        raise EC2ClientError("IncorrectState", f"The instance '{instance.id}' is {instance.state}.")
    ami = new_image(backend, self._get_param("Name"), self._get_param("Description", ""), instance=instance)
    ami.root_device_name = instance.root_device_name
    mappings = []
    for device, block in instance.get_block_device_mapping:
        volume = backend.get_volume(block.volume_id)
        snapshot = backend.create_snapshot(volume.id, f"Created by CreateImage({instance.id}) for {ami.id}", from_ami=ami.id)
        root = device == instance.root_device_name
        mappings.append(mapping(device, volume.volume_type, snapshot, keep=not (root or block.delete_on_termination)))
    return settle(backend, ami, mappings, tags)


@answers(AmisResponse, "copy_image")
def copy_image(self):
    self.error_on_dryrun()
    backend, region = self.ec2_backend, self._get_param("SourceRegion")
    source = sharing.image(backend.account_id, region, self._get_param("SourceImageId"))
    if source is None:
        raise InvalidAMIIdError(self._get_param("SourceImageId"))
    if source.state != "available":
        raise EC2ClientError("InvalidAMIID.Unavailable", f"The image ID '{source.id}' is not available")
    encrypted, key = bool(self._get_bool_param("Encrypted", False)), self._get_param("KmsKeyId")
    if key:
        keys.for_ec2(key, backend.account_id, backend.region_name)
    ami = new_image(backend, self._get_param("Name"), self._get_param("Description", ""), source_ami=source)
    ami.root_device_name = source.root_device_name
    mappings = []
    for device in source.__dict__.get("mappings", []):
        original = source.ec2_backend.get_snapshot(device["Ebs"]["SnapshotId"])
        snapshot = copy_of(backend, original, f"Copied for DestinationAmi {ami.id} from SourceAmi {source.id}", from_ami=ami.id)
        if original.encrypted or encrypted:
            encrypt(backend, snapshot, original, key)
        backend.snapshots[snapshot.id] = snapshot
        mappings.append(mapping(device["DeviceName"], device["Ebs"].get("VolumeType", "gp3"), snapshot))
        if states.way(snapshot).target == "error":
            states.way(ami).target = "failed"
    return settle(backend, ami, mappings, tags_of(self))


@answers(AmisResponse, "register_image")
def register_image(self):
    tags = tags_of(self)
    self.error_on_dryrun()
    backend = self.ec2_backend
    wanted = self._get_param("BlockDeviceMappings", []) or []
    snapshots = {}
    for device in wanted:
        snapshot_id = (device.get("Ebs") or {}).get("SnapshotId")
        if snapshot_id:
            snapshot = sharing.snapshot(backend.account_id, backend.region_name, snapshot_id)
            if snapshot is None:
                raise InvalidSnapshotIdError(snapshot_id)
            if snapshot.status != "completed":
                raise EC2ClientError("IncorrectState", f"Snapshot '{snapshot_id}' is not 'completed'")
            snapshots[device["DeviceName"]] = snapshot
    ami = new_image(backend, self._get_param("Name"), self._get_param("Description", ""))
    ami.root_device_name = self._get_param("RootDeviceName") or ami.root_device_name
    ami.architecture = self._get_param("Architecture") or ami.architecture
    ami.virtualization_type = self._get_param("VirtualizationType") or ami.virtualization_type
    mappings = []
    for device in wanted:
        ebs = device.get("Ebs") or {}
        snapshot = snapshots.get(device["DeviceName"])
        if snapshot:
            # While the image stands, its snapshots cannot be deleted.
            snapshot.from_ami = ami.id
            mappings.append(
                mapping(device["DeviceName"], ebs.get("VolumeType", "gp3"), snapshot, keep=ebs.get("DeleteOnTermination") is False)
            )
    result = settle(backend, ami, mappings, {"image": tags.get("image", {})})
    return result
