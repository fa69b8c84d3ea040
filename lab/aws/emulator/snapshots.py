"""
Snapshots of volumes: whole sets, copies, limits, keys.
docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopySnapshot.html
docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html
"""

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidSnapshotIdError
from moto.ec2.models.elastic_block_store import EBSBackend, Snapshot
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from . import keys, settings, sharing, states
from .patch import answers, around

Snapshot.state = property(lambda snapshot: snapshot.status)
Snapshot.state_message = property(lambda snapshot: snapshot.__dict__.get("why") if snapshot.status == "error" else None)
# A copy's volume id is an arbitrary one.
Snapshot.volume_id = property(lambda snapshot: "vol-ffffffff" if is_copy(snapshot) else snapshot.volume.id)


def is_copy(snapshot):
    return "source" in snapshot.__dict__


@around(EBSBackend, "create_snapshot")
def create_snapshot(plain, backend, volume_id, description, owner_id=None, from_ami=None):
    snapshot = plain(backend, volume_id, description, owner_id, from_ami)
    snapshot.kms_key_id = snapshot.volume.kms_key_id
    snapshot.size = snapshot.volume.size
    return snapshot


@answers(ElasticBlockStore, "create_snapshots")
def create_snapshots(self):
    """With the volumes left out that are to be, and the volumes' tags taken over where asked."""
    wanted = self._get_param("InstanceSpecification", {})
    tags = self._parse_tag_specification().get("snapshot", {})
    self.error_on_dryrun()
    backend = self.ec2_backend
    instance = backend.get_instance(wanted["InstanceId"])
    if instance.state in ("terminated", "shutting-down"):
        raise EC2ClientError("IncorrectInstanceState", f"The instance '{instance.id}' is {instance.state}.")
    left_out = set(wanted.get("ExcludeDataVolumeIds", []))
    boot = str(wanted.get("ExcludeBootVolume", False)).lower() == "true"
    made = []
    for device, block in instance.get_block_device_mapping:
        if block.volume_id in left_out or (boot and device == instance.root_device_name):
            continue
        snapshot = backend.create_snapshot(block.volume_id, self._get_param("Description", ""))
        if self._get_param("CopyTagsFromSource") == "volume":
            snapshot.add_tags(backend.tags.get(block.volume_id, {}))
        snapshot.add_tags(tags)
        made.append(snapshot)
    return ActionResult({"Snapshots": made})


@around(EBSBackend, "copy_snapshot")
def copy_snapshot(plain, backend, source_snapshot_id, source_region, description, kms_key_id, encrypted=False):
    source = sharing.snapshot(backend.account_id, source_region, source_snapshot_id)
    if source is None:
        raise InvalidSnapshotIdError(source_snapshot_id)
    if source.status != "completed":
        raise EC2ClientError("IncorrectState", f"The snapshot '{source_snapshot_id}' is not in the 'completed' state.")
    if kms_key_id and not (encrypted or source.encrypted):
        raise EC2ClientError("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
    running = [one for one in backend.snapshots.values() if is_copy(one) and one.status == "pending"]
    if len(running) >= settings.get("copies"):
        raise EC2ClientError(
            "ResourceLimitExceeded",
            f"Too many snapshot copies in progress. The limit is {settings.get('copies')} for this destination region.",
        )
    copy = copy_of(backend, source, description)
    if source.encrypted or encrypted:
        encrypt(backend, copy, source, kms_key_id)
    backend.snapshots[copy.id] = copy
    return copy


def copy_of(backend, source, description, from_ami=None):
    from moto.ec2.utils import random_snapshot_id

    copy = Snapshot(backend, random_snapshot_id(), source.volume, description, from_ami=from_ami)
    copy.source, copy.size = source.id, source.size
    return copy


def encrypt(backend, copy, source, key):
    """Whether the keys can be used shows later: a copy that lacks one ends in `error`."""
    copy.encrypted = True
    try:
        if source.kms_key_id and source.owner_id != backend.account_id:
            keys.usable(source.kms_key_id, backend.account_id, source.ec2_backend.region_name)
        copy.kms_key_id = keys.usable(key or keys.default(backend), backend.account_id, backend.region_name)
    except Exception:  # whatever way there is no such key
        copy.kms_key_id = key
        copy.why = "Given key ID is not accessible"
        states.way(copy).target = "error"


@answers(ElasticBlockStore, "copy_snapshot")
def copy_snapshot_response(self):
    tags = self._parse_tag_specification().get("snapshot", {})
    self.error_on_dryrun()
    snapshot = self.ec2_backend.copy_snapshot(
        self._get_param("SourceSnapshotId"),
        self._get_param("SourceRegion"),
        self._get_param("Description"),
        self._get_param("KmsKeyId"),
        encrypted=bool(self._get_bool_param("Encrypted", False)),
    )
    snapshot.add_tags(tags)
    return ActionResult({"SnapshotId": snapshot.id, "Tags": snapshot.tag_set})


@around(EBSBackend, "describe_snapshots")
def describe_snapshots(plain, backend, snapshot_ids=None, filters=None):
    own, shared = [], []
    for snapshot_id in snapshot_ids or []:
        if snapshot_id in backend.snapshots:
            own.append(snapshot_id)
            continue
        found = sharing.snapshot(backend.account_id, backend.region_name, snapshot_id)
        if found is None:
            raise InvalidSnapshotIdError(snapshot_id)
        shared.append(found)
    if not snapshot_ids or own:
        return plain(backend, own or None, filters) + shared
    return shared


Snapshot.volume_size = property(lambda snapshot: snapshot.__dict__.get("size") or snapshot.volume.size)
