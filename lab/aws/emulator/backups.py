"""
Snapshots of databases: states, keys, sharing, limits, and what is restored of them.
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBSnapshot.html
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html
"""

import copy

from moto.rds import models as rds
from moto.rds.exceptions import (
    DBInstanceAlreadyExists,
    DBSnapshotNotFoundFault,
    InvalidParameterCombination,
    RDSClientError,
)
from moto.rds.models import RDSBackend

from . import keys, settings
from .patch import around


@around(RDSBackend, "_validate_kms_key")
def validate_kms_key(plain, backend, key):
    try:
        return keys.usable(key, backend.account_id, backend.region_name)
    except Exception:  # whatever way there is no such key
        raise RDSClientError(
            "KMSKeyNotAccessibleFault",
            f"The specified KMS key [{key}] does not exist, is not enabled or you do not have permissions to access it.",
        ) from None


@around(RDSBackend, "get_snapshot")
def get_snapshot(plain, backend, identifier, resource_type, not_found_exception):
    """One of another account by its ARN, where it was given."""
    if not identifier.startswith("arn"):
        return plain(backend, identifier, resource_type, not_found_exception)
    parts = identifier.split(":", 6)
    region, account, name = parts[3], parts[4], parts[6]
    found = rds.rds_backends[account][region].resource_map[resource_type].get(name)
    if found is None or (account != backend.account_id and not given(found, backend.account_id)):
        raise not_found_exception(identifier)
    return found


def given(snapshot, account):
    return snapshot.snapshot_type == "manual" and bool({account, "all"} & set(snapshot.attributes["restore"]))


def copied(backend, source, source_name, kms_key_id, kind):
    """What both kinds of copies look at; the key with which the copy is encrypted."""
    elsewhere = source.backend.region_name != backend.region_name or source.backend.account_id != backend.account_id
    if source.status != "available":
        raise RDSClientError(f"Invalid{kind}SnapshotState{'Fault' if 'Cluster' in kind else ''}", f"{source_name} is {source.status}.")
    if source.encrypted and elsewhere and not kms_key_id:
        raise InvalidParameterCombination("KmsKeyId must be given to copy an encrypted snapshot to another Region or account.")
    if source.encrypted and source.backend.account_id != backend.account_id and source.kms_key_id:
        try:
            keys.usable(source.kms_key_id, backend.account_id, source.backend.region_name)
        except Exception:  # whatever way there is no such key
            raise RDSClientError(
                "KMSKeyNotAccessibleFault", f"The source snapshot KMS key [{source.kms_key_id}] is not accessible."
            ) from None
    held = (*backend.database_snapshots.values(), *backend.cluster_snapshots.values())
    if elsewhere and sum(1 for one in held if "source" in one.__dict__ and one.status == "creating") >= settings.get("copies"):
        raise RDSClientError("SnapshotQuotaExceeded", f"Cannot copy more than {settings.get('copies')} snapshots across regions")


@around(RDSBackend, "copy_db_snapshot")
def copy_db_snapshot(plain, backend, source_db_snapshot_identifier, target_db_snapshot_identifier, kms_key_id=None, **more):
    if target_db_snapshot_identifier in backend.database_snapshots:
        return plain(backend, source_db_snapshot_identifier, target_db_snapshot_identifier, kms_key_id, **more)
    source = backend.get_db_snapshot(source_db_snapshot_identifier)
    copied(backend, source, source_db_snapshot_identifier, kms_key_id, "DB")
    made = plain(backend, source_db_snapshot_identifier, target_db_snapshot_identifier, kms_key_id, **more)
    made.source = made.source_db_snapshot_identifier = source.db_snapshot_arn
    made.source_region = source.backend.region_name
    return inherit(made, source, kms_key_id)


def inherit(made, source, kms_key_id):
    if not kms_key_id:
        made.kms_key_id, made.encrypted, made.storage_encrypted = source.kms_key_id, source.encrypted, source.storage_encrypted
    return made


@around(RDSBackend, "copy_db_cluster_snapshot")
def copy_db_cluster_snapshot(
    plain, backend, source_db_cluster_snapshot_identifier, target_db_cluster_snapshot_identifier, kms_key_id=None, **more
):
    if target_db_cluster_snapshot_identifier not in backend.cluster_snapshots:
        source = backend.get_db_cluster_snapshot(source_db_cluster_snapshot_identifier)
        copied(backend, source, source_db_cluster_snapshot_identifier, kms_key_id, "DBCluster")
    # moto writes a copy's key into the cluster that it was taken of.
    made = plain(backend, source_db_cluster_snapshot_identifier, target_db_cluster_snapshot_identifier, kms_key_id, **more)
    made.source = made.source_db_cluster_snapshot_arn = source.db_cluster_snapshot_arn
    return inherit(made, source, kms_key_id)


@around(RDSBackend, "modify_db_snapshot_attribute")
def modify_db_snapshot_attribute(plain, backend, db_snapshot_identifier, attribute_name, values_to_add=None, values_to_remove=None):
    """docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html"""
    snapshot = backend.describe_db_snapshots(None, db_snapshot_identifier)[0]
    if values_to_add and snapshot.encrypted and keys.of_aws(snapshot.kms_key_id, backend.account_id, backend.region_name):
        raise RDSClientError("InvalidParameterCombination", "You cannot share a snapshot that is encrypted with the default key.")
    return plain(backend, db_snapshot_identifier, attribute_name, values_to_add, values_to_remove)


@around(RDSBackend, "restore_db_instance_from_db_snapshot")
def restore_from_snapshot(plain, backend, from_snapshot_id, overrides):
    snapshot = backend.get_db_snapshot(from_snapshot_id)
    if snapshot.status != "available":
        raise RDSClientError("InvalidDBSnapshotState", f"{from_snapshot_id} is {snapshot.status}.")
    if snapshot.backend.region_name != backend.region_name:
        raise DBSnapshotNotFoundFault(from_snapshot_id)
    return restored(backend, snapshot.database, overrides, kms_key_id=snapshot.kms_key_id, storage_encrypted=snapshot.encrypted)


LEFT = {
    "backend", "db_parameter_group_name", "vpc_security_group_ids", "max_allocated_storage", "db_subnet_group", "db_subnet_group_name",
    "tags", "way", "replicas", "is_replica", "source_db_instance_identifier", "dbi_resource_id", "created", "instance_create_time",
    "availability_zone", "deletion_protection", "last_restorable", "earliest", "log_file_manager", "publicly_accessible",
    "master_user_secret", "db_instance_identifier", "db_security_groups", "multi_az", "master_user_password",
}  # fmt: skip
"""What a restored database does not have from where it comes."""


def restored(backend, original, overrides, **more):
    if overrides["db_instance_identifier"] in backend.databases:
        raise DBInstanceAlreadyExists()
    taken = {key.removeprefix("_"): copy.copy(value) for key, value in original.__dict__.items()}
    kept = {key: value for key, value in taken.items() if key not in LEFT}
    if not original.option_group_supplied:
        kept.pop("option_group_name", None)
    wanted = {key: value for key, value in overrides.items() if value is not None}
    if wanted.get("allocated_storage") and wanted["allocated_storage"] < original.allocated_storage:
        raise RDSClientError("InvalidParameterValue", "The allocated storage size can't be less than the source snapshot or backup size.")
    return backend.create_db_instance({**kept, "publicly_accessible": False, **more, **wanted})
