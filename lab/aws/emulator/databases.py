"""
Databases: states, guards, identity, capacity, quota, and what a deletion must say.
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
"""

import secrets
import string
from datetime import timedelta

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.rds import models as rds
from moto.rds.exceptions import DBInstanceAlreadyExists, InvalidParameterCombination, RDSClientError
from moto.rds.models import DBInstance, RDSBackend
from moto.rds.responses import RDSResponse

from . import quotas, settings, states
from .patch import answers, around

ALPHABET = string.ascii_uppercase + string.digits
MODIFIED = ("modifying", "rebooting", "renaming", "starting", "stopping", "creating", "backing-up", "deleting")


def resource_id():
    return "db-" + "".join(secrets.choice(ALPHABET) for _ in range(26))


def must_be(database, allowed, act):
    if database.status not in allowed:
        raise RDSClientError(
            "InvalidDBInstanceState", f"Instance {database.db_instance_identifier} cannot be {act}: it is {database.status}."
        )


@around(RDSBackend, "create_db_instance")
def create_db_instance(plain, backend, db_kwargs):
    """Also behind every restore: of its own name, zone, identity and time."""
    if db_kwargs["db_instance_identifier"] in backend.databases:
        raise DBInstanceAlreadyExists()
    quotas.for_databases(backend)
    zone = db_kwargs.get("availability_zone") or f"{backend.region_name}a"
    if not zone.startswith(backend.region_name):
        zone = db_kwargs["availability_zone"] = f"{backend.region_name}a"
    missing(db_kwargs.get("db_instance_class"), zone)
    if db_kwargs.get("storage_encrypted"):
        db_kwargs["kms_key_id"] = backend._validate_kms_key(db_kwargs.get("kms_key_id") or "alias/aws/rds")
    database = plain(backend, db_kwargs)
    database.dbi_resource_id = resource_id()
    return database


def missing(kind, zone):
    for gap in settings.get("capacity"):
        if gap["type"] == kind and gap.get("zone") in (None, zone):
            raise RDSClientError("InsufficientDBInstanceCapacity", f"There is no capacity for {kind} in {zone}.")


@around(DBInstance, "save_automated_backup")
def save_automated_backup(plain, database):
    """Only where backups are kept, and under a name of its own: moto's is the same for all of one minute."""
    if database.backup_retention_period:
        name = f"rds:{database.db_instance_identifier}-{utcnow():%Y-%m-%d-%H-%M}"
        if name not in database.backend.database_snapshots:
            plain(database)


@around(RDSBackend, "modify_db_instance")
def modify_db_instance(plain, backend, db_instance_identifier, db_kwargs):
    database = backend.describe_db_instances(db_instance_identifier)[0]
    must_be(database, ("available", "storage-optimization"), "modified")
    new_name = db_kwargs.get("new_db_instance_identifier")
    if new_name and new_name.lower() != db_instance_identifier.lower() and new_name in backend.databases:
        raise DBInstanceAlreadyExists()
    groups = db_kwargs.get("vpc_security_group_ids")
    if groups:
        from moto.ec2.models import ec2_backends

        ec2 = ec2_backends[backend.account_id][backend.region_name]
        for group in groups:
            if ec2.get_security_group_from_id(group) is None:
                raise RDSClientError("InvalidParameterValue", f"Invalid security group , groupId= {group}, groupName=.")
    if new_name:
        rename_sources(backend, database, new_name)
    else:
        db_kwargs.pop("new_db_instance_identifier", None)
    changed = plain(backend, database.db_instance_identifier, db_kwargs)
    states.begin(changed, "rds:instance", "available", "renaming" if new_name else "modifying")
    return changed


def rename_sources(backend, database, new_name):
    """Replicas go on following a primary that gets another name."""
    old_arn, old_name = database.db_instance_arn, database.db_instance_identifier
    new_arn = old_arn.rsplit(":", 1)[0] + ":" + new_name.lower()
    for region in list(rds.rds_backends[backend.account_id].values()):
        for other in list(region.databases.values()):
            if other.source_db_instance_identifier in (old_arn, old_name):
                other.source_db_instance_identifier = new_arn if other.source_db_instance_identifier == old_arn else new_name.lower()
            other.replicas = [{old_arn: new_arn, old_name: new_name.lower()}.get(one, one) for one in other.replicas]


@answers(RDSResponse, "reboot_db_instance")
def reboot_db_instance(self):
    """docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RebootDBInstance.html"""
    database = self.backend.reboot_db_instance(self.params.get("DBInstanceIdentifier"))
    must_be(database, ("available",), "rebooted")
    if self.params.get("ForceFailover"):
        if not database.multi_az:
            raise InvalidParameterCombination("ForceFailover cannot be specified since the instance is not configured for MultiAZ.")
        database.__dict__["moves"] = True
    states.begin(database, "rds:instance", "available", "rebooting")
    return ActionResult({"DBInstance": database})


