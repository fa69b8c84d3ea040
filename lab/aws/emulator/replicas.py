"""
Read replicas in this and other regions, and their promotion.
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html
"""

from moto.rds.exceptions import DBInstanceAlreadyExists, InvalidParameterCombination, RDSClientError
from moto.rds.models import DBInstance, RDSBackend

from . import backups, states
from .databases import forget
from .patch import around


@around(RDSBackend, "create_db_instance_read_replica")
def create_read_replica(plain, backend, db_kwargs):
    name, source_name = db_kwargs["db_instance_identifier"], db_kwargs["source_db_instance_identifier"]
    if name in backend.databases:
        raise DBInstanceAlreadyExists()
    primary = backend.find_db_from_id(source_name)
    elsewhere = primary.region != backend.region_name
    if elsewhere and not source_name.startswith("arn:"):
        raise RDSClientError("DBInstanceNotFound", f"DBInstance {source_name} not found.")
    if primary.status not in ("available", "modifying", "backing-up", "storage-optimization"):
        raise RDSClientError("InvalidDBInstanceState", f"Instance {source_name} is {primary.status}.")
    if not primary.backup_retention_period:
        raise RDSClientError("InvalidDBInstanceState", "Automated backups are not enabled for this database instance.")
    key = db_kwargs.get("kms_key_id")
    if primary.storage_encrypted and elsewhere and not key:
        raise InvalidParameterCombination("KmsKeyId must be given for a cross-Region replica of an encrypted instance.")
    more = {"kms_key_id": backend._validate_kms_key(key) if key else primary.kms_key_id, "storage_encrypted": primary.storage_encrypted}
    left = ("source_db_instance_identifier", "source_region", "pre_signed_url", "kms_key_id", "backend")
    wanted = {one: db_kwargs[one] for one in db_kwargs.keys() if one not in left}
    wanted.setdefault("backup_retention_period", 0)
    replica = backups.restored(backend, primary, wanted, **more)
    replica.set_as_replica()
    replica.source_db_instance_identifier = primary.db_instance_arn if elsewhere else primary.db_instance_identifier
    primary.add_replica(replica)
    return replica


@around(RDSBackend, "promote_read_replica")
def promote_read_replica(plain, backend, db_kwargs):
    database = backend.describe_db_instances(db_kwargs["db_instance_identifier"])[0]
    if not database.is_replica:
        raise RDSClientError("InvalidDBInstanceState", f"DB Instance {database.db_instance_identifier} is not a read replica.")
    if database.status != "available":
        raise RDSClientError("InvalidDBInstanceState", f"DB Instance {database.db_instance_identifier} is {database.status}.")
    forget(backend, database)
    database.source_db_instance_identifier = None
    database.backup_retention_period = db_kwargs.get("backup_retention_period") or database.backup_retention_period or 1
    states.begin(database, "rds:instance", "available", "modifying")
    return database


def status_infos(database):
    """docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstanceStatusInfo.html"""
    if not database.is_replica:
        return []
    going = database.status == "available"
    return [{"StatusType": "read replication", "Normal": going, "Status": "replicating" if going else "stopped"}]


DBInstance.status_infos = property(status_infos)
