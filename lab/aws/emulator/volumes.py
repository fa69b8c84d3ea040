"""
Volumes: what they are made of, the key they get, the time it takes.
docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html
"""

from moto.ec2.exceptions import EC2ClientError, InvalidSnapshotIdError
from moto.ec2.models.elastic_block_store import EBSBackend

from . import keys, sharing, states
from .patch import around


@around(EBSBackend, "create_volume")
def create_volume(plain, backend, size, zone_name, snapshot_id=None, encrypted=False, kms_key_id=None, *args, **kwargs):
    snapshot = None
    if snapshot_id:
        snapshot = sharing.snapshot(backend.account_id, backend.region_name, snapshot_id)
        if snapshot is None:
            raise InvalidSnapshotIdError(snapshot_id)
        if snapshot.status != "completed":
            raise EC2ClientError("IncorrectState", f"Snapshot '{snapshot_id}' is not 'completed'")
        if size and int(size) < snapshot.volume_size:
            raise EC2ClientError("InvalidParameterValue", f"Volume of {size}GiB is smaller than snapshot '{snapshot_id}'")
        size = size or snapshot.volume_size
    if kms_key_id and not encrypted and not (snapshot and snapshot.encrypted):
        raise EC2ClientError("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
    volume = plain(backend, size, zone_name, None, False, None, *args, **kwargs)
    volume.snapshot_id = snapshot_id
    states.begin(volume, "ec2:volume", "available", "creating")
    if encrypted or (snapshot and snapshot.encrypted):
        encrypt(backend, volume, kms_key_id or (snapshot and snapshot.kms_key_id))
    return volume


def encrypt(backend, volume, key):
    """The key is looked at later: a volume that lacks it ends in `error`."""
    volume.encrypted = True
    try:
        volume.kms_key_id = keys.usable(key or keys.default(backend), backend.account_id, backend.region_name)
    except Exception:  # whatever way there is no such key
        volume.kms_key_id = key
        states.way(volume).target = "error"