def zones(database):
    """Where it runs and where its standby is; a failover swaps them when it is over."""
    here = database.__dict__.get("zone") or f"{database.region}a"
    if database.__dict__.get("moves") and states.way(database).over:
        database.__dict__["zone"] = here = other_zone(here)
        database.__dict__["moves"] = False
    return here, other_zone(here)


def other_zone(zone):
    return zone[:-1] + ("a" if zone.endswith("b") else "b")


DBInstance.availability_zone = property(lambda one: zones(one)[0], lambda one, value: one.__dict__.__setitem__("zone", value))
DBInstance.secondary_availability_zone = property(lambda one: zones(one)[1] if one.multi_az else None)


@around(RDSBackend, "stop_db_instance")
def stop_db_instance(plain, backend, db_instance_identifier, db_snapshot_identifier=None):
    """AWS starts it again after seven days: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html"""
    database = backend.describe_db_instances(db_instance_identifier)[0]
    if database.is_replica or database.replicas:
        raise RDSClientError("InvalidDBInstanceState", f"{db_instance_identifier} is or has a read replica: it cannot be stopped.")
    stopped = plain(backend, db_instance_identifier, db_snapshot_identifier)
    stopped.restarts = utcnow() + timedelta(days=7)
    return stopped


DBInstance.automatic_restart_time = property(lambda one: one.__dict__.get("restarts") if one.status in ("stopping", "stopped") else None)


@around(RDSBackend, "create_db_snapshot")
def create_db_snapshot(plain, backend, db_instance_identifier, db_snapshot_identifier, snapshot_type="manual", *args, **kwargs):
    """docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html"""
    database = backend.databases.get(db_instance_identifier)
    if database and snapshot_type == "manual":
        must_be(database, ("available", "storage-optimization", "stopping"), "backed up")
    return plain(backend, db_instance_identifier, db_snapshot_identifier, snapshot_type, *args, **kwargs)


@around(RDSBackend, "delete_db_instance")
def delete_db_instance(
    plain, backend, db_instance_identifier, final_db_snapshot_identifier=None, skip_final_snapshot=False, delete_automated_backups=True
):
    database = backend.databases.get(db_instance_identifier)
    if database and states.way(database).target == "deleted":
        raise RDSClientError("InvalidDBInstanceState", f"Instance {db_instance_identifier} is already being deleted.")
    if database and not skip_final_snapshot and not final_db_snapshot_identifier and database.db_cluster_identifier is None:
        if not database.is_replica:
            raise InvalidParameterCombination("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
    if database and skip_final_snapshot and final_db_snapshot_identifier:
        raise InvalidParameterCombination("FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is specified.")
    if database and database.is_replica:
        forget(backend, database)
    deleted = plain(backend, db_instance_identifier, final_db_snapshot_identifier, skip_final_snapshot, delete_automated_backups)
    deleted.last_restorable = deleted.latest_restorable_time
    if not delete_automated_backups and not deleted.is_replica and deleted.backup_retention_period:
        retained(backend)[deleted.dbi_resource_id] = deleted
    states.begin(deleted, "rds:instance", "deleted", "deleting")
    if not states.way(deleted).over:
        backend.databases[db_instance_identifier] = deleted
    return deleted


def forget(backend, replica):
    """The primary no longer lists it; moto fails where it stands in another region."""
    try:
        primary = backend.find_db_from_id(replica.source_db_instance_identifier)
        primary.replicas = [one for one in primary.replicas if one not in (replica.db_instance_arn, replica.db_instance_identifier)]
    except RDSClientError:
        pass
    replica.is_replica = False


def retained(backend):
    """Databases that are gone and whose automated backups stay, by resource id."""
    return backend.__dict__.setdefault("retained", {})


def purge(backend):
    """Takes out what has been deleted meanwhile."""
    for name, database in list(backend.databases.items()):
        if states.way(database).state == "deleted":
            del backend.databases[name]


@around(RDSResponse, "setup_class")
def setup_class(plain, self, *args, **kwargs):
    plain(self, *args, **kwargs)
    purge(self.backend)


def membership(database):
    """While a change is on its way, its security groups are not active."""
    status = "adding" if database.status in ("modifying", "creating") else "active"
    return [{"Status": status, "VpcSecurityGroupId": one} for one in database.vpc_security_group_ids]


DBInstance.vpc_security_group_membership_list = property(membership)
