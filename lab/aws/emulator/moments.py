"""
Points in time: the window of what can be restored, and automated backups, also of databases that are gone.
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstanceAutomatedBackups.html
"""

from datetime import datetime, timedelta, timezone

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.rds.exceptions import DBInstanceNotFoundError, InvalidParameterCombination, RDSClientError
from moto.rds.models import DBInstance, RDSBackend
from moto.rds.responses import RDSResponse

from . import settings
from .backups import restored
from .databases import retained
from .patch import answers, around

LAG = 300
"""Seconds by which the latest restorable time is behind."""


@around(RDSBackend, "restore_db_instance_to_point_in_time")
def restore_to_point_in_time(plain, backend, source_db_identifier, target_db_identifier, overrides):
    overrides = {key: overrides[key] for key in overrides.keys()}
    arn = overrides.pop("source_db_instance_automated_backups_arn", None)
    resource = overrides.pop("source_dbi_resource_id", None)
    at, latest = overrides.pop("restore_time", None), overrides.pop("use_latest_restorable_time", None)
    source = source_of(backend, source_db_identifier, resource, arn)
    if not source.backup_retention_period:
        raise RDSClientError("PointInTimeRestoreNotEnabled", f"{source.db_instance_identifier} has no automated backups.")
    if bool(at) == bool(latest):
        raise InvalidParameterCombination("Exactly one of RestoreTime and UseLatestRestorableTime must be given.")
    first, last = window(source)
    if at and not first <= as_time(at) <= last:
        raise RDSClientError(
            "InvalidParameterValue",
            f"The specified instance cannot be restored to {at}. The earliest restorable time is {first} and the latest is {last}.",
        )
    overrides.pop("source_db_instance_identifier", None)
    overrides.pop("target_db_instance_identifier", None)
    overrides["db_instance_identifier"] = target_db_identifier
    return restored(backend, source, overrides, kms_key_id=source.kms_key_id, storage_encrypted=source.storage_encrypted)


def source_of(backend, name, resource, arn):
    """A database that stands, or one that is gone and whose backups were kept."""
    held = [*backend.databases.values(), *retained(backend).values()]
    if arn:
        found = next((one for one in held if backup_arn(one) == arn), None)
        if found is None:
            raise RDSClientError("DBInstanceAutomatedBackupNotFound", f"There is no automated backup {arn}.")
        return found
    if resource:
        found = next((one for one in held if one.dbi_resource_id == resource), None)
        if found is None:
            raise DBInstanceNotFoundError(resource)
        return found
    return backend.describe_db_instances(name)[0]


def backup_arn(database):
    id_ = "ab-" + database.dbi_resource_id.removeprefix("db-").lower()
    return f"arn:aws:rds:{database.region}:{database.account_id}:auto-backup:{id_}"


def as_time(at):
    found = at if isinstance(at, datetime) else datetime.fromisoformat(str(at).replace("Z", "+00:00"))
    return found.astimezone(timezone.utc).replace(tzinfo=None) if found.tzinfo else found


def window(database):
    """First and last time to which it can be restored."""
    last = as_time(database.latest_restorable_time)
    kept = last - timedelta(days=int(database.backup_retention_period or 0))
    return max(as_time(database.created), kept) if database.__dict__.get("earliest") is None else database.earliest, last


def latest_restorable_time(database):
    if "last_restorable" in database.__dict__:
        return database.last_restorable
    lag = settings.get("windows", database.account_id).get(database.db_instance_identifier, LAG)
    return max(as_time(utcnow()) - timedelta(seconds=lag), as_time(database.created))


DBInstance.latest_restorable_time = property(latest_restorable_time)


@answers(RDSResponse, "describe_db_instance_automated_backups")
def describe_db_instance_automated_backups(self):
    name, resource = self.params.get("DBInstanceIdentifier"), self.params.get("DbiResourceId")
    arn = self.params.get("DBInstanceAutomatedBackupsArn")
    held = [one for one in self.backend.databases.values() if one.backup_retention_period and one.db_cluster_identifier is None]
    found = [
        described(one, status)
        for status, some in (("active", held), ("retained", retained(self.backend).values()))
        for one in some
        if name in (None, one.db_instance_identifier) and resource in (None, one.dbi_resource_id) and arn in (None, backup_arn(one))
    ]
    if not found and (name or resource or arn):
        raise RDSClientError("DBInstanceAutomatedBackupNotFound", f"There is no automated backup of {name or resource or arn}.")
    return ActionResult({"DBInstanceAutomatedBackups": found})


def described(database, status):
    first, last = window(database)
    return {
        "DBInstanceArn": database.db_instance_arn,
        "DbiResourceId": database.dbi_resource_id,
        "DBInstanceIdentifier": database.db_instance_identifier,
        "DBInstanceAutomatedBackupsArn": backup_arn(database),
        "Region": database.region,
        "RestoreWindow": {"EarliestTime": first, "LatestTime": last},
        "AllocatedStorage": database.allocated_storage,
        "Status": status,
        "Engine": database.engine,
        "EngineVersion": database.engine_version,
        "Encrypted": bool(database.storage_encrypted),
        "KmsKeyId": database.kms_key_id,
        "InstanceCreateTime": database.created,
        "BackupRetentionPeriod": database.backup_retention_period,
    }
